import json

import msgspec

from alerting.notification import read_notification
from life import lived, rule
from streams.publication_alerts import alert_record

FIRED, RESOLVED = [told for _, told in lived(rule(below=2, clear=2), "3113") if told]


def test_the_record_of_a_firing_alert() -> None:
    assert json.loads(alert_record(FIRED)) == {
        "fingerprint": FIRED.fingerprint,
        "rule": "Low",
        "state": "firing",
        "level": "warning",
        "kpi": "k",
        "window": "1m",
        "dimension": "all",
        "segment": "all",
        "value": 1.0,
        "threshold": 2.0,
        "numerator": 1,
        "denominator": 1000,
        "interval": None,
        "last_values": [3.0, 1.0],
        "stale": False,
        "starts_at": "1970-01-01T00:02:00Z",
        "ends_at": None,
        "reason": "fired",
        "labels": {},
        "annotations": {},
        "sequence": 1,
        "window_start": "1970-01-01T00:01:00Z",
        "window_end": "1970-01-01T00:02:00Z",
    }


def test_a_resolved_alert_has_an_end() -> None:
    record = json.loads(alert_record(RESOLVED))
    assert (record["state"], record["level"], record["reason"], record["sequence"]) == (
        "resolved",
        "warning",
        "recovered",
        2,
    )
    assert record["ends_at"] == "1970-01-01T00:04:00Z"


def test_every_field_that_readers_use_is_written_and_read_back() -> None:
    for told in (FIRED, RESOLVED):
        written = json.loads(alert_record(told))
        read = json.loads(msgspec.json.encode(read_notification(alert_record(told)).alert))
        assert read.keys() <= written.keys()
        assert {name: written[name] for name in read} == read

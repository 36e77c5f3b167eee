import json

import pytest

from alerting.condition import Level
from alerting.lifecycle import Send
from life import lived, rule
from streams.publication_alerts import MalformedAlert, alert_record, read_alert

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


def test_a_resolved_alert_has_an_end_and_is_read_back() -> None:
    alert = read_alert(alert_record(RESOLVED))
    assert (alert.state, alert.level, alert.reason, alert.sequence) == ("resolved", Level.WARNING, Send.RESOLVE, 2)
    assert alert.ends_at is not None
    assert alert.ends_at.isoformat() == "1970-01-01T00:04:00+00:00"


@pytest.mark.parametrize("value", [b"", b"\xff", b"{", b"[]", b"{}", b'{"fingerprint": 1}'])
def test_what_is_no_alert_record_is_said(value: bytes) -> None:
    with pytest.raises(MalformedAlert):
        read_alert(value)


def test_a_field_of_a_later_version_is_passed_over() -> None:
    record = {**json.loads(alert_record(FIRED)), "contribution": []}
    assert read_alert(json.dumps(record).encode()).sequence == 1

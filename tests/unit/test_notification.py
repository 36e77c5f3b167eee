import json
from typing import Any

import pytest

from alerting.notification import MalformedAlert, read_notification
from alerts import notification, record
from life import lived, rule
from streams.publication_alerts import alert_record

TOLD = [alert_record(told) for _, told in lived(rule(below=2, clear=2), "3113") if told]


def test_the_key_is_fingerprint_and_sequence() -> None:
    assert notification().key == "ab12-3"


def test_the_record_is_passed_through_with_fields_no_receiver_knows() -> None:
    assert "explained" in json.loads(read_notification(record()).data)


def test_it_reads_what_the_worker_writes() -> None:
    fired, resolved = (read_notification(data) for data in TOLD)
    assert (fired.alert.firing, fired.alert.rule, fired.alert.value, fired.at) == (
        True,
        "Low",
        1,
        "1970-01-01T00:02:00Z",
    )
    assert (resolved.alert.firing, resolved.alert.sequence, resolved.at) == (False, 2, "1970-01-01T00:04:00Z")


@pytest.mark.parametrize("changed", [{"state": "no_data"}, {"level": "page"}, {"reason": "new"}, {"threshold": None}])
def test_what_a_newer_worker_may_write_is_no_fault(changed: dict[str, Any]) -> None:
    assert notification(**changed).alert.firing


@pytest.mark.parametrize("data", [b"", b"\xff", b"[]", b"{}", record(sequence="three")])
def test_what_is_no_record_is_said(data: bytes) -> None:
    with pytest.raises(MalformedAlert):
        read_notification(data)


@pytest.mark.parametrize("name", ["starts_at", "ends_at", "window_end"])
def test_a_time_that_is_none_in_utc_is_malformed(name: str) -> None:
    for at in ("9999-12-31T23:59:59-01:00", "0001-01-01T00:00:00+01:00"):
        with pytest.raises(MalformedAlert):
            read_notification(record(**{name: at}))


def test_a_time_without_offset_is_malformed() -> None:
    with pytest.raises(MalformedAlert):
        read_notification(record(window_end="2026-11-25T00:00:00"))

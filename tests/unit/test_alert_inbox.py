"""The demo's own receiver of alerts."""

import msgspec
import pytest

from streams.tools.alert_inbox import AlertInbox
from streams.tools.demo_view import alert_line


def delivery(number: int, reason: str, level: str = "warning") -> bytes:
    state = "resolved" if reason in {"recovered", "corrected"} else "firing"
    record = {
        "fingerprint": "f",
        "rule": "ConversionRateLow",
        "state": state,
        "level": level,
        "kpi": "conversion_rate",
        "window": "5m",
        "dimension": "all",
        "segment": "all",
        "value": 0.01,
        "threshold": 0.02,
        "numerator": 1,
        "denominator": 100,
        "interval": None,
        "last_values": [0.01],
        "stale": False,
        "starts_at": "2026-01-01T12:00:00Z",
        "ends_at": "2026-01-01T12:20:00Z" if state == "resolved" else None,
        "reason": reason,
        "labels": {},
        "annotations": {"summary": "Conversion 1.00%"},
        "sequence": number,
    }
    return msgspec.json.encode({"id": f"f-{number}", "type": f"kpi.alert.{state}", "data": record})


def test_counts_alerts_not_changes_of_level() -> None:
    inbox = AlertInbox()
    for number, reason in enumerate(("fired", "level_up", "level_down", "recovered")):
        inbox.take(delivery(number, reason))
    assert (inbox.fired, inbox.resolved, len(inbox.alerts)) == (1, 1, 4)


def test_a_second_delivery_of_a_transition_is_known_by_its_id() -> None:
    inbox = AlertInbox()
    inbox.take(delivery(1, "fired"))
    inbox.take(delivery(1, "fired"))
    assert inbox.fired == 1


def test_what_is_no_alert_is_refused() -> None:
    with pytest.raises(msgspec.DecodeError):
        AlertInbox().take(b'{"id": "f-1"}')


def test_a_line_says_when_and_what() -> None:
    inbox = AlertInbox()
    inbox.take(delivery(1, "level_up", "critical"))
    inbox.take(delivery(2, "recovered"))
    assert list(map(alert_line, inbox.alerts)) == [
        "12:00:00 ALERT ConversionRateLow critical level up: Conversion 1.00%",
        "12:20:00 ALERT ConversionRateLow resolved: Conversion 1.00%",
    ]

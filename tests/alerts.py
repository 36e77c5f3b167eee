"""Records of `kpi-alerts` for receivers, and the virtual time they are delivered in."""

import json
from dataclasses import dataclass, field
from typing import Any

from alerting.delivery import SECOND_US
from alerting.notification import Alert, Notification, read_notification

STARTS_AT = "2026-11-25T00:00:00Z"
ENDS_AT = "2026-11-25T00:05:00Z"


def record(**changed: Any) -> bytes:
    """A critical alert that fires, with fields no receiver knows."""
    fields = {
        "fingerprint": "ab12",
        "sequence": 3,
        "rule": "ConversionRateLow",
        "state": "firing",
        "level": "critical",
        "kpi": "conversion_rate",
        "window": "5m",
        "dimension": "channel",
        "segment": "Paid Search",
        "value": 0.0173,
        "threshold": 0.02,
        "starts_at": STARTS_AT,
        "ends_at": None,
        "reason": "fired",
        "labels": {"team": "growth"},
        "annotations": {"summary": "Conversion 1.73% in Paid Search", "runbook_url": "https://runbooks.example/low"},
        "explained": [{"segment": "mobile"}],
    }
    if changed.get("state") == "resolved":
        fields["ends_at"] = ENDS_AT
    return json.dumps(fields | changed).encode()


def notification(**changed: Any) -> Notification:
    return read_notification(record(**changed))


def alert(**changed: Any) -> Alert:
    return notification(**changed).alert


@dataclass(slots=True)
class Clock:
    """Virtual time: sleeping moves it, and nothing else."""

    at_us: int = 0
    slept_s: list[float] = field(default_factory=list)

    def now_us(self) -> int:
        return self.at_us

    async def sleep(self, seconds: float) -> None:
        self.slept_s.append(seconds)
        self.at_us += int(seconds * SECOND_US)


@dataclass(frozen=True, slots=True)
class Written:
    """A record as a consumer has it."""

    value: bytes | None
    key: bytes = b"ab12"
    topic: str = "kpi-alerts"
    partition: int = 0
    offset: int = 0
    timestamp: int = 0
    headers: tuple[tuple[str, bytes], ...] = ()

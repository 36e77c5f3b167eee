"""A heartbeat: a record that moves its partition's watermark and counts as nothing."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum

import msgspec

from models.event import ANCIENT_US, FUTURE_TOLERANCE_US, to_us
from models.stage import Incoming

HEADER = "kpi-heartbeat"


class Outcome(StrEnum):
    """What became of a heartbeat: label of `kpi_heartbeats_total`."""

    APPLIED = "applied"
    BACKWARD = "backward"
    FUTURE = "future"
    MALFORMED = "malformed"


class Counts(msgspec.Struct, array_like=True):
    """Heartbeats of a partition by outcome."""

    applied: int = 0
    backward: int = 0
    future: int = 0
    malformed: int = 0

    def count(self, outcome: Outcome) -> None:
        """One more."""
        setattr(self, outcome.value, getattr(self, outcome.value) + 1)


@dataclass(frozen=True, slots=True)
class Beat:
    """`at_us`: where the watermark shall be, event time in us since 1970 UTC; None: the header is no timestamp."""

    at_us: int | None


def of(record: Incoming) -> Beat | None:
    """The heartbeat in a record's headers, if it is one."""
    for name, value in record.headers:
        if name == HEADER:
            return Beat(_parse(value))
    return None


def judge(beat: Beat, watermark_us: int | None, now_us: int) -> Outcome:
    """Whether it is applied: one that goes back or is more than 5 min ahead of the wall clock is ignored."""
    if beat.at_us is None or beat.at_us < ANCIENT_US:  # the calendar of days begins later than year 1
        return Outcome.MALFORMED
    if beat.at_us > now_us + FUTURE_TOLERANCE_US:
        return Outcome.FUTURE
    if watermark_us is not None and beat.at_us <= watermark_us:
        return Outcome.BACKWARD
    return Outcome.APPLIED


def _parse(value: bytes | None) -> int | None:
    try:
        moment = datetime.fromisoformat((value or b"").decode())
    except ValueError:
        return None
    return to_us(moment) if moment.tzinfo else None

"""When the demo's shop opens, when its payments fail, and how busy it is; in event time, us since 1970 UTC."""

from dataclasses import dataclass

from streams.tools.instant import SECOND_US

SPEED = 60.0
"""Seconds of event time a second, until the shop has caught up with the clock."""

RATE = 30.0
"""Events a second of event time: 1,800 a second, and some 1,400 visits in a window of 5 minutes."""

SHORTEST_S = 25.0
"""Of the wall clock: the alert fires some 5 minutes of event time into the incident and resolves as long after it."""

_CATCH_UP_S = 3_600.0  # how far back a run without an end opens
_INCIDENT_AT, _INCIDENT_FOR = 0.3, 0.3  # of the run


@dataclass(frozen=True, slots=True)
class Schedule:
    """`span_s`: event time from the opening to the end, or to the wall clock of the start where there is no end."""

    opens_us: int
    span_s: float

    @classmethod
    def of(cls, now_us: int, duration_s: float | None) -> "Schedule":
        """Of a shop that opens at `now_us` (wall clock) and is never ahead of the clock."""
        span_s = _CATCH_UP_S if duration_s is None else SPEED * duration_s
        return cls(now_us - round(SECOND_US * (span_s - (duration_s or 0.0))), span_s)

    @property
    def incident_at_us(self) -> int:
        """Payments fail from here on."""
        return self.opens_us + round(SECOND_US * _INCIDENT_AT * self.span_s)

    @property
    def incident_for_s(self) -> float:
        """For so long."""
        return _INCIDENT_FOR * self.span_s

"""The values of a series over the last week, so that a window can be compared with the one a week before."""

from array import array
from math import isnan, nan

from streams.tools.instant import HOUR_US, MINUTE_US

WEEK_MIN = 7 * 24 * 60
_SLACK_MIN = 120  # a local day begins an hour earlier or later than 7 days before where the clocks were changed
_SIZE = WEEK_MIN + _SLACK_MIN
_HOUR_MIN = HOUR_US // MINUTE_US


class Week:
    """A number a minute, 80 kB: windows begin with a minute. What is older than a week is forgotten."""

    def __init__(self) -> None:
        self._values = array("d", [nan]) * _SIZE
        self._newest: int | None = None

    def put(self, start_us: int, value: float | None) -> None:
        """The value of the window that begins then; None: it has none."""
        minute = start_us // MINUTE_US
        newest = minute if self._newest is None else self._newest
        if minute <= newest - _SIZE:
            return
        for passed in range(max(newest + 1, minute - _SIZE), minute):
            self._values[passed % _SIZE] = nan
        self._newest = max(newest, minute)
        self._values[minute % _SIZE] = nan if value is None else value

    def before(self, start_us: int, *, days: bool = False) -> float | None:
        """The value a week before the window that begins then; `days`: also where the clocks were changed between."""
        minute = start_us // MINUTE_US - WEEK_MIN
        for moved in (0, _HOUR_MIN, -_HOUR_MIN) if days else (0,):
            value = self._at(minute + moved)
            if value is not None:
                return value
        return None

    def _at(self, minute: int) -> float | None:
        if self._newest is None or not self._newest - _SIZE < minute <= self._newest:
            return None
        value = self._values[minute % _SIZE]
        return None if isnan(value) else value

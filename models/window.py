"""Windows of event time and the panes they are made of.

A grid cuts time into numbered panes. Window number i of a kind covers the panes i .. i + panes - 1 of its grid,
so tumbling is `panes = 1`, and the windows that contain pane p are p - panes + 1 .. p: a range without gaps.

    1m   minute panes, 1     5m   minute panes, 5     1h   five-minute panes, 12
    1d   days, 1             7d   days, 7             30d  days, 30                  1M   months, 1
"""

from dataclasses import dataclass
from datetime import date, datetime, time, tzinfo
from functools import lru_cache
from typing import Protocol
from zoneinfo import ZoneInfo

MINUTE_US = 60_000_000
QUARTER_US = 15 * MINUTE_US


class Grid(Protocol):
    """Cuts event time into numbered panes without gaps."""

    def pane(self, at_us: int) -> int:
        """The number of the pane that holds a moment."""

    def start_us(self, pane: int) -> int:
        """Where a pane begins; the one before ends there."""


@dataclass(frozen=True, slots=True)
class FixedGrid:
    """Panes of one length, aligned to 1970 UTC."""

    length_us: int

    def pane(self, at_us: int) -> int:
        """See Grid."""
        return at_us // self.length_us

    def start_us(self, pane: int) -> int:
        """See Grid."""
        return pane * self.length_us


@dataclass(frozen=True, slots=True)
class DayGrid:
    """Calendar days of a zone: 23 or 25 hours where the clock changes."""

    zone: tzinfo

    def pane(self, at_us: int) -> int:
        """The proleptic Gregorian ordinal. Offsets of zones are multiples of a quarter of an hour."""
        return _day(at_us // QUARTER_US, self.zone)

    def start_us(self, pane: int) -> int:
        """Local midnight."""
        return _midnight_us(pane, self.zone)


@dataclass(frozen=True, slots=True)
class MonthGrid:
    """Calendar months of a zone."""

    zone: tzinfo

    def pane(self, at_us: int) -> int:
        """Months since January of the year 0."""
        day = date.fromordinal(_day(at_us // QUARTER_US, self.zone))
        return day.year * 12 + day.month - 1

    def start_us(self, pane: int) -> int:
        """Local midnight of the first day."""
        return _midnight_us(date(pane // 12, pane % 12 + 1, 1).toordinal(), self.zone)


@lru_cache(maxsize=100_000)
def _day(quarter: int, zone: tzinfo) -> int:
    return datetime.fromtimestamp(quarter * 900, zone).toordinal()


@lru_cache(maxsize=10_000)
def _midnight_us(day: int, zone: tzinfo) -> int:
    return int(datetime.combine(date.fromordinal(day), time(), zone).timestamp()) * 1_000_000


@dataclass(frozen=True, slots=True)
class Window:
    """A kind of window. `provisional_every_us`: an open one is published at most that often (wall clock)."""

    name: str
    grid: Grid
    panes: int
    provisional_every_us: int
    corrected_for_us: int | None = None  # None: as long as its topic's correction horizon

    def start_us(self, index: int) -> int:
        """First moment of window `index`."""
        return self.grid.start_us(index)

    def end_us(self, index: int) -> int:
        """First moment after window `index`."""
        return self.grid.start_us(index + self.panes)

    def earliest_open(self, watermark_us: int) -> int:
        """The window with the earliest end that the watermark has not passed."""
        return self.grid.pane(watermark_us) - self.panes + 1


def windows(zone: ZoneInfo) -> dict[str, Window]:
    """All kinds by name, shortest first, with days of the business timezone."""
    minutes, five_minutes, hour_us = FixedGrid(MINUTE_US), FixedGrid(5 * MINUTE_US), 60 * MINUTE_US
    kinds = (
        Window("1m", minutes, 1, 1_000_000, corrected_for_us=hour_us),
        Window("5m", minutes, 5, 5_000_000, corrected_for_us=hour_us),
        Window("1h", five_minutes, 12, 60_000_000),
        Window("1d", DayGrid(zone), 1, 60_000_000),
        Window("7d", DayGrid(zone), 7, 60_000_000),
        Window("30d", DayGrid(zone), 30, 60_000_000),
        Window("1M", MonthGrid(zone), 1, 60_000_000),
    )
    return {kind.name: kind for kind in kinds}

"""Windows of event time and the panes they are made of.

A grid cuts time into numbered panes. Window number i of a kind covers the panes i .. i + panes - 1 of its grid,
so tumbling is `panes = 1`, and the windows that contain pane p are p - panes + 1 .. p: a range without gaps.

    1m   minute panes, 1     5m   minute panes, 5     1h   five-minute panes, 12
    1d   days, 1             7d   days, 7             30d  days, 30                 1M   months, 1

Weeks from Monday are for windows that a shop defines for itself (models.window_definition).
"""

from dataclasses import dataclass
from datetime import date, datetime, time, tzinfo
from functools import lru_cache
from typing import Protocol
from zoneinfo import ZoneInfo

from models import duration

MINUTE_US = 60_000_000
QUARTER_US = 15 * MINUTE_US
HOUR_US = 60 * MINUTE_US
DAY_US = 24 * HOUR_US

LENGTHS_PER_UPDATE, LEAST_UPDATE_US, MOST_UPDATE_US = 60, 1_000_000, 60_000_000
"""An open window is published each 1/60 of its length, within 1 s .. 60 s."""


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
        """Local midnight, or where the clock was put on over it."""
        return _midnight_us(pane, self.zone)


@dataclass(frozen=True, slots=True)
class WeekGrid:
    """Calendar weeks of a zone, from Monday as in ISO 8601."""

    days: DayGrid

    def pane(self, at_us: int) -> int:
        """Weeks since Monday, 1 January of the year 1 in the proleptic Gregorian calendar."""
        return (self.days.pane(at_us) - 1) // 7

    def start_us(self, pane: int) -> int:
        """Local midnight of its Monday."""
        return self.days.start_us(pane * 7 + 1)


@dataclass(frozen=True, slots=True)
class MonthGrid:
    """Calendar months of a zone, numbered from January of the year 0."""

    zone: tzinfo

    def pane(self, at_us: int) -> int:
        """Twelve times the year, and the month from 0."""
        day = date.fromordinal(_day(at_us // QUARTER_US, self.zone))
        return 12 * day.year + day.month - 1

    def start_us(self, pane: int) -> int:
        """Midnight of the first."""
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

    @property
    def calendar(self) -> bool:
        """Whether it is made of days, weeks or months: such windows are few, and may be kept for ever."""
        return isinstance(self.grid, DayGrid | WeekGrid | MonthGrid)

    @property
    def of_days(self) -> bool:
        """Whether it is made of several days."""
        return isinstance(self.grid, WeekGrid | MonthGrid) or (self.calendar and self.panes > 1)

    def start_us(self, index: int) -> int:
        """First moment of window `index`."""
        return self.grid.start_us(index)

    def end_us(self, index: int) -> int:
        """First moment after window `index`."""
        return self.grid.start_us(index + self.panes)

    def earliest_open(self, watermark_us: int) -> int:
        """The window with the earliest end that the watermark has not passed."""
        return self.grid.pane(watermark_us) - self.panes + 1


class NotAWindow(ValueError):  # noqa: N818  (what it is, not what it does)
    """A length and a hop that make no windows; says `what` is wrong and what would do (`remedy`)."""

    def __init__(self, what: str, remedy: str) -> None:
        super().__init__(f"{what}; {remedy}")
        self.what = what
        self.remedy = remedy


def hopping(name: str, length_us: int, hop_us: int, zone: ZoneInfo) -> Window:
    """Windows of a length, one each hop; with a hop of a day they are calendar days of the zone.

    Windows shorter than an hour are corrected for an hour at most. Raises NotAWindow.
    """
    if hop_us <= 0 or length_us % hop_us:
        length, hop = duration.text(length_us), duration.text(hop_us)
        raise NotAWindow(f"a hop of {hop} does not divide {length}", "choose one that does")
    if hop_us > DAY_US or DAY_US % hop_us or hop_us % MINUTE_US:
        what = f"a hop of {duration.text(hop_us)} makes windows that do not begin with a day"
        raise NotAWindow(what, "choose whole minutes that divide a day, or 1d")
    grid: Grid = DayGrid(zone) if hop_us == DAY_US else FixedGrid(hop_us)
    every_us = min(max(length_us // LENGTHS_PER_UPDATE, LEAST_UPDATE_US), MOST_UPDATE_US)
    return Window(name, grid, length_us // hop_us, every_us, HOUR_US if length_us < HOUR_US else None)


def windows(zone: ZoneInfo) -> dict[str, Window]:
    """All kinds by name, shortest first, with days and months of the business timezone."""
    kinds = (
        hopping("1m", MINUTE_US, MINUTE_US, zone),
        hopping("5m", 5 * MINUTE_US, MINUTE_US, zone),
        hopping("1h", HOUR_US, 5 * MINUTE_US, zone),
        hopping("1d", DAY_US, DAY_US, zone),
        hopping("7d", 7 * DAY_US, DAY_US, zone),
        hopping("30d", 30 * DAY_US, DAY_US, zone),
        Window("1M", MonthGrid(zone), 1, MOST_UPDATE_US),
    )
    return {kind.name: kind for kind in kinds}

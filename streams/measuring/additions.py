"""What events add to the measures, combined until the commit, and the windows it counts in.

The hot path books an addition by what determines its windows: the minute, and for the first sighting of something the
minutes before and after in which it was seen. Many events share these few numbers, so the windows are looked up once a
commit for what was combined, and not once an event.
"""

from collections.abc import Collection, Mapping, Sequence

from models.sightings import new_windows
from models.slices import Slices
from models.window import MINUTE_US, Window

Addition = tuple[str, int, int | None, int | None]
"""Measure, minute, and the minutes next to it in which the same was seen (see models.sightings)."""

WindowRange = tuple[str, int, int]
"""Window name, the first window number of a range, and the first one after it."""

ADDITION_BYTES, SLICES_BYTES = 100, 500
"""What an addition and new segments weigh when a commit is due: they become cells of some windows in some slices."""

_MAX_KNOWN = 100_000


class Additions:
    """Sums by slices and addition since the last commit, and the broker timestamps (ms) of the events in them."""

    __slots__ = ("arrivals", "by_slices", "weight")

    def __init__(self) -> None:
        self.by_slices: dict[Slices, dict[Addition, int]] = {}
        self.arrivals: dict[int, int] = {}
        self.weight = 0  # bytes that a commit of it will take, roughly

    def add(
        self, slices: Slices, measure: str, minute: int, n: int, before: int | None = None, after: int | None = None
    ) -> None:
        """Add to every window that contains a minute, but not to those that contain `before` or `after`."""
        sums = self.by_slices.get(slices)
        if sums is None:
            sums = self.by_slices[slices] = {}
            self.weight += SLICES_BYTES
        addition = (measure, minute, before, after)
        sum_ = sums.get(addition)
        if sum_ is None:
            sums[addition] = n
            self.weight += ADDITION_BYTES
        else:
            sums[addition] = sum_ + n


class WindowRanges:
    """The windows of an addition, of each kind in which its measure is needed."""

    def __init__(self, windows: Mapping[str, Sequence[Window]], stocks: Collection[str] = ()) -> None:
        """`windows` by measure; one that is not needed has none. `stocks`: booked to the first window they are in.

        A stock is in every later one too: that is left to the monitor.
        """
        self._windows = windows
        self._stocks = stocks
        self._known: dict[Addition, tuple[WindowRange, ...]] = {}

    def of(self, addition: Addition) -> tuple[WindowRange, ...]:
        """Ranges that are not empty, at most one a kind."""
        found = self._known.get(addition)
        if found is None:
            if len(self._known) >= _MAX_KNOWN:
                self._known.clear()
            measure, minute, before, after = addition
            kinds = self._windows.get(measure, ())
            if measure in self._stocks:
                firsts = ((window.name, window.earliest_open(minute * MINUTE_US)) for window in kinds)
                ranges = ((name, range(first, first + 1)) for name, first in firsts)
            else:
                ranges = ((window.name, _windows_of(window, minute, before, after)) for window in kinds)
            found = tuple((name, numbers.start, numbers.stop) for name, numbers in ranges if numbers)
            self._known[addition] = found
        return found


def _windows_of(window: Window, minute: int, before: int | None, after: int | None) -> range:
    pane_of = window.grid.pane
    last = None if before is None else pane_of(before * MINUTE_US)
    following = None if after is None else pane_of(after * MINUTE_US)
    return new_windows(pane_of(minute * MINUTE_US), window.panes, last, following)

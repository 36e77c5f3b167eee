"""What events add to the measures, combined until the commit, and the windows it counts in.

The hot path books an addition by what determines its windows: the minute, and for the first sighting of something the
minutes before and after in which it was seen. Many events share these few numbers, so the windows are looked up once a
commit for what was combined, and not once an event. For the same reason an addition is a small number, its code.
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence

from models import measure
from models.delta import SliceDelta
from models.sightings import new_windows
from models.slices import Slices
from models.window import MINUTE_US, Window

Addition = tuple[str, int, int | None, int | None]
"""Measure, minute, and the minutes next to it in which the same was seen (see models.sightings)."""

WindowRange = tuple[str, int, int]
"""Window name, the first window number of a range, and the first one after it."""

Coded = dict[int, int]
"""Sums by code. Below 0: of an addition, see Additions.decoded. Else the code is a minute, and the sum two of them."""

ADDITION_BYTES, SLICES_BYTES = 100, 900
"""What an addition and segments with some of them weigh when a commit is due: cells of some windows in some slices."""

TOGETHER = "+"
"""Joins the names of measures that are added to together."""

_VIEWS_BITS = 32
_VIEWS = (1 << _VIEWS_BITS) - 1
_MAX_KNOWN = 100_000


class _Codes(dict[Addition, int]):
    """Of additions, from -1 downwards in the order in which they came."""

    def __missing__(self, addition: Addition) -> int:
        code = self[addition] = -len(self) - 1
        return code


class Additions:
    """Sums by slices since the last commit, and the broker timestamps (ms) of the events in them."""

    __slots__ = ("_additions", "_codes", "arrivals", "coded", "rolled_up")

    def __init__(self) -> None:
        self.coded: defaultdict[Slices, Coded] = defaultdict(dict)
        self.arrivals: dict[int, int] = {}
        self.rolled_up: list[SliceDelta] = []  # by the kernel, beside the sums
        self._codes = _Codes()
        self._additions: list[Addition] = []  # by code, those that were asked for

    @property
    def weight(self) -> int:
        """Bytes that a commit of it will take, roughly."""
        return len(self.coded) * SLICES_BYTES + len(self._codes) * ADDITION_BYTES

    def add(
        self, slices: Slices, measures: str, minute: int, n: int, before: int | None = None, after: int | None = None
    ) -> None:
        """Add to every window that contains a minute, but not to those that contain `before` or `after`.

        `measures`: the name of one, or of several with TOGETHER between them.
        """
        code, sums = self._codes[measures, minute, before, after], self.coded[slices]
        sums[code] = sums.get(code, 0) + n

    def add_event(self, slices: Slices, minute: int, gap_us: int, views: int) -> None:
        """Add to time on site, which may go down, and to page views: what nearly every click does, so in one number."""
        sums = self.coded[slices]
        sums[minute] = sums.get(minute, 0) + (gap_us << _VIEWS_BITS) + views

    def decoded(self, code: int, n: int) -> tuple[tuple[Addition, int], ...]:
        """The additions of a code, one a measure, and their sums."""
        if code >= 0:
            views, gaps_us = n & _VIEWS, n >> _VIEWS_BITS
            return ((measure.PAGE_VIEWS, code, None, None), views), ((measure.TIME_ON_SITE, code, None, None), gaps_us)
        if len(self._additions) < len(self._codes):
            self._additions = list(self._codes)
        measures, minute, before, after = self._additions[-code - 1]
        return tuple(((name, minute, before, after), n) for name in measures.split(TOGETHER))

    @property
    def by_slices(self) -> dict[Slices, dict[Addition, int]]:
        """Sums by slices and addition."""
        found: dict[Slices, dict[Addition, int]] = {}
        for slices, coded in self.coded.items():
            sums = found.setdefault(slices, {})
            for code, n in coded.items():
                for addition, its in self.decoded(code, n):
                    if its:
                        sums[addition] = sums.get(addition, 0) + its
        return found


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

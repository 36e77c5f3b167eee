"""Which segments have a series of their own: of each dimension the first ones of a business day, by the owner's log.

A window takes its segments from the day in which it starts, whatever the clock of its measures. So within one window a
segment is never split between its name and `__other__`, a ratio has both its sides in one segment, and a correction of
yesterday's window meets yesterday's segments. A segment that is new when the day has all it may have is counted in
`__other__`, in all windows that start on that day. Windows of several days have segments of their own, or the
newcomers of a week would take the places of a day that is corrected.
"""

from collections.abc import Iterator
from sys import getsizeof

from models.memory import rows_bytes
from models.slices import OTHER, TOTAL, Slice
from models.table import Change, packed_codec
from models.window import Grid, Window

Days = tuple[str, bool]
"""Dimension, and whether the windows are of several days."""

SegmentKey = tuple[str, bool, int, str]
"""Dimension, whether the windows are of several days, the day in which they start, and segment."""

_CODEC = packed_codec(bool, SegmentKey)


class NamedSegments:
    """A table (see ChangeLogged): `rows[dimension, of several days][day]`: the segments named."""

    name = "segments"

    def __init__(self, days: Grid, limit: int) -> None:
        """`days` of the business; `limit`: segments a dimension may have on each."""
        self.rows: dict[Days, dict[int, dict[str, bool]]] = {}
        self._days = days
        self._limit = limit
        self._changed: set[SegmentKey] = set()

    def __len__(self) -> int:
        return sum(len(named) for days in self.rows.values() for named in days.values())

    def place(self, window: Window, number: int, piece: Slice) -> Slice:
        """Where a window counts a slice: under its own name, or in the rest of its dimension."""
        dimension, segment = piece
        if dimension == TOTAL[0] or segment == OTHER:
            return piece
        day = self._days.pane(window.start_us(number))
        named = self.rows.setdefault((dimension, window.of_days), {}).setdefault(day, {})
        if segment in named:
            return piece
        if len(named) >= self._limit:
            return dimension, OTHER
        named[segment] = True
        self._changed.add((dimension, window.of_days, day, segment))
        return piece

    def fullest(self) -> dict[str, int]:
        """By dimension, the segments named of the day that is kept and has the most: at most the limit."""
        found: dict[str, int] = {}
        for (dimension, _), days in self.rows.items():
            found[dimension] = max(found.get(dimension, 0), *map(len, days.values()), 0)
        return found

    def release(self, which: Days, before_us: int) -> None:
        """Let go of the days of which no window is kept: they end before a moment (event time, us)."""
        days, first = self.rows.get(which, {}), self._days.pane(before_us)
        for day in [day for day in days if day < first]:
            self._changed.update((*which, day, segment) for segment in days.pop(day))

    def drain(self) -> Iterator[Change]:
        """See ChangeLogged."""
        changed, self._changed = self._changed, set()
        for key in changed:
            dimension, of_days, day, segment = key
            named = self.rows.get((dimension, of_days), {}).get(day, {})
            yield _CODEC.key_to_bytes(key), _CODEC.stored(named[segment]) if segment in named else None

    def restore(self, key: bytes, value: bytes | None) -> None:
        """See ChangeLogged."""
        dimension, of_days, day, segment = _CODEC.key(self.name, key)
        days = self.rows.setdefault((dimension, of_days), {})
        if value is not None:
            days.setdefault(day, {})[segment] = _CODEC.row(self.name, value)
        elif day in days:
            days[day].pop(segment, None)
            if not days[day]:
                del days[day]

    def memory_bytes(self) -> int:
        """See ChangeLogged and models.memory.rows_bytes."""
        return rows_bytes([named for days in self.rows.values() for named in days.values()]) + getsizeof(self._changed)

"""The windowed table: measures by their clock, window kind, window number and slice.

Cells of a clock close together (see models.measure). A cell is let go when no event can reach it any more: an event
that comes later still (its partition was idle while the others went on) is in no window, and is counted as `frozen`.
What is counted in the rest of its dimension is counted as `folded`, by dimension.
"""

from collections.abc import Callable, Iterator, Sequence
from heapq import heappop, heappush
from sys import getsizeof

import msgspec

from models.delta import Measured, SliceDelta
from models.memory import rows_bytes
from models.slices import Slice
from models.table import Change, packed_codec

Kind = tuple[str, str]
"""Clock and window name."""


class WindowCell(msgspec.Struct, array_like=True):
    """Measures of a slice in one window, and how often each KPI of it was published."""

    measured: Measured
    revisions: dict[str, int]


Place = Callable[[str, int, Slice], Slice]
"""Of a window's name and number and a slice: the slice in which it counts."""

CellKey = tuple[str, str, int, str, str]
Row = dict[Slice, WindowCell]
_CODEC = packed_codec(WindowCell, CellKey)
_NO_ROWS: dict[int, Row] = {}


class WindowedTable:
    """A table (see ChangeLogged); `rows[clock, window][number][slice]`."""

    name = "windows"

    def __init__(self) -> None:
        self.rows: dict[Kind, dict[int, Row]] = {}
        self._numbers: dict[Kind, list[int]] = {}  # heaps: what is let go first is found first
        self._changed: set[CellKey] = set()
        self.frozen = 0
        self.folded: dict[str, int] = {}

    def __len__(self) -> int:
        return sum(len(row) for numbers in self.rows.values() for row in numbers.values())

    def fold(
        self, delta: SliceDelta, first_kept: dict[str, int], place: Place | None = None
    ) -> Iterator[tuple[str, int, Slice, Measured]]:
        """Add the cells of a slice; yields what changed. Windows before `first_kept` (by kind) are gone.

        `place` says where a window counts a slice that it does not have yet (see NamedSegments.place).
        """
        clock, piece, changed = delta.clock, (delta.dimension, delta.segment), self._changed
        for window, first, span, measured in delta.cells:
            kept = max(first, first_kept.get(window, first))
            self.frozen += min(kept, first + span) - first
            rows = self.rows.get((clock, window), _NO_ROWS)
            for number in range(kept, first + span):
                row = rows.get(number) or self._made(clock, window, number)
                cell, at = row.get(piece), piece
                if cell is None:
                    cell, at = self._opened(row, window, number, piece, place)
                sums = cell.measured
                for name, n in measured.items():
                    sums[name] = sums.get(name, 0) + n
                changed.add((clock, window, number, *at))
                yield window, number, at, measured

    def row(self, clock: str, window: str, number: int) -> Row:
        """All slices of one window; empty if there are none."""
        return self.rows.get((clock, window), {}).get(number, {})

    def measured(self, clocks: Sequence[str], window: str, number: int, piece: Slice) -> Measured:
        """The measures of several clocks together; not to be changed."""
        if len(clocks) == 1:
            cell = self.row(clocks[0], window, number).get(piece)
            return cell.measured if cell else {}
        found: Measured = {}
        for clock in clocks:
            if cell := self.row(clock, window, number).get(piece):
                found |= cell.measured
        return found

    def published(self, clock: str, window: str, number: int, piece: Slice) -> dict[str, int]:
        """How often each KPI of a cell was published; empty if there is none."""
        cell = self.row(clock, window, number).get(piece)
        return cell.revisions if cell else {}

    def revisions(self, clock: str, window: str, number: int, piece: Slice) -> dict[str, int]:
        """How often each KPI of a cell was published, to be counted up."""
        cell = self._made(clock, window, number).setdefault(piece, WindowCell({}, {}))
        self._changed.add((clock, window, number, *piece))
        return cell.revisions

    def release(self, clock: str, window: str, before: int) -> None:
        """Let go of the windows before a number."""
        heap = self._numbers.get((clock, window), [])
        while heap and heap[0] < before:
            number = heappop(heap)
            row = self.rows[clock, window].pop(number, {})
            self._changed.update((clock, window, number, *piece) for piece in row)

    def drain(self) -> Iterator[Change]:
        """See ChangeLogged."""
        changed, self._changed = self._changed, set()
        for key in changed:
            clock, window, number, dimension, segment = key
            cell = self.row(clock, window, number).get((dimension, segment))
            yield _CODEC.key_to_bytes(key), None if cell is None else _CODEC.stored(cell)

    def restore(self, key: bytes, value: bytes | None) -> None:
        """See ChangeLogged."""
        clock, window, number, dimension, segment = _CODEC.key(self.name, key)
        if value is None:
            row = self.row(clock, window, number)
            row.pop((dimension, segment), None)
            if not row:
                self.rows.get((clock, window), {}).pop(number, None)
            return
        self._made(clock, window, number)[dimension, segment] = _CODEC.row(self.name, value)

    def memory_bytes(self) -> int:
        """See ChangeLogged and models.memory.rows_bytes."""
        rows = [row for numbers in self.rows.values() for row in numbers.values()]
        return rows_bytes(rows, common_keys=True) + getsizeof(self._changed) + sum(map(getsizeof, self.rows.values()))

    def _made(self, clock: str, window: str, number: int) -> Row:
        """The row of a window, new if it is not there."""
        numbers = self.rows.setdefault((clock, window), {})
        row = numbers.get(number)
        if row is None:
            row = numbers[number] = {}
            heappush(self._numbers.setdefault((clock, window), []), number)
        return row

    def _opened(
        self, row: Row, window: str, number: int, piece: Slice, place: Place | None
    ) -> tuple[WindowCell, Slice]:
        """Where a slice counts that a window does not have yet, and its cell there."""
        at = piece if place is None else place(window, number, piece)
        if at is not piece:
            self.folded[at[0]] = self.folded.get(at[0], 0) + 1
        cell = row.get(at)
        if cell is None:
            cell = row[at] = WindowCell({}, {})
        return cell, at

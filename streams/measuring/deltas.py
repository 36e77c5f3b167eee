"""Deltas combined until the commit, then rolled up by slice and packed for the partitions of `kpi-deltas`.

An event adds to (slices, minute) or to a range of windows: two dictionary look-ups. The breakdown into every window
and every slice is made once a commit, for what was combined.
"""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from zlib import crc32

from models.delta import TOPIC, VERSION, Cell, DeltaRecord, Mark, Measured, SliceDelta, encode_deltas
from models.slices import TOTAL, Slice, Slices
from models.stage import Outgoing
from models.window import MINUTE_US, Window

MAX_CELLS = 1_000
"""Cells in one record. A cell may change a dozen windows, and the monitor folds a record in one step."""

MAX_SLICES = 200
"""Slices in one record: with segments of at most 200 characters of 4 bytes, and the cells, well under half a MiB."""

ENTRY_BYTES = 500
"""What an entry of a Deltas weighs when a commit is due: it becomes cells of some windows in some slices."""

ARRIVAL_GRAIN_MS = 10

Differences = dict[tuple[str, int], Measured]
"""By window name and number: what this and every later window of the kind gets more than the one before."""


def partition_of(dimension: str, partitions: int) -> int:
    """The one owner of a dimension. CRC-32: the same in every process, and known to `kpi-values` readers."""
    return crc32(dimension.encode()) % partitions


class Deltas:
    """What the events of one step add. `ranges` holds differences: two entries a range, whatever its length."""

    __slots__ = ("arrivals", "ranges", "sums")

    def __init__(self) -> None:
        self.sums: dict[tuple[Slices, int], Measured] = {}
        self.ranges: dict[tuple[Slices, str, int], Measured] = {}
        self.arrivals: dict[int, int] = {}

    @property
    def weight(self) -> int:
        """Bytes that a commit of it will take, roughly."""
        return ENTRY_BYTES * (len(self.sums) + len(self.ranges))

    def add(self, slices: Slices, at_us: int, measure: str, n: int) -> None:
        """Add to every window that contains a moment."""
        cell = self.sums.setdefault((slices, at_us // MINUTE_US), {})
        cell[measure] = cell.get(measure, 0) + n

    def spread(self, slices: Slices, window: str, indexes: range, measure: str, n: int) -> None:
        """Add to a range of windows of one kind."""
        if indexes:
            for index, step in ((indexes.start, n), (indexes.stop, -n)):
                cell = self.ranges.setdefault((slices, window, index), {})
                cell[measure] = cell.get(measure, 0) + step

    def arrived(self, timestamp_ms: int, n: int) -> None:
        """Events that the broker received at this time."""
        grain = timestamp_ms // ARRIVAL_GRAIN_MS * ARRIVAL_GRAIN_MS
        self.arrivals[grain] = self.arrivals.get(grain, 0) + n


def roll_up(parts: Iterable[Deltas], windows: Sequence[Window]) -> dict[Slice, Differences]:
    """The differences of every slice."""
    combined: dict[tuple[Slices, str, int], Measured] = defaultdict(dict)
    for deltas in parts:
        for (slices, minute), measured in deltas.sums.items():
            for window in windows:
                pane = window.grid.pane(minute * MINUTE_US)
                _merge(combined[slices, window.name, pane - window.panes + 1], measured, 1)
                _merge(combined[slices, window.name, pane + 1], measured, -1)
        for key, measured in deltas.ranges.items():
            _merge(combined[key], measured, 1)
    by_slice: dict[Slice, Differences] = defaultdict(lambda: defaultdict(dict))
    for (slices, name, index), measured in combined.items():
        for pair in slices.pairs:
            _merge(by_slice[pair][name, index], measured, 1)
    return by_slice


def delta_records(
    topic: str, partition: int, parts: Sequence[Deltas], windows: Sequence[Window], mark: Mark | None, targets: int
) -> Iterator[Outgoing]:
    """The records of one commit: one a target, more only where there are very many cells.

    With a `mark` every target gets a record, with or without cells, and only its last one carries the mark.
    """
    by_target: dict[int, list[SliceDelta]] = {target: [] for target in (range(targets) if mark else ())}
    for (dimension, segment), differences in roll_up(parts, windows).items():
        if cells := _runs(differences):
            target = partition_of(dimension, targets)
            by_target.setdefault(target, []).append(SliceDelta(dimension, segment, cells))
    arrivals = _arrivals(parts)
    home = partition_of(TOTAL[0], targets)
    for target, slices in by_target.items():
        *first, last = _cut(slices)
        for chunk in first:
            yield _outgoing(target, DeltaRecord(VERSION, topic, partition, None, chunk, []))
        seen = arrivals if target == home else []
        yield _outgoing(target, DeltaRecord(VERSION, topic, partition, mark, last, seen))


def _merge(cell: Measured, measured: Measured, sign: int) -> None:
    for name, n in measured.items():
        cell[name] = cell.get(name, 0) + sign * n


def _runs(differences: Differences) -> list[Cell]:
    """Differences summed up, by window: a run ends where something changes, and is left out where all is 0."""
    cells: list[Cell] = []
    running: Measured = {}
    steps = sorted(differences)
    for (name, index), following in zip(steps, [*steps[1:], ("", 0)], strict=True):
        step = differences[name, index]
        running = {m: n for m in running.keys() | step.keys() if (n := running.get(m, 0) + step.get(m, 0))}
        if running:
            cells.append((name, index, following[1] - index, running))
    return cells


def _arrivals(parts: Sequence[Deltas]) -> list[tuple[int, int]]:
    total: dict[int, int] = {}
    for deltas in parts:
        for at_ms, n in deltas.arrivals.items():
            total[at_ms] = total.get(at_ms, 0) + n
    return sorted(total.items())


def _cut(slices: list[SliceDelta]) -> list[list[SliceDelta]]:
    """At least one chunk, each of at most MAX_CELLS cells and MAX_SLICES slices; a slice may be cut in two."""
    chunks: list[list[SliceDelta]] = [[]]
    room = MAX_CELLS
    for piece in slices:
        cells = piece.cells
        while cells:
            if room <= 0 or len(chunks[-1]) >= MAX_SLICES:
                chunks.append([])
                room = MAX_CELLS
            chunks[-1].append(SliceDelta(piece.dimension, piece.segment, cells[:room]))
            room, cells = room - len(cells), cells[room:]
    return chunks


def _outgoing(target: int, record: DeltaRecord) -> Outgoing:
    return Outgoing(TOPIC, target, None, encode_deltas(record))

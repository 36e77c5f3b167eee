"""Additions rolled up by slice and window at a commit, and packed for the partitions of `kpi-deltas`."""

from collections import defaultdict
from collections.abc import Iterator, Mapping
from zlib import crc32

from models.delta import TOPIC, VERSION, Cell, DeltaRecord, Mark, Measured, SliceDelta, encode_deltas
from models.slices import TOTAL, Slice
from models.stage import Outgoing
from streams.measuring.additions import Addition, Additions, WindowRanges

MAX_CELLS = 1_000
"""Cells in one record. A cell may change a dozen windows, and the monitor folds a record in one step."""

MAX_SLICES = 200
"""Slices in one record: with segments of at most 200 characters of 4 bytes, and the cells, well under half a MiB."""

ARRIVAL_GRAIN_MS = 10

Differences = dict[tuple[str, int], Measured]
"""By window name and number: what this and every later window of the kind gets more than the one before."""


def partition_of(dimension: str, partitions: int) -> int:
    """The one owner of a dimension. CRC-32: the same in every process, and known to `kpi-values` readers."""
    return crc32(dimension.encode()) % partitions


def by_slice(additions: Additions) -> Mapping[Slice, Mapping[Addition, int]]:
    """The sums of every slice: those of all slices of events that it is one of."""
    found: dict[Slice, dict[Addition, int]] = {}
    for slices, sums in additions.by_slices.items():
        for piece in slices.pairs:
            total = found.get(piece)
            if total is None:
                found[piece] = dict(sums)
                continue
            for addition, n in sums.items():
                total[addition] = total.get(addition, 0) + n
    return found


def delta_records(
    topic: str, partition: int, additions: Additions, ranges: WindowRanges, mark: Mark | None, targets: int
) -> Iterator[Outgoing]:
    """The records of one commit: one a target, more only where there are very many cells.

    With a `mark` every target gets a record, with or without cells, and only its last one carries the mark.
    """
    by_target: dict[int, list[SliceDelta]] = {target: [] for target in (range(targets) if mark else ())}
    for (dimension, segment), sums in by_slice(additions).items():
        if cells := _runs(_differences(sums, ranges)):
            target = partition_of(dimension, targets)
            by_target.setdefault(target, []).append(SliceDelta(dimension, segment, cells))
    home = partition_of(TOTAL[0], targets)
    for target, pieces in by_target.items():
        *first, last = _cut(pieces)
        for chunk in first:
            yield _outgoing(target, DeltaRecord(VERSION, topic, partition, None, chunk, []))
        arrivals = _arrivals(additions.arrivals) if target == home else []
        yield _outgoing(target, DeltaRecord(VERSION, topic, partition, mark, last, arrivals))


def _differences(sums: Mapping[Addition, int], ranges: WindowRanges) -> Differences:
    found: Differences = defaultdict(dict)
    for (measure, minute, before, after), n in sums.items():
        for name, first, stop in ranges.of(minute, before, after):
            begin, end = found[name, first], found[name, stop]
            begin[measure] = begin.get(measure, 0) + n
            end[measure] = end.get(measure, 0) - n
    return found


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


def _arrivals(by_ms: Mapping[int, int]) -> list[tuple[int, int]]:
    grains: dict[int, int] = {}
    for at_ms, n in by_ms.items():
        grain = at_ms // ARRIVAL_GRAIN_MS * ARRIVAL_GRAIN_MS
        grains[grain] = grains.get(grain, 0) + n
    return sorted(grains.items())


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

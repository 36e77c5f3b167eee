"""Additions rolled up by slice and window at a commit, and packed for the partitions of `kpi-deltas`."""

from collections import defaultdict
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Self
from zlib import crc32

from models.delta import TOPIC, VERSION, Cell, DeltaRecord, Mark, Measured, SliceDelta, encode_deltas
from models.kpi import Catalogue
from models.measure import MEASURES, STOCKS
from models.slices import TOTAL, Slice
from models.stage import Outgoing
from models.window import Window
from streams.measuring.additions import Addition, Additions, Coded, WindowRanges

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


@dataclass(frozen=True)
class Needs:
    """What the KPIs need of the measures: in which windows, and by which dimensions (by measure)."""

    ranges: WindowRanges
    dimensions: Mapping[str, Collection[str]]

    @classmethod
    def of(cls, catalogue: Catalogue, kinds: Mapping[str, Window]) -> Self:
        """Those of all KPIs."""
        windows = {measure: [kinds[name] for name in names] for measure, names in catalogue.windows_of.items()}
        return cls(WindowRanges(windows, STOCKS), catalogue.dimensions_of)

    @cached_property
    def measures(self) -> Mapping[str, frozenset[str]]:
        """Those needed by a dimension."""
        by_dimension: dict[str, set[str]] = {}
        for measure, dimensions in self.dimensions.items():
            for dimension in dimensions:
                by_dimension.setdefault(dimension, set()).add(measure)
        return {dimension: frozenset(measures) for dimension, measures in by_dimension.items()}


def by_slice(additions: Additions, needs: Needs) -> Mapping[Slice, Mapping[Addition, int]]:
    """The sums of every slice, of what is needed in it: those of all slices of events that it is one of."""
    found: dict[Slice, dict[Addition, int]] = {}
    for piece, coded in _summed_up(additions).items():
        needed = needs.measures.get(piece[0], ())
        sums = found[piece] = {}
        for code, n in coded.items():
            for addition, its in additions.decoded(code, n):
                if addition[0] in needed:
                    sums[addition] = sums.get(addition, 0) + its
    return found


def _summed_up(additions: Additions) -> Mapping[Slice, Coded]:
    """By slice. The total is taken from the slices of the first dimension, in which the events are as well."""
    found: dict[Slice, Coded] = {}
    of_first: dict[Slice, Coded] = {}
    for slices, coded in additions.coded.items():
        pieces = slices.pairs
        if len(pieces) > 1:
            _add(coded, of_first, pieces[1])
            pieces = pieces[2:]
        for piece in pieces:
            _add(coded, found, piece)
    for piece, coded in of_first.items():
        _add(coded, found, piece)
        _add(coded, found, TOTAL)
    return found


def _add(coded: Coded, found: dict[Slice, Coded], piece: Slice) -> None:
    sums = found.get(piece)
    if sums is None:
        found[piece] = coded.copy()
        return
    for code, n in coded.items():
        sums[code] = sums.get(code, 0) + n


def delta_records(
    partition: int, additions: Additions, needs: Needs, marks: Mapping[str, Mark], targets: int
) -> Iterator[Outgoing]:
    """The records of one commit: one a target, more only where there are very many cells.

    With `marks` (by feed) every target gets a record, with or without cells, and only its last one carries them.
    """
    by_target: dict[int, list[SliceDelta]] = {target: [] for target in (range(targets) if marks else ())}
    for piece in additions.rolled_up:
        by_target.setdefault(partition_of(piece.dimension, targets), []).append(piece)
    for (dimension, segment), sums in by_slice(additions, needs).items():
        target = partition_of(dimension, targets)
        for clock, differences in _differences(sums, needs.ranges).items():
            if cells := _runs(differences):
                by_target.setdefault(target, []).append(SliceDelta(clock, dimension, segment, cells))
    home = partition_of(TOTAL[0], targets)
    for target, pieces in by_target.items():
        *first, last = _cut(pieces)
        for chunk in first:
            yield _outgoing(target, DeltaRecord(VERSION, partition, {}, chunk, []))
        arrivals = arrival_grains(additions.arrivals) if target == home else []
        yield _outgoing(target, DeltaRecord(VERSION, partition, dict(marks), last, arrivals))


def _differences(sums: Mapping[Addition, int], ranges: WindowRanges) -> dict[str, Differences]:
    """By clock of the measures."""
    found: dict[str, Differences] = {}
    for addition, n in sums.items():
        measure = addition[0]
        differences = found.setdefault(MEASURES[measure].clock, defaultdict(dict))
        for name, first, stop in ranges.of(addition):
            begin, end = differences[name, first], differences[name, stop]
            begin[measure] = begin.get(measure, 0) + n
            end[measure] = end.get(measure, 0) - n
    return found


def _runs(differences: Differences) -> list[Cell]:
    """Differences summed up, by window: a run ends where something changes, and is left out where all is 0."""
    cells: list[Cell] = []
    running: Measured = {}
    steps = sorted(differences)  # none where all that was booked had been seen in the same windows before
    for (name, index), following in zip(steps, (*steps[1:], ("", 0))[: len(steps)], strict=True):
        step = differences[name, index]
        running = {m: n for m in running.keys() | step.keys() if (n := running.get(m, 0) + step.get(m, 0))}
        if running:
            cells.append((name, index, following[1] - index, running))
    return cells


def arrival_grains(by_ms: Mapping[int, int]) -> list[tuple[int, int]]:
    """Broker timestamps by their number, ARRIVAL_GRAIN_MS coarse."""
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
            chunks[-1].append(SliceDelta(piece.clock, piece.dimension, piece.segment, cells[:room]))
            room, cells = room - len(cells), cells[room:]
    return chunks


def _outgoing(target: int, record: DeltaRecord) -> Outgoing:
    return Outgoing(TOPIC, target, None, encode_deltas(record))

"""How the cells of deltas come into the tables of a task, and when they go."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from itertools import product

from models.delta import Cell, DeltaRecord, SliceDelta
from models.measure import MEASURES, STOCKS
from models.slices import Slice
from models.window import Window
from streams.monitoring.closing import Changed, Unpublished
from streams.monitoring.keeping import Keeping
from streams.monitoring.segments import Days
from streams.monitoring.tables import MonitorTables
from streams.monitoring.values import Group
from streams.monitoring.windows import Kind

STOCK_CLOCKS = frozenset(MEASURES[name].clock for name in STOCKS)

Reader = tuple[Unpublished, dict[str, int | None]]
"""What a group has to publish, and by the kinds it has, the number below which its windows are closed."""


@dataclass(slots=True)
class _Clock:
    """What a fold of a clock's cells needs: by kind the first windows kept, and those a stock may still raise.

    `readers`: the groups of the clock; `raised`: those with stock measures, by kinds in which they have them.
    """

    kept: dict[str, int] = field(default_factory=dict)
    kept_raised: dict[str, int] = field(default_factory=dict)
    readers: list[Reader] = field(default_factory=list)
    raised: list[Reader] = field(default_factory=list)

    def touched(self, window: Window, number: int) -> list[Changed]:
        """Where the groups note a change of a window."""
        return [to.touch(window, number, before[window.name]) for to, before in self.readers if window.name in before]


@dataclass(frozen=True)
class Folding:
    """See fold and release."""

    groups: tuple[Group, ...]
    windows: Mapping[str, Window]
    keeping: Keeping

    def fold(self, tables: MonitorTables, records: Iterable[DeltaRecord]) -> None:
        """Add cells, and note for each group what changed. The hot path of a task: it runs for every cell."""
        clocks, windows = self._clocks(tables), self.windows
        noted: dict[tuple[str, str, int], list[Changed]] = {}  # of this fold: nothing is published within it

        def place(window: str, number: int, piece: Slice) -> Slice:
            return tables.segments.place(windows[window], number, piece)

        for record in records:
            for delta in record.slices:
                clock = clocks.get(delta.clock)
                if clock is None:  # of no KPI any more
                    continue
                flows = self._book(tables, delta, clock) if delta.clock in STOCK_CLOCKS else delta
                for name, number, piece, measured in tables.cells.fold(flows, clock.kept, place):
                    its = noted.get((delta.clock, name, number))
                    if its is None:
                        its = noted[delta.clock, name, number] = clock.touched(windows[name], number)
                    for touched in its:
                        touched[piece].update(measured)

    def release(self, tables: MonitorTables) -> None:
        """Let go of the windows that no event can reach any more, and of the segments of their days."""
        first_kept = self.keeping.first_kept(self.keeping.by_group(tables.groups.rows))
        for (clock, window), before in first_kept.items():
            tables.cells.release(clock, window, before)
        for which, kinds in self._kinds_of.items():
            if all(kind in first_kept for kind in kinds):
                first_us = min(self.windows[kind[1]].start_us(first_kept[kind]) for kind in kinds)
                tables.segments.release(which, first_us)

    def _clocks(self, tables: MonitorTables) -> dict[str, _Clock]:
        found = {clock: _Clock() for group in self.groups for clock in group.clocks}
        times_us = tables.groups.rows
        kept = self.keeping.by_group(times_us)
        for (clock, name), number in self.keeping.first_kept(kept).items():
            found[clock].kept[name] = number
        for (clock, name), number in self.keeping.first_raised(kept).items():
            found[clock].kept_raised[name] = number
        for group in self.groups:
            time_us, to = times_us.get(group.key), tables.unpublished[group.key]
            before = {name: self.keeping.closed_before(time_us, self.windows[name]) for name in group.window_names}
            to.kept = kept[group.key]
            for clock in group.clocks:
                found[clock].readers.append((to, before))
                if raised := {name: before[name] for name, kinds in group.stocks.items() if (clock, name) in kinds}:
                    found[clock].raised.append((to, raised))
        return found

    def _book(self, tables: MonitorTables, delta: SliceDelta, clock: _Clock) -> SliceDelta:
        """Book what is of stock measures; answers the rest."""
        flows: list[Cell] = []
        piece = (delta.dimension, delta.segment)
        for cell in delta.cells:
            name, first, span, measured = cell
            stock = {measure: n for measure, n in measured.items() if measure in STOCKS}
            if not stock:
                flows.append(cell)
                continue
            window, kept = self.windows[name], clock.kept_raised.get(name)
            for number in range(first, first + span):
                at = tables.stocks.book((delta.clock, name), number, piece, stock, kept)
                for to, before in clock.raised:
                    if name in before:
                        to.raise_from(window, max(number, kept or number), before[name], at, stock)
            if flow := {measure: n for measure, n in measured.items() if measure not in STOCKS}:
                flows.append((name, first, span, flow))
        return SliceDelta(delta.clock, delta.dimension, delta.segment, flows)

    @cached_property
    def _kinds_of(self) -> dict[Days, frozenset[Kind]]:
        """By dimension and sort of windows, clock and window name of all cells that have it."""
        found: dict[Days, set[Kind]] = {}
        for group in self.groups:
            for kpi in group.kpis:
                for dimension, name in product(kpi.by, kpi.windows):
                    which = (dimension, self.windows[name].of_days)
                    found.setdefault(which, set()).update((clock, name) for clock in kpi.clocks)
        return {which: frozenset(kinds) for which, kinds in found.items()}

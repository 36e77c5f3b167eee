"""What a monitor task keeps, and what a step of it makes."""

from collections.abc import Collection
from dataclasses import dataclass, field
from typing import NamedTuple

from alerting.transition import Transition
from models.delta import Measured
from models.kpi_value import KpiValue, Series
from models.slices import Slice
from models.table import ChangeLogged, Table, packed_codec
from models.topic_watermark import Watermarks
from streams.monitoring.alert_tables import AlertTables
from streams.monitoring.closing import Unpublished
from streams.monitoring.definitions import Definitions
from streams.monitoring.paces import Paces
from streams.monitoring.segments import NamedSegments
from streams.monitoring.shapes import shape_table
from streams.monitoring.stocks import Stocks
from streams.monitoring.values import Group
from streams.monitoring.windows import Kind, WindowedTable


class Told(NamedTuple):
    """What was said last of the goals of an open window: its number, the share reached, and when (wall clock, us)."""

    number: int
    share: int | None
    at_us: int


@dataclass(slots=True)
class MonitorTables:
    """The state of a task; `groups` holds the watermark up to which the windows of a group are closed.

    `began`: by group and window name, the first window with data. Not stored: `unpublished` by group, `told` by series.
    """

    partition: int
    marks: Watermarks
    segments: NamedSegments
    stocks: Stocks
    cells: WindowedTable = field(default_factory=WindowedTable)
    groups: Table[str, int] = field(default_factory=lambda: Table("groups", packed_codec(int, str)))
    began: Table[tuple[str, str], int] = field(
        default_factory=lambda: Table("began", packed_codec(int, tuple[str, str]))
    )
    alerts: AlertTables = field(default_factory=AlertTables)
    definitions: Definitions = field(default_factory=Definitions)
    shapes: Table[str, str] = field(default_factory=shape_table)
    paces: Paces = field(default_factory=Paces)
    unpublished: dict[str, Unpublished] = field(default_factory=dict)
    told: dict[Series, Told] = field(default_factory=dict)

    def all(self) -> tuple[ChangeLogged, ...]:
        """See Tables."""
        defined = self.definitions
        return (
            self.marks.heard,
            self.marks.topics,
            self.groups,
            self.began,
            self.cells,
            self.segments,
            self.stocks,
            *self.alerts.all(),
            defined.measured,
            defined.kpis,
            self.shapes,
            self.paces.table,
        )

    def pieces(self, group: Group, window: str, number: int) -> set[Slice]:
        """Slices that have something in a window: a cell, or a stock that is not 0."""
        found = {piece for clock in group.clocks for piece in self.cells.row(clock, window, number)}
        if kinds := group.stocks.get(window):
            found |= self.stocks.pieces(kinds, number)
        return found

    def all_measured(self, group: Group, window: str, first: int | None) -> dict[int, dict[Slice, set[str]]]:
        """The names of the measures in the windows of a kind from a number on (None: all)."""
        found: dict[int, dict[Slice, set[str]]] = {}
        for clock in group.clocks:
            for number, row in self.cells.rows.get((clock, window), {}).items():
                if first is None or number >= first:
                    for piece, cell in row.items():
                        found.setdefault(number, {}).setdefault(piece, set()).update(cell.measured)
        for kind in group.stocks.get(window, ()):
            for number, piece, measured in self.stocks.begun(kind):
                if first is None or number >= first:
                    found.setdefault(number, {}).setdefault(piece, set()).update(measured)
        return found

    def count(self, group: Group, window: str, number: int) -> int:
        """About how many they are."""
        cells = sum(len(self.cells.row(clock, window, number)) for clock in group.clocks)
        return cells + self.stocks.count(group.stocks.get(window, ()))

    def measured(self, group: Group, window: str, number: int, piece: Slice) -> Measured:
        """The measures of a slice in a window; not to be changed."""
        found = self.cells.measured(group.clocks, window, number, piece)
        kinds: Collection[Kind] = group.stocks.get(window, ())
        return found | self.stocks.up_to(kinds, number, piece) if kinds else found


@dataclass(slots=True)
class MonitorOutput:
    """What one step made. `arrivals`: broker timestamps (ms) of the events counted in it, and their number."""

    values: list[KpiValue] = field(default_factory=list)
    transitions: list[Transition] = field(default_factory=list)
    arrivals: list[tuple[int, int]] = field(default_factory=list)
    records: int = 0
    closed: bool = False
    unfinished: bool = False

    @property
    def moved(self) -> bool:
        """See Output."""
        return self.records > 0 or bool(self.values) or bool(self.transitions) or self.closed

    @property
    def pending_bytes(self) -> int:
        """See Output: a value is about 500 bytes."""
        return 500 * len(self.values)

"""What a monitor task keeps, and what a step of it makes."""

from dataclasses import dataclass, field
from typing import NamedTuple

from alerting.alert import Transition
from models.kpi_value import KpiValue, Series
from models.table import ChangeLogged, Table, packed_codec
from streams.monitoring.alerts import AlertTable, alert_table
from streams.monitoring.closing import Unpublished
from streams.monitoring.definitions import Definitions
from streams.monitoring.paces import Paces
from streams.monitoring.shapes import shape_table
from streams.monitoring.watermark import Watermarks
from streams.monitoring.windows import WindowedTable


class Told(NamedTuple):
    """What was said last of the goals of an open window: its number, the share reached, and when (wall clock, us)."""

    number: int
    share: int | None
    at_us: int


@dataclass(slots=True)
class MonitorTables:
    """The state of a task; `groups` holds the watermark up to which the windows of a group are closed.

    Not stored: `unpublished` by group, `told` by series.
    """

    partition: int
    marks: Watermarks
    cells: WindowedTable = field(default_factory=WindowedTable)
    groups: Table[str, int] = field(default_factory=lambda: Table("groups", packed_codec(int, str)))
    alerts: AlertTable = field(default_factory=alert_table)
    definitions: Definitions = field(default_factory=Definitions)
    shapes: Table[str, str] = field(default_factory=shape_table)
    paces: Paces = field(default_factory=Paces)
    unpublished: dict[str, Unpublished] = field(default_factory=dict)
    told: dict[Series, Told] = field(default_factory=dict)

    def all(self) -> tuple[ChangeLogged, ...]:
        """See Tables."""
        defined = self.definitions
        own = (self.marks.heard, self.marks.topics, self.groups, self.cells, self.alerts)
        return (*own, defined.measured, defined.kpis, self.shapes, self.paces.table)


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
        return self.records > 0 or bool(self.values) or self.closed

    @property
    def pending_bytes(self) -> int:
        """See Output: a value is about 500 bytes."""
        return 500 * len(self.values)

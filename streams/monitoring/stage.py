"""The way of a record of `kpi-deltas`: fold, hear, close, publish, alert.

All cells of a batch are folded before its watermarks are heard, so a window is never closed before what belongs in it.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from alerting.transition import Transition
from models.delta import TOPIC, VERSION, DeltaRecord, decode_deltas
from models.errors import EngineFault
from models.kpi_value import KpiValue
from models.slices import TOTAL
from models.stage import Batch, Incoming, Outgoing, Tick
from models.status import MonitorStatus, status_record
from models.topic_watermark import PartitionKey, Watermarks
from models.window import Window
from streams.monitoring.alerts import Alerting, Moment
from streams.monitoring.folding import Folding
from streams.monitoring.goals import Goals
from streams.monitoring.keeping import Horizons, Keeping
from streams.monitoring.publisher import Publisher
from streams.monitoring.segments import NamedSegments
from streams.monitoring.shapes import keep_shapes
from streams.monitoring.stocks import Stocks
from streams.monitoring.tables import MonitorOutput, MonitorTables
from streams.monitoring.values import Group


@dataclass(frozen=True)
class Publishing:
    """How values and alerts become records of the public topics."""

    value: Callable[[KpiValue], Outgoing]
    alert: Callable[[Transition], Outgoing]


@dataclass(frozen=True)
class MonitorStage:
    """See models.stage.Stage. `horizons_us`: how long after its close a window of a feed is corrected.

    `total_owner`: the task that has the total; it alone publishes zeros. `max_segments`: see NamedSegments.
    """

    groups: tuple[Group, ...]
    windows: Mapping[str, Window]
    horizons_us: Horizons
    expected: frozenset[PartitionKey]
    alerting: Alerting
    publishing: Publishing
    allowed_lateness_us: int
    digits: int
    total_owner: int
    max_segments: int
    goals: Goals = field(default_factory=Goals)
    name: str = "monitor"
    inputs: tuple[str, ...] = (TOPIC,)
    eager: bool = True

    def tables(self, partition: int) -> MonitorTables:
        """See Stage."""
        segments = NamedSegments(self.windows["1d"].grid, self.max_segments)
        return MonitorTables(partition, Watermarks(self.expected), segments, Stocks(self.max_segments))

    def opened(self, tables: MonitorTables, now_us: int) -> None:
        """See Stage."""
        tables.marks.opened(now_us)
        keep_shapes(tables.shapes, tables.cells, self.windows)
        tables.definitions.opened(self.groups, tables.groups.rows, tables.marks.heard.rows, now_us)
        for group in self.groups:
            self.publisher.open(tables, group)

    def step(self, tables: MonitorTables, read: Batch | Tick, now_us: int) -> MonitorOutput:
        """See Stage."""
        output = MonitorOutput()
        if isinstance(read, Batch):
            output.records = len(read.records)
            decoded = (_decoded(record.value) for record in read.records)
            records = list(decoded)
            self.folding.fold(tables, records)
            for record in records:
                output.arrivals += record.arrivals
                for feed in record.marks.keys() & self.horizons_us.keys():  # that some KPI still needs
                    tables.marks.hear(feed, record.partition, record.marks[feed])
                    tables.definitions.hear(feed, record.marks[feed])
        for group in self.groups:
            self.publisher.publish(tables, group, now_us, output)
        self.goals.learn(tables.paces, output.values)
        output.values += list(self.goals.published(tables, output.values, now_us, self.digits))
        output.transitions += self.alerting.step(tables.alerts, output.values, self._moment(tables, now_us))
        if output.closed:
            self.folding.release(tables)
        return output

    def event_time_us(self, topic: str, record: Incoming) -> int | None:  # noqa: ARG002  it has one input
        """See Stage: of the newest event that is known to be in it."""
        marks = _decoded(record.value).marks.values()
        return max((mark.at_us for mark in marks if mark.at_us is not None), default=None)

    def outgoing(self, tables: MonitorTables, outputs: Sequence[MonitorOutput], now_us: int) -> list[Outgoing]:
        """See Stage."""
        records = [self.publishing.value(value) for output in outputs for value in output.values]
        records += (self.publishing.alert(alert) for output in outputs for alert in output.transitions)
        task = f"{self.name}-{tables.partition}"
        status = MonitorStatus(
            task=task,
            partition=tables.partition,
            watermarks_us=tables.marks.by_topic(),
            unfinished=bool(outputs) and outputs[-1].unfinished,
            emitted_us=now_us,
        )
        return [*records, status_record(status)]

    def shown(self, tables: MonitorTables, now_us: int) -> Iterator[KpiValue]:
        """What Prometheus shows: see Publisher.shown; beside it what targets say."""
        for group in self.groups:
            for value in self.publisher.shown(tables, group, now_us):
                yield value
                if value.series[2:] == TOTAL:
                    yield from self.goals.shown(tables.paces, value)

    def _moment(self, tables: MonitorTables, now_us: int) -> Moment:
        times = ((group.key, tables.groups.rows.get(group.key)) for group in self.groups)
        known = {key: at_us for key, at_us in times if at_us is not None}
        total, marks = tables.partition == self.total_owner, tables.marks
        return Moment(known, marks.behind_us(now_us), now_us, total, marks.all_heard)

    @cached_property
    def keeping(self) -> Keeping:
        """Where windows are closed and let go."""
        return Keeping(self.groups, self.windows, self.horizons_us, self.allowed_lateness_us)

    @cached_property
    def folding(self) -> Folding:
        """How cells come and go."""
        return Folding(self.groups, self.windows, self.keeping)

    @cached_property
    def publisher(self) -> Publisher:
        """What is published when."""
        return Publisher(self.windows, self.keeping, self.digits, self.total_owner)


def _decoded(value: bytes | None) -> DeltaRecord:
    """Our own record: another format is a fault, never skipped."""
    record = decode_deltas(value or b"")
    if record.version != VERSION:
        raise EngineFault(f"{TOPIC}: record of format {record.version}, this program reads {VERSION}")
    return record

"""The way of a record of `kpi-deltas`: fold, hear, close, publish, alert.

All cells of a batch are folded before its watermarks are heard, so a window is never closed before what belongs in it.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from alerting.alert import Transition
from models.delta import VERSION, DeltaRecord, decode_deltas
from models.errors import EngineFault
from models.kpi_value import KpiValue, Status
from models.slices import Slice
from models.stage import Batch, Outgoing, Tick
from models.status import MonitorStatus, status_record
from models.table import ChangeLogged, Table, packed_codec
from models.window import Window
from streams.monitoring.alerts import AlertTable, RuleBook, alert_table
from streams.monitoring.closing import Closing, Due, Touched
from streams.monitoring.values import Group, Moment, kpi_value
from streams.monitoring.watermark import PartitionKey, Watermarks
from streams.monitoring.windows import WindowedTable

TOPIC = "kpi-deltas"


@dataclass(slots=True)
class MonitorTables:
    """The state of a task. `touched` and `provisional_us` are not stored: they only say what to publish next."""

    partition: int
    marks: Watermarks
    cells: WindowedTable = field(default_factory=WindowedTable)
    groups: Table[str, int] = field(default_factory=lambda: Table("groups", packed_codec(int, str)))
    alerts: AlertTable = field(default_factory=alert_table)
    touched: dict[str, Touched] = field(default_factory=dict)  # by group
    provisional_us: dict[tuple[str, str], tuple[int, int]] = field(default_factory=dict)  # group, window -> number, when

    def all(self) -> tuple[ChangeLogged, ...]:
        """See Tables."""
        return (self.marks.heard, self.marks.topics, self.groups, self.cells, self.alerts)


@dataclass(slots=True)
class MonitorOutput:
    """What one step made. `arrivals`: broker timestamps (ms) of the events counted in it, and their number."""

    values: list[KpiValue] = field(default_factory=list)
    transitions: list[Transition] = field(default_factory=list)
    arrivals: list[tuple[int, int]] = field(default_factory=list)
    records: int = 0

    @property
    def moved(self) -> bool:
        """See Output."""
        return self.records > 0 or bool(self.values)

    @property
    def pending_bytes(self) -> int:
        """See Output: a value is about 500 bytes."""
        return 500 * len(self.values)


@dataclass(frozen=True)
class Publishing:
    """How values and alerts become records of the public topics."""

    value: Callable[[KpiValue], Outgoing]
    alert: Callable[[Transition], Outgoing]


@dataclass(frozen=True)
class MonitorStage:
    """See models.stage.Stage. `horizons_us`: how long after its close a window of a topic is corrected."""

    groups: tuple[Group, ...]
    windows: Mapping[str, Window]
    horizons_us: Mapping[str, int]
    expected: frozenset[PartitionKey]
    rules: RuleBook
    publishing: Publishing
    allowed_lateness_us: int
    digits: int
    name: str = "monitor"
    inputs: tuple[str, ...] = (TOPIC,)
    eager: bool = True

    def tables(self, partition: int) -> MonitorTables:
        """See Stage."""
        return MonitorTables(partition, Watermarks(self.expected))

    def opened(self, tables: MonitorTables, now_us: int) -> None:
        """What was changed but not yet published before a restart is not known: publish the open windows again."""
        for group in self.groups:
            touched = tables.touched[group.key] = {}
            watermark_us = tables.groups.rows.get(group.key)
            if watermark_us is None:
                continue
            for window in self._windows_of(group):
                number = window.earliest_open(watermark_us)
                for topic in group.topics:
                    for piece, cell in tables.cells.row(topic, window.name, number).items():
                        touched.setdefault((window.name, number), {}).setdefault(piece, set()).update(cell.measured)

    def step(self, tables: MonitorTables, read: Batch | Tick, now_us: int) -> MonitorOutput:
        """See Stage."""
        output = MonitorOutput()
        if isinstance(read, Batch):
            records = [_decoded(record.value) for record in read.records]
            output.records = len(records)
            self._fold(tables, records)
            for record in records:
                output.arrivals += record.arrivals
                if record.mark is not None:
                    tables.marks.hear(record.topic, record.partition, record.mark)
        for group in self.groups:
            self._publish(tables, group, now_us, output)
        output.transitions += self.rules.evaluate(tables.alerts, output.values)
        if isinstance(read, Batch):
            self._release(tables)
        return output

    def outgoing(self, tables: MonitorTables, outputs: Sequence[MonitorOutput], now_us: int) -> list[Outgoing]:
        """See Stage."""
        records = [self.publishing.value(value) for output in outputs for value in output.values]
        records += (self.publishing.alert(alert) for output in outputs for alert in output.transitions)
        task = f"{self.name}-{tables.partition}"
        status = MonitorStatus(
            task=task, partition=tables.partition, watermarks_us=tables.marks.by_topic(), emitted_us=now_us
        )
        return [*records, status_record(status)]

    def shown(self, tables: MonitorTables, now_us: int) -> Iterator[KpiValue]:
        """What Prometheus shows: of every series the earliest open window, of `1m` the last that has ended."""
        for group in self.groups:
            watermark_us = tables.groups.rows.get(group.key)
            if watermark_us is None:
                continue
            moment = Moment(Status.PROVISIONAL, watermark_us, now_us, self.digits)
            for window in self._windows_of(group):
                number = window.earliest_open(watermark_us) - (1 if window.name == "1m" else 0)
                pieces = {piece for topic in group.topics for piece in tables.cells.row(topic, window.name, number)}
                for piece in sorted(pieces):
                    measured = tables.cells.measured(group.topics, window.name, number, piece)
                    for kpi in group.published(window.name, piece[0], measured.keys()):
                        yield kpi_value(kpi, piece, window, number, measured, 0, moment)

    def _fold(self, tables: MonitorTables, records: Iterable[DeltaRecord]) -> None:
        groups = {topic: [group for group in self.groups if topic in group.topics] for topic in self.horizons_us}
        kept = {topic: self._first_kept(tables, topic) for topic in self.horizons_us}
        for record in records:
            touched = [tables.touched[group.key] for group in groups[record.topic]]
            for delta in record.slices:
                piece = (delta.dimension, delta.segment)
                for window, number, measured in tables.cells.fold(record.topic, delta, kept[record.topic]):
                    for one in touched:
                        one.setdefault((window, number), {}).setdefault(piece, set()).update(measured)

    def _publish(self, tables: MonitorTables, group: Group, now_us: int, output: MonitorOutput) -> None:
        """Corrected, then final, then provisional values of a group."""
        was_us, is_us = tables.groups.rows.get(group.key), tables.marks.of(group.topics)
        if is_us is None:
            return
        is_us = is_us if was_us is None else max(is_us, was_us)
        if is_us != was_us:
            tables.groups.put(group.key, is_us)
        touched = tables.touched[group.key]
        for window in self._windows_of(group):
            closing = Closing(window, self.allowed_lateness_us)
            due = [
                *closing.corrected(touched, was_us),
                *closing.final(tables.cells, group.topics, was_us, is_us),
                *self._provisional(tables, group, window, is_us, now_us),
            ]
            for one in due:
                moment = Moment(one.status, is_us, now_us, self.digits)
                output.values += self._values(tables, group, one, touched.pop((window.name, one.number), {}), moment)

    def _provisional(
        self, tables: MonitorTables, group: Group, window: Window, watermark_us: int, now_us: int
    ) -> Iterator[Due]:
        """The earliest open window, if it changed and was not published just now."""
        number = window.earliest_open(watermark_us)
        if (window.name, number) not in tables.touched[group.key]:
            return
        last_number, last_us = tables.provisional_us.get((group.key, window.name), (None, 0))
        if number != last_number or now_us - last_us >= window.provisional_every_us:
            tables.provisional_us[group.key, window.name] = (number, now_us)
            yield Due(window, number, Status.PROVISIONAL)

    def _values(
        self, tables: MonitorTables, group: Group, due: Due, touched: dict[Slice, set[str]], moment: Moment
    ) -> Iterator[KpiValue]:
        """The KPIs of a window: on its close all, else those whose measures changed."""
        name, cells = due.window.name, tables.cells
        closes = due.status is Status.FINAL
        pieces = {p for topic in group.topics for p in cells.row(topic, name, due.number)} if closes else set(touched)
        for piece in sorted(pieces):
            measured = cells.measured(group.topics, name, due.number, piece)
            for kpi in group.published(name, piece[0], set(measured) if closes else touched[piece]):
                revision = cells.next_revision(group.home, name, due.number, piece, kpi.name)
                yield kpi_value(kpi, piece, due.window, due.number, measured, revision, moment)

    def _release(self, tables: MonitorTables) -> None:
        for topic in self.horizons_us:
            for window, before in self._first_kept(tables, topic).items():
                tables.cells.release(topic, window, before)

    def _first_kept(self, tables: MonitorTables, topic: str) -> dict[str, int]:
        """By window kind, the first window of a topic that an event can still reach."""
        times = [tables.groups.rows.get(group.key) for group in self.groups if topic in group.topics]
        known = [time for time in times if time is not None]
        if not known or len(known) < len(times):
            return {}
        closings = (Closing(window, self.allowed_lateness_us) for window in self.windows.values())
        firsts = {closing.window.name: closing.first_kept(min(known), self.horizons_us[topic]) for closing in closings}
        return {name: first for name, first in firsts.items() if first is not None}

    def _windows_of(self, group: Group) -> list[Window]:
        return [window for name, window in self.windows.items() if name in group.window_names]


def _decoded(value: bytes | None) -> DeltaRecord:
    """Our own record: another format is a fault, never skipped."""
    record = decode_deltas(value or b"")
    if record.version != VERSION:
        raise EngineFault(f"{TOPIC}: record of format {record.version}, this program reads {VERSION}")
    return record

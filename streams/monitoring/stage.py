"""The way of a record of `kpi-deltas`: fold, hear, close, publish, alert.

All cells of a batch are folded before its watermarks are heard, so a window is never closed before what belongs in it.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property

from alerting.alert import Transition
from models.delta import TOPIC, VERSION, DeltaRecord, decode_deltas
from models.errors import EngineFault
from models.kpi_value import KpiValue, Status
from models.slices import TOTAL, Slice
from models.stage import Batch, Incoming, Outgoing, Tick
from models.status import MonitorStatus, status_record
from models.window import Window
from streams.monitoring.alerts import RuleBook
from streams.monitoring.closing import Unpublished, closed_before, kept_from
from streams.monitoring.goals import Goals
from streams.monitoring.shapes import keep_shapes
from streams.monitoring.tables import MonitorOutput, MonitorTables
from streams.monitoring.values import Group, Moment, Span, kpi_value
from streams.monitoring.watermark import PartitionKey, Watermarks


@dataclass(frozen=True)
class Publishing:
    """How values and alerts become records of the public topics."""

    value: Callable[[KpiValue], Outgoing]
    alert: Callable[[Transition], Outgoing]


@dataclass(frozen=True)
class MonitorStage:
    """See models.stage.Stage. `horizons_us`: how long after its close a window of a feed is corrected."""

    groups: tuple[Group, ...]
    windows: Mapping[str, Window]
    horizons_us: Mapping[str, int]
    expected: frozenset[PartitionKey]
    rules: RuleBook
    publishing: Publishing
    allowed_lateness_us: int
    digits: int
    goals: Goals = field(default_factory=Goals)
    name: str = "monitor"
    inputs: tuple[str, ...] = (TOPIC,)
    eager: bool = True

    def tables(self, partition: int) -> MonitorTables:
        """See Stage."""
        return MonitorTables(partition, Watermarks(self.expected))

    def opened(self, tables: MonitorTables, now_us: int) -> None:
        """What was changed but not yet published before a restart is not known: publish the open windows again."""
        keep_shapes(tables.shapes, tables.cells, self.windows)
        tables.definitions.opened(self.groups, tables.groups.rows, tables.marks.heard.rows, now_us)
        for group in self.groups:
            to = tables.unpublished[group.key] = Unpublished()
            for window in self._windows_of(group):
                before = self._closed_before(tables, group, window)
                for clock in group.clocks:
                    for number, row in tables.cells.rows.get((clock, window.name), {}).items():
                        if before is None or number >= before:
                            to.touch(window, number, before).update({p: set(cell.measured) for p, cell in row.items()})

    def step(self, tables: MonitorTables, read: Batch | Tick, now_us: int) -> MonitorOutput:
        """See Stage."""
        output = MonitorOutput()
        if isinstance(read, Batch):
            output.records = len(read.records)
            decoded = (_decoded(record.value) for record in read.records)
            records = list(decoded)
            self._fold(tables, records)
            for record in records:
                output.arrivals += record.arrivals
                for feed in record.marks.keys() & self.horizons_us.keys():  # that some KPI still needs
                    tables.marks.hear(feed, record.partition, record.marks[feed])
                    tables.definitions.hear(feed, record.marks[feed])
        for group in self.groups:
            self._publish(tables, group, now_us, output)
        self.goals.learn(tables.paces, output.values)
        output.values += list(self.goals.published(tables, output.values, now_us, self.digits))
        output.transitions += self.rules.evaluate(tables.alerts, output.values)
        if isinstance(read, Batch):
            self._release(tables)
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
        """What Prometheus shows: of every series the earliest open window, of `1m` the last that has ended."""
        for group in self.groups:
            watermark_us = tables.groups.rows.get(group.key)
            if watermark_us is None:
                continue
            moment = Moment(Status.PROVISIONAL, watermark_us, now_us, self.digits)
            for window in self._windows_of(group):
                number = window.earliest_open(watermark_us) - (1 if window.name == "1m" else 0)
                span = Span.of(window, number)
                pieces = {piece for clock in group.clocks for piece in tables.cells.row(clock, window.name, number)}
                for piece in sorted(pieces):
                    measured = tables.cells.measured(group.clocks, window.name, number, piece)
                    kpis = group.published(window.name, piece[0], measured.keys())
                    for kpi in tables.definitions.whole(kpis, span, piece[0], self.allowed_lateness_us):
                        value = kpi_value(kpi, piece, span, measured, 0, moment)
                        yield value
                        if piece == TOTAL:
                            yield from self.goals.shown(tables.paces, value)

    def _fold(self, tables: MonitorTables, records: Iterable[DeltaRecord]) -> None:
        folding = {clock: self._folding(tables, clock) for clock in self._clocks}
        for record in records:
            for delta in record.slices:
                if delta.clock not in folding:  # of no KPI any more
                    continue
                first_kept, groups = folding[delta.clock]
                piece = (delta.dimension, delta.segment)
                for window, number, measured in tables.cells.fold(delta, first_kept):
                    for to, before in groups:
                        if window in before:
                            touched = to.touch(self.windows[window], number, before[window])
                            touched.setdefault(piece, set()).update(measured)

    def _folding(
        self, tables: MonitorTables, clock: str
    ) -> tuple[dict[str, int], list[tuple[Unpublished, dict[str, int | None]]]]:
        """What a fold of a clock's cells needs: the first windows kept, and those of its groups not closed yet."""
        groups = [
            (
                tables.unpublished[group.key],
                {window.name: self._closed_before(tables, group, window) for window in self._windows_of(group)},
            )
            for group in self.groups
            if clock in group.clocks
        ]
        return self._first_kept(tables, clock), groups

    def _publish(self, tables: MonitorTables, group: Group, now_us: int, output: MonitorOutput) -> None:
        """Corrected, then final, then provisional values of a group."""
        was_us, heard_us = tables.groups.rows.get(group.key), tables.marks.of(group.feeds)
        if heard_us is None:
            return
        to, lateness_us = tables.unpublished[group.key], self.allowed_lateness_us
        goal_us = heard_us if was_us is None else max(heard_us, was_us)
        closed, is_us = to.agenda.close(tables.cells, group.clocks, goal_us, lateness_us)
        output.unfinished |= is_us < goal_us
        if is_us != was_us:
            tables.groups.put(group.key, is_us)
            output.closed = True
        due = (
            (Status.CORRECTED, to.corrected()),
            (Status.FINAL, closed),
            (Status.PROVISIONAL, to.provisional_due(self._windows_of(group), is_us, now_us)),
        )
        for status, keys in due:
            moment = Moment(status, is_us, now_us, self.digits)
            for key in keys:
                output.values += self._values(tables, group, key, to.take(key, status), moment)

    def _values(
        self,
        tables: MonitorTables,
        group: Group,
        key: tuple[str, int],
        touched: dict[Slice, set[str]],
        moment: Moment,
    ) -> Iterator[KpiValue]:
        """The KPIs of a window (name, number): on its close all, else those whose measures changed."""
        (name, number), cells = key, tables.cells
        closes = moment.status is Status.FINAL
        pieces = {p for clock in group.clocks for p in cells.row(clock, name, number)} if closes else set(touched)
        span = Span.of(self.windows[name], number)
        for piece in sorted(pieces):
            measured = cells.measured(group.clocks, name, number, piece)
            revisions = cells.revisions(group.home, name, number, piece)
            kpis = group.published(name, piece[0], measured.keys() if closes else touched[piece])
            for kpi in tables.definitions.whole(kpis, span, piece[0], self.allowed_lateness_us):
                revision = revisions[kpi.name] = revisions.get(kpi.name, 0) + 1
                yield kpi_value(kpi, piece, span, measured, revision, moment)

    def _release(self, tables: MonitorTables) -> None:
        for clock in self._clocks:
            for window, before in self._first_kept(tables, clock).items():
                tables.cells.release(clock, window, before)

    @cached_property
    def _clocks(self) -> tuple[str, ...]:
        return tuple(sorted({clock for group in self.groups for clock in group.clocks}))

    def _first_kept(self, tables: MonitorTables, clock: str) -> dict[str, int]:
        """By window kind, the first window of a clock that an event can still reach."""
        times = [tables.groups.rows.get(group.key) for group in self.groups if clock in group.clocks]
        known = [time for time in times if time is not None]
        if not known or len(known) < len(times):
            return {}
        lateness_us = self.allowed_lateness_us
        horizon_us = max(self.horizons_us[feed] for feed in clock.split("+"))
        return {name: kept_from(window, min(known), lateness_us, horizon_us) for name, window in self.windows.items()}

    def _closed_before(self, tables: MonitorTables, group: Group, window: Window) -> int | None:
        """Windows of a group below this number are final; None: no watermark yet, none is."""
        watermark_us = tables.groups.rows.get(group.key)
        return None if watermark_us is None else closed_before(window, watermark_us, self.allowed_lateness_us)

    def _windows_of(self, group: Group) -> list[Window]:
        return [window for name, window in self.windows.items() if name in group.window_names]


def _decoded(value: bytes | None) -> DeltaRecord:
    """Our own record: another format is a fault, never skipped."""
    record = decode_deltas(value or b"")
    if record.version != VERSION:
        raise EngineFault(f"{TOPIC}: record of format {record.version}, this program reads {VERSION}")
    return record

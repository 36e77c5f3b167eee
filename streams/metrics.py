"""Every metric of a worker, in one collector over one snapshot.

The snapshot is taken in the event loop, between two steps, so all series of a scrape are of one moment; it is rendered
in a thread.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric

from models.kpi import Kpi
from models.kpi_value import KpiValue
from models.outcome import Ledger, Outcome
from streams.histogram import Histogram
from streams.measuring.heartbeat import Counts
from streams.metrics_alerts import Firing, alert_metrics
from streams.metrics_kpis import kpi_gauges
from streams.metrics_parts import part_metrics

Input = tuple[str, str]
"""Topic and partition."""

Place = tuple[str, str]
"""Stage and table."""

READY = ("kpi_ready", "1 where /readyz says ready, else 0")
RULES_RELOAD_FAILED = (
    "kpi_rules_reload_failed",
    "1: the file of rules as it is now cannot be used, and the rules before it are; else 0",
)
"""Name and help of what `kpi notify` exports as well."""


@dataclass(slots=True)
class Snapshot:
    """What a worker knows at one moment. Times in seconds, watermarks in us since 1970 UTC."""

    values: list[KpiValue] = field(default_factory=list)
    alerts: list[Firing] = field(default_factory=list)
    ledgers: dict[Input, Ledger] = field(default_factory=dict)
    heartbeats: dict[Input, Counts] = field(default_factory=dict)
    watermarks_us: dict[str, int] = field(default_factory=dict)  # by topic
    lag: dict[str, int] = field(default_factory=dict)  # by topic
    freshness_s: float = 0.0
    rows: dict[Place, int] = field(default_factory=dict)
    table_bytes: dict[Place, int] = field(default_factory=dict)
    frozen_cells: int = 0
    named_segments: dict[str, int] = field(default_factory=dict)  # by dimension
    max_segments: int = 0
    folded_cells: dict[str, int] = field(default_factory=dict)  # by dimension
    ready: bool = False
    tasks: dict[str, int] = field(default_factory=dict)  # by stage
    assignments: int = 0
    commits: Mapping[str, Histogram] = field(default_factory=dict)  # by stage
    last_commits_s: Mapping[str, float] = field(default_factory=dict)  # by stage, wall clock, since 1970
    written: Mapping[str, int] = field(default_factory=dict)  # by stage
    event_to_metric: Histogram = field(default_factory=Histogram)
    loop_delay: Histogram = field(default_factory=Histogram)
    longest_stall_s: float = 0.0
    restored_rows: int = 0
    restore_s: float = 0.0
    fx_rates: Mapping[Outcome, int] = field(default_factory=dict)
    clv_parameters: Mapping[Outcome, int] = field(default_factory=dict)
    clv_fit: str | None = None  # why there are predictions or none; None: not known
    rules_reload_failed: bool = False


class SnapshotCollector:
    """A collector in the sense of prometheus_client: anything with `collect()`."""

    def __init__(self, snapshot: Snapshot, kpis: Mapping[str, Kpi], currency: str) -> None:
        self._snapshot = snapshot
        self._kpis = kpis
        self._currency = currency

    def collect(self) -> Iterator[Metric]:
        """All metric families."""
        snapshot = self._snapshot
        yield from kpi_gauges(snapshot.values, self._kpis, self._currency)
        yield from part_metrics(snapshot.values)
        yield from alert_metrics(snapshot.alerts)
        yield from _events(snapshot)
        yield from _segments(snapshot)
        yield from _predictions(snapshot)
        yield from _time(snapshot)
        yield from _tasks(snapshot)
        yield from _commits(snapshot)
        yield from _tables(snapshot)


def _events(snapshot: Snapshot) -> Iterator[Metric]:
    text = (
        "Events received since the state was begun, by what became of each: all outcomes together are what came. "
        "Stored with the state, so a partition's counts move with its task and go on after a restart"
    )
    events = CounterMetricFamily("kpi_events", text, labels=("topic", "partition", "outcome"))
    for place, ledger in snapshot.ledgers.items():
        for outcome in ledger.__struct_fields__[1:]:
            events.add_metric([*place, outcome], getattr(ledger, outcome))
    yield events
    text = "Heartbeat records since the state was begun, by what became of them; stored as kpi_events_total"
    beats = CounterMetricFamily("kpi_heartbeats", text, labels=("topic", "partition", "outcome"))
    for place, counts in snapshot.heartbeats.items():
        for outcome in Counts.__struct_fields__:
            beats.add_metric([*place, outcome], getattr(counts, outcome))
    yield beats
    text = "Records of fx-rates that this worker has read since its start, by whether they were a rate"
    rates = CounterMetricFamily("kpi_fx_rates", text, labels=("outcome",))
    for became, count in snapshot.fx_rates.items():
        rates.add_metric([became.value], count)
    yield rates


def _segments(snapshot: Snapshot) -> Iterator[Metric]:
    text = (
        "Segments of a dimension that have series of their own: of the fullest business day that is kept, or since "
        "ever of figures that are summed up over all time"
    )
    named = GaugeMetricFamily("kpi_named_segments", text, labels=("dimension",))
    for dimension, count in snapshot.named_segments.items():
        named.add_metric([dimension], count)
    yield named
    text = "Most that kpi_named_segments may be (max_segments): segments beyond it are counted in __other__"
    yield GaugeMetricFamily("kpi_named_segments_limit", text, value=snapshot.max_segments)
    text = "Window cells of segments beyond max_segments that were counted in __other__ since the task was opened"
    folded = CounterMetricFamily("kpi_folded_cells", text, labels=("dimension",))
    for dimension, count in snapshot.folded_cells.items():
        folded.add_metric([dimension], count)
    yield folded
    text = (
        "Window cells since the task was opened that came too late to be in any figure: of 1m and 5m an hour after "
        "their close, of others after a partition that was idle"
    )
    yield CounterMetricFamily("kpi_frozen_cells", text, value=snapshot.frozen_cells)


def _predictions(snapshot: Snapshot) -> Iterator[Metric]:
    text = "1 for what the last `kpi clv fit` said: fitted, not_fitted (none yet), or why there is no prediction"
    fit = GaugeMetricFamily("kpi_clv_fit", text, labels=("reason",))
    if snapshot.clv_fit is not None:
        fit.add_metric([snapshot.clv_fit], 1)
    yield fit
    text = "Records of kpi-clv-parameters that this worker has read since its start, by whether they were taken"
    records = CounterMetricFamily("kpi_clv_parameters", text, labels=("outcome",))
    for became, count in snapshot.clv_parameters.items():
        records.add_metric([became.value], count)
    yield records


def _time(snapshot: Snapshot) -> Iterator[Metric]:
    text = "Watermark of a topic in event time, seconds since 1970: no older event is expected. Absent before the first"
    marks = GaugeMetricFamily("kpi_watermark_timestamp_seconds", text, labels=("topic",))
    for topic, at_us in snapshot.watermarks_us.items():
        marks.add_metric([topic], at_us / 1e6)
    yield marks
    text = "Age by broker timestamp of the oldest record that this worker has not read yet, in seconds; 0 without lag"
    yield GaugeMetricFamily("kpi_freshness_seconds", text, value=snapshot.freshness_s)
    text = "Committed records that are not applied yet, of the partitions this worker reads"
    lag = GaugeMetricFamily("kpi_consumer_lag_records", text, labels=("topic",))
    for topic, records in snapshot.lag.items():
        lag.add_metric([topic], records)
    yield lag
    text = "From the broker's timestamp of an event to the first snapshot that has counted it, in seconds"
    yield _histogram("kpi_event_to_metric_seconds", text, {(): snapshot.event_to_metric}, ())


def _tasks(snapshot: Snapshot) -> Iterator[Metric]:
    yield GaugeMetricFamily(*READY, value=int(snapshot.ready))
    text = "Tasks that this worker has: a stage on one partition number each"
    tasks = GaugeMetricFamily("kpi_tasks", text, labels=("stage",))
    for stage, count in snapshot.tasks.items():
        tasks.add_metric([stage], count)
    yield tasks
    text = "Rebalances of the consumer group that gave this worker its tasks, since its start"
    yield CounterMetricFamily("kpi_assignments", text, value=snapshot.assignments)
    text = "Rows read back from changelogs by tasks that were opened here, since the start"
    yield CounterMetricFamily("kpi_restored_rows", text, value=snapshot.restored_rows)
    text = "Time that reading changelogs back has taken since the start, in seconds"
    yield CounterMetricFamily("kpi_restore_seconds", text, value=snapshot.restore_s)
    text = "How late the event loop came back from a rest of 10 ms, in seconds: nothing else ran meanwhile"
    yield _histogram("kpi_event_loop_delay_seconds", text, {(): snapshot.loop_delay}, ())
    text = "Longest of kpi_event_loop_delay_seconds since the start"
    yield GaugeMetricFamily("kpi_event_loop_stall_seconds", text, value=snapshot.longest_stall_s)
    yield GaugeMetricFamily(*RULES_RELOAD_FAILED, value=int(snapshot.rules_reload_failed))


def _commits(snapshot: Snapshot) -> Iterator[Metric]:
    by_stage: dict[tuple[str, ...], Histogram] = {(stage,): histogram for stage, histogram in snapshot.commits.items()}
    yield _histogram("kpi_commit_seconds", "Duration of a transaction, in seconds", by_stage, ("stage",))
    text = "Wall clock of the last transaction that was committed, seconds since 1970. Absent before the first"
    last = GaugeMetricFamily("kpi_last_commit_timestamp_seconds", text, labels=("stage",))
    for stage, at_s in snapshot.last_commits_s.items():
        last.add_metric([stage], at_s)
    yield last
    text = "Records written in committed transactions since the start: figures, alerts and changelogs"
    written = CounterMetricFamily("kpi_written_records", text, labels=("stage",))
    for stage, records in snapshot.written.items():
        written.add_metric([stage], records)
    yield written


def _tables(snapshot: Snapshot) -> Iterator[Metric]:
    rows = GaugeMetricFamily("kpi_table_rows", "Rows of the tables of this worker's tasks", labels=("stage", "table"))
    for place, count in snapshot.rows.items():
        rows.add_metric(list(place), count)
    yield rows
    text = "Memory of the tables of this worker's tasks in bytes, estimated from some of their rows"
    memory = GaugeMetricFamily("kpi_table_bytes", text, labels=("stage", "table"))
    for place, size in snapshot.table_bytes.items():
        memory.add_metric(list(place), size)
    yield memory


def _histogram(
    name: str, text: str, by_labels: Mapping[tuple[str, ...], Histogram], labels: Sequence[str]
) -> HistogramMetricFamily:
    family = HistogramMetricFamily(name, text, labels=labels)
    for values, histogram in by_labels.items():
        family.add_metric(list(values), buckets=histogram.buckets(), sum_value=histogram.total_s)
    return family

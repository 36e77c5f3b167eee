"""Every metric of a worker, in one collector over one snapshot.

The snapshot is taken in the event loop, between two steps, so all series of a scrape are of one moment; it is rendered
in a thread. KPI gauges are absent where a KPI has no value: neither 0 nor NaN.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric

from models.kpi import Kpi
from models.kpi_value import KpiValue, Unit
from models.outcome import Ledger, Outcome
from streams.histogram import Histogram
from streams.measuring.heartbeat import Counts
from streams.metrics_alerts import Firing, alert_metrics
from streams.metrics_parts import part_metrics

SERIES_LABELS = ("window", "dimension", "segment")


@dataclass(slots=True)
class Snapshot:
    """What a worker knows at one moment. Times in seconds, watermarks in us since 1970 UTC."""

    values: list[KpiValue] = field(default_factory=list)
    alerts: list[Firing] = field(default_factory=list)
    ledgers: dict[str, Ledger] = field(default_factory=dict)  # by topic
    heartbeats: list[Counts] = field(default_factory=list)
    watermarks_us: dict[str, int] = field(default_factory=dict)  # by topic
    lag: dict[str, int] = field(default_factory=dict)  # by topic
    freshness_s: float = 0.0
    rows: dict[tuple[str, str], int] = field(default_factory=dict)  # by stage and table
    table_bytes: dict[tuple[str, str], int] = field(default_factory=dict)  # by stage and table
    frozen_cells: int = 0
    folded_cells: int = 0
    commits: Mapping[str, Histogram] = field(default_factory=dict)  # by stage
    written: Mapping[str, int] = field(default_factory=dict)  # by stage
    event_to_metric: Histogram = field(default_factory=Histogram)
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
        yield from self._kpi_gauges()
        yield from part_metrics(self._snapshot.values)
        yield from alert_metrics(self._snapshot.alerts)
        yield from _events(self._snapshot)
        yield from _predictions(self._snapshot)
        yield from _time(self._snapshot)
        yield from _engine(self._snapshot)

    def _kpi_gauges(self) -> Iterator[Metric]:
        by_kpi: dict[str, list[KpiValue]] = {}
        for value in self._snapshot.values:
            by_kpi.setdefault(value.series.kpi, []).append(value)
        for name, values in by_kpi.items():
            yield self._gauge(self._kpis[name], values)

    def _gauge(self, kpi: Kpi, values: Sequence[KpiValue]) -> Metric:
        extra = (self._currency,) if kpi.unit is Unit.MONEY else ()
        labels = (*SERIES_LABELS, *(("currency",) if extra else ()))
        family = GaugeMetricFamily(kpi.metric, kpi.help, labels=labels)
        for one in values:
            value = one.value
            if value is not None:
                family.add_metric([*one.series[1:], *extra], value)
        return family


def _events(snapshot: Snapshot) -> Iterator[Metric]:
    events = CounterMetricFamily("kpi_events", "Events received, by what became of them", labels=("topic", "outcome"))
    for topic, ledger in snapshot.ledgers.items():
        for outcome in ledger.__struct_fields__[1:]:
            events.add_metric([topic, outcome], getattr(ledger, outcome))
    yield events
    beats = CounterMetricFamily("kpi_heartbeats", "Heartbeat records, by what became of them", labels=("outcome",))
    for outcome in Counts.__struct_fields__:
        beats.add_metric([outcome], sum(getattr(counts, outcome) for counts in snapshot.heartbeats))
    yield beats
    text = "Records of fx-rates that this worker has read since its start, by whether they were a rate"
    rates = CounterMetricFamily("kpi_fx_rates", text, labels=("outcome",))
    for became, count in snapshot.fx_rates.items():
        rates.add_metric([became.value], count)
    yield rates
    frozen = "Window cells that came too late: 1m and 5m an hour after their close, others after an idle partition"
    yield CounterMetricFamily("kpi_frozen_cells", frozen, value=snapshot.frozen_cells)
    folded = "Window cells of segments beyond max_segments, counted in __other__"
    yield CounterMetricFamily("kpi_folded_cells", folded, value=snapshot.folded_cells)


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
    name, text = "kpi_watermark_timestamp_seconds", "Event time of a topic: no older event is expected"
    marks = GaugeMetricFamily(name, text, labels=("topic",))
    for topic, at_us in snapshot.watermarks_us.items():
        marks.add_metric([topic], at_us / 1e6)
    yield marks
    text = "Age by broker timestamp of the oldest unread record, 0 without lag"
    yield GaugeMetricFamily("kpi_freshness_seconds", text, value=snapshot.freshness_s)
    lag = GaugeMetricFamily("kpi_consumer_lag_records", "Committed records not applied yet", labels=("topic",))
    for topic, records in snapshot.lag.items():
        lag.add_metric([topic], records)
    yield lag
    text = "From the broker's timestamp of an event to the first snapshot that has counted it"
    yield _histogram("kpi_event_to_metric_seconds", text, {(): snapshot.event_to_metric}, ())


def _engine(snapshot: Snapshot) -> Iterator[Metric]:
    by_stage: dict[tuple[str, ...], Histogram] = {(stage,): histogram for stage, histogram in snapshot.commits.items()}
    yield _histogram("kpi_commit_seconds", "Duration of a transaction", by_stage, ("stage",))
    written = CounterMetricFamily("kpi_written_records", "Records written in transactions", labels=("stage",))
    for stage, records in snapshot.written.items():
        written.add_metric([stage], records)
    yield written
    rows = GaugeMetricFamily("kpi_table_rows", "Rows of the tables of this worker's tasks", labels=("stage", "table"))
    for place, count in snapshot.rows.items():
        rows.add_metric(list(place), count)
    yield rows
    text = "Memory of the tables of this worker's tasks, estimated from some of their rows"
    memory = GaugeMetricFamily("kpi_table_bytes", text, labels=("stage", "table"))
    for place, size in snapshot.table_bytes.items():
        memory.add_metric(list(place), size)
    yield memory
    stall = "Longest time since the start in which the event loop did not turn"
    yield GaugeMetricFamily("kpi_event_loop_stall_seconds", stall, value=snapshot.longest_stall_s)
    yield CounterMetricFamily("kpi_restored_rows", "Changelog records read back", value=snapshot.restored_rows)
    yield CounterMetricFamily("kpi_restore_seconds", "Time spent reading changelogs", value=snapshot.restore_s)
    text = "1: the file of rules as it is now cannot be used, and the rules before it are"
    yield GaugeMetricFamily("kpi_rules_reload_failed", text, value=int(snapshot.rules_reload_failed))


def _histogram(
    name: str, text: str, by_labels: Mapping[tuple[str, ...], Histogram], labels: Sequence[str]
) -> HistogramMetricFamily:
    family = HistogramMetricFamily(name, text, labels=labels)
    for values, histogram in by_labels.items():
        family.add_metric(list(values), buckets=histogram.buckets(), sum_value=histogram.total_s)
    return family

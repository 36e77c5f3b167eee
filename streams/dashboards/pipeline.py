"""Is the pipeline well, so that the figures are true? The ledger, how far behind, the engine, and who was told."""

from collections.abc import Iterator

from grafana_foundation_sdk.builders import stat
from grafana_foundation_sdk.models.dashboard import Dashboard, Threshold

from streams.dashboards import annotations, variables
from streams.dashboards.defined import Defined
from streams.dashboards.frame import PIPELINE, Placed, Row, framed
from streams.dashboards.panels import chart, tile
from streams.dashboards.queries import Query

RATE = "[$__rate_interval]"
LATE_S, VERY_LATE_S = 5, 60
"""Freshness that is worth a look, and that at which rules on open windows hold still (KPI_MAX_LAG_S)."""


def build(defined: Defined) -> Dashboard:  # noqa: ARG001  the pipeline is the same whatever the KPIs are
    """The dashboard `kpi-pipeline`."""
    return framed(
        PIPELINE,
        "KPI / Pipeline",
        "Whether the figures are true now: how far behind they are, and what became of every event.",
        variables=[variables.datasource()],
        annotations=[annotations.starts(), annotations.releases()],
        rows=[
            Row("Now", list(_now())),
            Row("Ledger: received = counted + duplicate + late + bot + invalid", list(_ledger())),
            Row("How far behind", list(_time())),
            Row("Engine", list(_engine())),
            Row("State", list(_state())),
            Row("Notifications", list(_notifications())),
            Row("Definitions and rates", list(_definitions()), closed=True),
        ],
        since="now-3h",
    )


def freshness_tile() -> stat.Panel:
    """How old the oldest unread record is."""
    about = "Age of the oldest record that is not read yet, 0 without lag. Behind, the figures are those of then."
    steps = (Threshold(None, "green"), Threshold(LATE_S, "orange"), Threshold(VERY_LATE_S, "red"))
    query = Query("max(kpi_freshness_seconds)", "behind")
    return tile("Freshness", about, "s", query, steps=steps, none="no worker answers")


def _now() -> Iterator[Placed]:
    yield Placed(freshness_tile(), 4, 5)
    workers = "Processes that answer with figures of their own."
    yield Placed(tile("Workers", workers, "short", Query("count(kpi_freshness_seconds)", "up")), 4, 5)
    about = "Committed records that are not applied yet, of all topics."
    yield Placed(tile("Lag", about, "short", Query("sum(kpi_consumer_lag_records)", "records")), 4, 5)
    about = "Of the events of the last hour, those that became dead letters or came too late."
    lost = 'sum(increase(kpi_events_total{outcome=~"invalid|late"}[1h]))'
    expr = f"{lost} / (sum(increase(kpi_events_total[1h])) > 0)"
    steps = (Threshold(None, "green"), Threshold(0.01, "orange"), Threshold(0.05, "red"))
    yield Placed(tile("Invalid or late", about, "percentunit", Query(expr, "last hour"), steps=steps), 4, 5)
    about = "From the broker's timestamp of an event to the first snapshot that has counted it, 99 of 100."
    expr = f"histogram_quantile(0.99, sum by (le) (rate(kpi_event_to_metric_seconds_bucket{RATE})))"
    yield Placed(tile("Event to metric, p99", about, "s", Query(expr, "p99")), 4, 5)
    about = "Age of the oldest transition of an alert that some receiver has not been told of."
    steps = (Threshold(None, "green"), Threshold(60, "orange"), Threshold(300, "red"))
    oldest = Query("max(kpi_notifications_oldest_undelivered_seconds)", "oldest")
    yield Placed(tile("Undelivered", about, "s", oldest, steps=steps, none="kpi notify does not answer"), 4, 5)


def _ledger() -> Iterator[Placed]:
    about = "Events a second by what became of them, all topics together."
    expr = f"sum by (outcome) (rate(kpi_events_total{RATE}))"
    yield Placed(chart("Events by outcome", about, "eps", Query(expr, "{{outcome}}"), stacked=True), 8, 8)
    about = "Events a second by topic."
    expr = f"sum by (topic) (rate(kpi_events_total{RATE}))"
    yield Placed(chart("Events by topic", about, "eps", Query(expr, "{{topic}}"), stacked=True), 8, 8)
    about = "The share of the events of a topic that does not count, by why. Bots are usual, the rest is not."
    not_counted = f'sum by (topic, outcome) (rate(kpi_events_total{{outcome!="counted"}}{RATE}))'
    expr = f"{not_counted} / on (topic) group_left () (sum by (topic) (rate(kpi_events_total{RATE})) > 0)"
    yield Placed(chart("Not counted", about, "percentunit", Query(expr, "{{topic}} {{outcome}}")), 8, 8)


def _time() -> Iterator[Placed]:
    about = "Committed records that are not applied yet."
    lag = Query("sum by (topic) (kpi_consumer_lag_records)", "{{topic}}")
    yield Placed(chart("Lag by topic", about, "short", lag), 8, 8)
    about = "How far the event time of a topic is behind the clock. Without events it goes on with the clock."
    age = Query("time() - max by (topic) (kpi_watermark_timestamp_seconds)", "{{topic}}")
    yield Placed(chart("Age of watermarks", about, "s", age), 8, 8)
    about = "From the broker's timestamp of an event to the first snapshot that has counted it."
    delays = [
        Query(
            f"histogram_quantile({q}, sum by (le) (rate(kpi_event_to_metric_seconds_bucket{RATE})))", f"p{q * 100:.0f}"
        )
        for q in (0.5, 0.95, 0.99)
    ]
    yield Placed(chart("Event to metric", about, "s", *delays), 8, 8)


def _engine() -> Iterator[Placed]:
    about = "Transactions a second by stage."
    commits = Query(f"sum by (stage) (rate(kpi_commit_seconds_count{RATE}))", "{{stage}}")
    yield Placed(chart("Commits", about, "ops", commits), 6, 8)
    about = "How long a transaction takes, 99 of 100, by stage."
    expr = f"histogram_quantile(0.99, sum by (stage, le) (rate(kpi_commit_seconds_bucket{RATE})))"
    yield Placed(chart("Duration of commits, p99", about, "s", Query(expr, "{{stage}}")), 6, 8)
    about = "Records a second that are written in transactions, by stage."
    written = Query(f"sum by (stage) (rate(kpi_written_records_total{RATE}))", "{{stage}}")
    yield Placed(chart("Written records", about, "wps", written), 6, 8)
    about = "Longest time since the start of a worker in which its event loop did not turn: nothing is read meanwhile."
    stall = Query("max by (instance) (kpi_event_loop_stall_seconds)", "{{instance}}")
    yield Placed(chart("Longest stall", about, "s", stall), 6, 8)
    about = "Resident memory of the processes."
    memory = Query("max by (job, instance) (process_resident_memory_bytes)", "{{job}} {{instance}}")
    yield Placed(chart("Memory", about, "bytes", memory), 6, 8)
    about = "Processor time a second."
    cpu = Query(f"max by (job, instance) (rate(process_cpu_seconds_total{RATE}))", "{{job}} {{instance}}")
    yield Placed(chart("Processor", about, "percentunit", cpu), 6, 8)
    about = "Starts of a process in an hour. A worker exits on a fault on purpose, and is started again."
    starts = Query("max by (job, instance) (changes(process_start_time_seconds[1h]))", "{{job}} {{instance}}")
    yield Placed(chart("Restarts in an hour", about, "short", starts), 6, 8)
    about = "Heartbeat records a second by what became of them."
    beats = Query(f"sum by (outcome) (rate(kpi_heartbeats_total{RATE}))", "{{outcome}}")
    yield Placed(chart("Heartbeats", about, "ops", beats), 6, 8)


def _state() -> Iterator[Placed]:
    about = "Rows of the tables, all workers together."
    table_rows = Query("sum by (stage, table) (kpi_table_rows)", "{{stage}} {{table}}")
    yield Placed(chart("Table rows", about, "short", table_rows, stacked=True), 8, 8)
    about = "Memory of the tables, estimated from some of their rows."
    memory = Query("sum by (stage, table) (kpi_table_bytes)", "{{stage}} {{table}}")
    yield Placed(chart("Table memory", about, "bytes", memory, stacked=True), 8, 8)
    about = "Changelog records read back since the start, and how long it took: the price of a restart or a rebalance."
    restored = Query("sum by (instance) (kpi_restored_rows_total)", "{{instance}} rows")
    yield Placed(chart("Recovery, rows", about, "short", restored), 4, 8)
    took = Query("sum by (instance) (kpi_restore_seconds_total)", "{{instance}}")
    yield Placed(chart("Recovery, seconds", about, "s", took), 4, 8)


def _notifications() -> Iterator[Placed]:
    about = "Notifications by receiver and what became of them; `retried` counts attempts."
    expr = f"sum by (receiver, outcome) (rate(kpi_notifications_total{RATE}))"
    yield Placed(chart("Notifications", about, "ops", Query(expr, "{{receiver}} {{outcome}}")), 8, 8)
    about = "Age of the oldest transition a receiver has not been told of, 0 without one."
    oldest = Query("max by (receiver) (kpi_notifications_oldest_undelivered_seconds)", "{{receiver}}")
    yield Placed(chart("Oldest undelivered", about, "s", oldest), 8, 8)
    about = "Alerts that fire, as each receiver knows it."
    firing = Query("max by (receiver) (kpi_notifications_firing)", "{{receiver}}")
    yield Placed(chart("Firing by receiver", about, "short", firing), 8, 8)


def _definitions() -> Iterator[Placed]:
    about = "1: the file of rules as it is now cannot be used, and the rules before it are: `kpi rules check`."
    failed = Query("max(kpi_rules_reload_failed)", "failed")
    steps = (Threshold(None, "green"), Threshold(1, "red"))
    yield Placed(tile("Reload of rules", about, "short", failed, steps=steps), 4, 7)
    about = "What the last `kpi clv fit` said: fitted, or why there is no prediction."
    yield Placed(tile("CLV fit", about, "short", Query("max by (reason) (kpi_clv_fit)", "{{reason}}")), 4, 7)
    about = "Records of kpi-clv-parameters and fx-rates since the start, by what became of them; each worker reads all."
    fits = Query("max by (outcome) (kpi_clv_parameters_total)", "clv {{outcome}}")
    rates = Query("max by (outcome) (kpi_fx_rates_total)", "fx {{outcome}}")
    yield Placed(chart("Parameters and rates", about, "short", fits, rates), 8, 7)
    about = "Window cells that came too late to be counted (frozen), or whose segment is beyond max_segments (folded)."
    frozen = Query("sum(kpi_frozen_cells_total)", "frozen")
    folded = Query("sum(kpi_folded_cells_total)", "folded")
    yield Placed(chart("Frozen and folded cells", about, "short", frozen, folded), 8, 7)

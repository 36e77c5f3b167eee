"""The process `kpi worker`: the app, its metrics port, and an end on SIGTERM that commits."""

import asyncio
import gc
import logging
import signal
import sys
import time
from collections.abc import Callable, Mapping
from copy import copy, deepcopy
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn

import faust
import structlog
from prometheus_client import CollectorRegistry

from alerting.rule import Rule
from models.goal import with_goals
from models.kpi import Catalogue
from models.settings import Settings
from models.slices import TOTAL
from streams.app import create_app
from streams.clv_feed import ClvFeed
from streams.engine.allocator import keep_freed_memory
from streams.engine.app import EngineApp
from streams.engine.clock import wall_us
from streams.engine.exporter import Exporter
from streams.engine.transaction import CommitStep
from streams.fx_feed import FxFeed
from streams.histogram import Histogram
from streams.measuring.visitor_stage import admitting
from streams.metrics import Snapshot, SnapshotCollector
from streams.metrics_alerts import firing
from streams.metrics_process import process_registry
from streams.monitoring.stage import MonitorStage
from streams.monitoring.tables import MonitorOutput, MonitorTables
from streams.rules_watch import LOOK_S, RulesWatch, stamp

log = structlog.get_logger("worker")


@dataclass(frozen=True, slots=True)
class RulesFile:
    """Where the rules come from, and how they are read again."""

    path: Path
    load: Callable[[], tuple[Rule, ...]]


@dataclass(slots=True)
class Measurements:
    """What the engine tells while it runs; see streams.engine.observer.Observer."""

    commits: dict[str, Histogram] = field(default_factory=dict)
    written: dict[str, int] = field(default_factory=dict)
    event_to_metric: Histogram = field(default_factory=Histogram)
    last_commits_s: dict[str, float] = field(default_factory=dict)
    loop_delay: Histogram = field(default_factory=Histogram)
    longest_stall_s: float = 0.0
    restored_rows: int = 0
    restore_s: float = 0.0

    def stepped(self, stage: str, output: Any, now_us: int) -> None:  # noqa: ANN401, ARG002  the stage's own type
        """See Observer: the events of a monitor step are in every snapshot from now on."""
        if isinstance(output, MonitorOutput):
            for at_ms, n in output.arrivals:
                self.event_to_metric.observe(max(0.0, now_us / 1e6 - at_ms / 1e3), n)

    def committing(self, task: str, step: CommitStep) -> None:
        """See Observer."""

    def stalled(self, seconds: float) -> None:
        """See Observer."""
        self.loop_delay.observe(max(0.0, seconds))
        self.longest_stall_s = max(self.longest_stall_s, seconds)

    def committed(self, stage: str, records: int, seconds: float) -> None:
        """See Observer."""
        self.commits.setdefault(stage, Histogram()).observe(seconds)
        self.last_commits_s[stage] = wall_us() / 1e6
        self.written[stage] = self.written.get(stage, 0) + records

    def restored(self, keys: int, seconds: float) -> None:
        """See Observer."""
        self.restored_rows += keys
        self.restore_s += seconds
        log.info("restored", rows=keys, seconds=round(seconds, 3))


def take_snapshot(
    app: EngineApp, measurements: Measurements, feed: FxFeed, clv: ClvFeed, rules: RulesWatch
) -> Snapshot:
    """Everything of one moment: nothing is awaited, and what goes on counting is copied."""
    now_us, measurements = wall_us(), deepcopy(measurements)
    snapshot = Snapshot(
        commits=measurements.commits,
        written=measurements.written,
        last_commits_s=measurements.last_commits_s,
        event_to_metric=measurements.event_to_metric,
        loop_delay=measurements.loop_delay,
        longest_stall_s=measurements.longest_stall_s,
        restored_rows=measurements.restored_rows,
        restore_s=measurements.restore_s,
        fx_rates=dict(feed.counts),
        clv_parameters=dict(clv.counts),
        clv_fit=clv.reason,
        rules_reload_failed=rules.failed,
        ready=not app.health.reasons(time.monotonic()),
        assignments=app.tables.assignments,
    )
    for task in app.tables.tasks.values():
        stage = task.stage.name
        snapshot.tasks[stage] = snapshot.tasks.get(stage, 0) + 1
        for table in task.tables.all():
            place = (stage, table.name)
            snapshot.rows[place] = snapshot.rows.get(place, 0) + len(table)
            snapshot.table_bytes[place] = snapshot.table_bytes.get(place, 0) + table.memory_bytes()
        for tp in task.positions:
            snapshot.lag[tp.topic] = snapshot.lag.get(tp.topic, 0) + (task.lag(tp) or 0)
            snapshot.freshness_s = max(snapshot.freshness_s, task.freshness_s(tp, now_us))
        if its := admitting(task.tables):
            place = (task.stage.inputs[0], str(task.partition))
            snapshot.ledgers[place], snapshot.heartbeats[place] = copy(its.ledger.row), copy(its.heartbeats.row)
        if isinstance(task.tables, MonitorTables) and isinstance(task.stage, MonitorStage):
            _take_monitor(snapshot, task.stage, task.tables, now_us)
    return snapshot


def _take_monitor(snapshot: Snapshot, stage: MonitorStage, tables: MonitorTables, now_us: int) -> None:
    """A dimension is of one task, so no two of them tell of it."""
    snapshot.values += stage.shown(tables, now_us)
    snapshot.alerts += firing(tables.alerts)
    snapshot.watermarks_us |= tables.marks.by_topic()
    snapshot.frozen_cells += tables.cells.frozen
    snapshot.max_segments = stage.max_segments
    days, ever = tables.segments.fullest(), tables.stocks.fullest()
    named = {name: max(days.get(name, 0), ever.get(name, 0)) for name in days.keys() | ever.keys() - {TOTAL[0]}}
    snapshot.named_segments |= named
    snapshot.folded_cells |= dict.fromkeys(named, 0) | tables.cells.folded


def run_worker(
    settings: Settings,
    catalogue: Catalogue,
    rules: RulesFile,
    partitions: Mapping[str, int],
    measurements: Measurements,
) -> NoReturn:
    """Run until SIGTERM or SIGINT, then commit and end with exit code 0; a fault ends with 70."""
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    feed, clv = FxFeed(settings.reporting_currency), ClvFeed(settings.reporting_currency)
    read, first = stamp(rules.path), rules.load()
    app = create_app(settings, catalogue, first, partitions, measurements, feed, clv)
    monitor = app.stage_named["monitor"]
    assert isinstance(monitor, MonitorStage)
    watch = RulesWatch(rules.path, rules.load, first, monitor.alerting.renew, read)

    def registry() -> CollectorRegistry:
        found = process_registry()
        snapshot = take_snapshot(app, measurements, feed, clv, watch)
        found.register(SnapshotCollector(snapshot, with_goals(catalogue.kpis), settings.reporting_currency))
        return found

    exporter = Exporter(
        registry, lambda: app.health.reasons(time.monotonic()), lambda: app.health.faults(time.monotonic())
    )
    loop.run_until_complete(exporter.start(settings.metrics_host, settings.metrics_port))
    log.info(
        "listening",
        metrics=f"http://{settings.metrics_host}:{exporter.port}/metrics",
        clicks="kernel" if app.engine.native else "python",
    )
    _keep_watching(app, watch, loop)
    worker = faust.Worker(app, loop=loop, loglevel=logging.WARNING, quiet=True, redirect_stdouts=False)
    worker.spinner = None  # it writes control characters into a log
    _tune_interpreter()
    worker.execute_from_commandline()
    raise SystemExit(0)


def _tune_interpreter() -> None:
    """Once everything is loaded: for a process that holds much, and whose event loop must not be held up."""
    # Sessions and cells are no garbage: looking through them took a fifth of the time, and 0.3 s at once. The young
    # are looked at in steps of 12 ms; 100,000 of them take 60. Those that outlived one look were looked at again with
    # 400,000 others, mostly in the consumer's thread, which held the event loop for 90 ms of CPU: now it is 35.
    gc.freeze()
    gc.set_threshold(20_000, 2, 5_000)
    # Each send lets go of the lock, which the consumer's thread then has for as long as this.
    sys.setswitchinterval(0.001)
    keep_freed_memory()


def _keep_watching(app: EngineApp, watch: RulesWatch, loop: asyncio.AbstractEventLoop) -> None:
    """Between two steps, so every step has one set of rules."""

    async def look() -> None:
        watch.look()

    app.timer(LOOK_S)(look)
    loop.add_signal_handler(signal.SIGHUP, watch.ask)

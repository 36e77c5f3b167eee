"""The process `kpi worker`: the app, its metrics port, and an end on SIGTERM that commits."""

import asyncio
import gc
import logging
import signal
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, NoReturn

import faust
import structlog
from prometheus_client import CollectorRegistry, ProcessCollector

from alerting.rule import Rule
from models.goal import with_goals
from models.kpi import Catalogue
from models.outcome import Ledger
from models.settings import Settings
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
from streams.monitoring.stage import MonitorStage
from streams.monitoring.tables import MonitorOutput, MonitorTables
from streams.rules_watch import LOOK_S, RulesWatch

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
        self.longest_stall_s = max(self.longest_stall_s, seconds)

    def committed(self, stage: str, records: int, seconds: float) -> None:
        """See Observer."""
        self.commits.setdefault(stage, Histogram()).observe(seconds)
        self.written[stage] = self.written.get(stage, 0) + records

    def restored(self, keys: int, seconds: float) -> None:
        """See Observer."""
        self.restored_rows += keys
        self.restore_s += seconds
        log.info("restored", rows=keys, seconds=round(seconds, 3))


def take_snapshot(
    app: EngineApp, measurements: Measurements, feed: FxFeed, clv: ClvFeed, rules: RulesWatch
) -> Snapshot:
    """Everything of one moment: nothing is awaited."""
    now_us = wall_us()
    snapshot = Snapshot(
        commits=measurements.commits,
        written=measurements.written,
        event_to_metric=measurements.event_to_metric,
        longest_stall_s=measurements.longest_stall_s,
        restored_rows=measurements.restored_rows,
        restore_s=measurements.restore_s,
        fx_rates=feed.counts,
        clv_parameters=clv.counts,
        clv_fit=clv.reason,
        rules_reload_failed=rules.failed,
    )
    for task in app.tables.tasks.values():
        for table in task.tables.all():
            place = (task.stage.name, table.name)
            snapshot.rows[place] = snapshot.rows.get(place, 0) + len(table)
            snapshot.table_bytes[place] = snapshot.table_bytes.get(place, 0) + table.memory_bytes()
        for tp in task.positions:
            snapshot.lag[tp.topic] = snapshot.lag.get(tp.topic, 0) + (task.lag(tp) or 0)
            snapshot.freshness_s = max(snapshot.freshness_s, task.freshness_s(tp, now_us))
        if its := admitting(task.tables):
            ledger = snapshot.ledgers.setdefault(task.stage.inputs[0], Ledger())
            ledger.add(its.ledger.row)
            snapshot.heartbeats.append(its.heartbeats.row)
        if isinstance(task.tables, MonitorTables) and isinstance(task.stage, MonitorStage):
            snapshot.values += task.stage.shown(task.tables, now_us)
            snapshot.watermarks_us |= task.tables.marks.by_topic()
            snapshot.frozen_cells += task.tables.cells.frozen
            snapshot.folded_cells += task.tables.cells.folded
    return snapshot


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
    first = rules.load()
    app = create_app(settings, catalogue, first, partitions, measurements, feed, clv)
    monitor = app.stage_named["monitor"]
    assert isinstance(monitor, MonitorStage)
    watch = RulesWatch(rules.path, rules.load, first, monitor.alerting.renew)

    def registry() -> CollectorRegistry:
        found = CollectorRegistry()
        snapshot = take_snapshot(app, measurements, feed, clv, watch)
        found.register(SnapshotCollector(snapshot, with_goals(catalogue.kpis), settings.reporting_currency))
        ProcessCollector(registry=found)
        return found

    exporter = Exporter(registry, lambda: app.health.reasons(time.monotonic()))
    loop.run_until_complete(exporter.start(settings.metrics_host, settings.metrics_port))
    log.info("listening", metrics=f"http://{settings.metrics_host}:{exporter.port}/metrics")
    _keep_watching(app, watch, loop)
    worker = faust.Worker(app, loop=loop, loglevel=logging.WARNING, quiet=True, redirect_stdouts=False)
    worker.spinner = None  # it writes control characters into a log
    # Sessions and cells are no garbage: looking through them took a fifth of the time, and 0.3 s at once. The young
    # are looked at in steps of 12 ms; 100,000 of them take 60.
    gc.freeze()
    gc.set_threshold(20_000, 20, 1_000)
    keep_freed_memory()
    worker.execute_from_commandline()
    raise SystemExit(0)


def _keep_watching(app: EngineApp, watch: RulesWatch, loop: asyncio.AbstractEventLoop) -> None:
    """Between two steps, so every step has one set of rules."""

    async def look() -> None:
        watch.look()

    app.timer(LOOK_S)(look)
    loop.add_signal_handler(signal.SIGHUP, watch.ask)

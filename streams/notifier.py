"""The process `kpi notify`: deliveries, and its metrics port."""

import asyncio
import signal
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from zoneinfo import ZoneInfo

import structlog
from prometheus_client.core import GaugeMetricFamily, Metric

from alerting.rule import Rule
from models.kpi import Catalogue
from models.settings import Settings
from streams.delivering.explaining import Explaining
from streams.delivering.notify import notify
from streams.delivering.readiness import Readiness
from streams.delivering.reasons import Reasons
from streams.engine.clock import wall_us
from streams.engine.exporter import Exporter
from streams.metrics import READY, RULES_RELOAD_FAILED
from streams.metrics_process import process_registry
from streams.rules_watch import RulesWatch, stamp

log = structlog.get_logger("notify")


def explains(settings: Settings, catalogue: Catalogue, path: Path, load: Callable[[], tuple[Rule, ...]]) -> Explaining:
    """What explains alerts, by the KPIs and rules of the worker; `load` reads the rules again. DefinitionError."""
    read, first = stamp(path), load()
    reasons = Reasons(catalogue, first, ZoneInfo(settings.business_timezone))
    explaining = Explaining(reasons, wall_us)

    def renew(rules: Iterable[Rule]) -> None:
        explaining.renew(replace(reasons, rules=tuple(rules)))

    explaining.watch = RulesWatch(path, load, first, renew, read)
    return explaining


@dataclass(frozen=True, slots=True, eq=False)  # a registry keeps it by identity
class OwnState:
    """A collector: what a worker says of itself too, by the same names."""

    readiness: Readiness
    explaining: Explaining | None

    def collect(self) -> Iterator[Metric]:
        """See prometheus_client's Collector."""
        yield GaugeMetricFamily(*READY, value=int(not self.readiness.reasons(wall_us())))
        if self.explaining is not None and self.explaining.watch is not None:
            yield GaugeMetricFamily(*RULES_RELOAD_FAILED, value=int(self.explaining.watch.failed))


async def run_notify(settings: Settings, explaining: Explaining | None) -> None:
    """Deliver until SIGTERM or SIGINT; raises SettingsError and BrokerError. `explaining` None: nothing is."""
    registry, readiness = process_registry(), Readiness()
    registry.register(OwnState(readiness, explaining))
    exporter = Exporter(lambda: registry, lambda: readiness.reasons(wall_us()))
    await exporter.start(settings.metrics_host, settings.metrics_port)
    log.info("listening", metrics=f"http://{settings.metrics_host}:{exporter.port}/metrics")
    deliveries = asyncio.ensure_future(notify(settings, registry, explaining, readiness))
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, deliveries.cancel)
    try:
        await deliveries
    except asyncio.CancelledError:
        log.info("stopped")
    finally:
        await exporter.stop()

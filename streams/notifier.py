"""The process `kpi notify`: deliveries, and its metrics port."""

import asyncio
import signal
from collections.abc import Callable, Iterable
from dataclasses import replace
from pathlib import Path
from zoneinfo import ZoneInfo

import structlog
from prometheus_client import CollectorRegistry, ProcessCollector

from alerting.rule import Rule
from models.kpi import Catalogue
from models.settings import Settings
from streams.delivering.explaining import Explaining
from streams.delivering.notify import notify
from streams.delivering.reasons import Reasons
from streams.engine.clock import wall_us
from streams.engine.exporter import Exporter
from streams.rules_watch import RulesWatch

log = structlog.get_logger("notify")


def explains(settings: Settings, catalogue: Catalogue, path: Path, load: Callable[[], tuple[Rule, ...]]) -> Explaining:
    """What explains alerts, by the KPIs and rules of the worker; `load` reads the rules again. DefinitionError."""
    first = load()
    reasons = Reasons(catalogue, first, ZoneInfo(settings.business_timezone))
    explaining = Explaining(reasons, wall_us)

    def renew(rules: Iterable[Rule]) -> None:
        explaining.renew(replace(reasons, rules=tuple(rules)))

    explaining.watch = RulesWatch(path, load, first, renew)
    return explaining


async def run_notify(settings: Settings, explaining: Explaining | None) -> None:
    """Deliver until SIGTERM or SIGINT; raises SettingsError and BrokerError. `explaining` None: nothing is."""
    registry = CollectorRegistry()
    ProcessCollector(registry=registry)
    exporter = Exporter(lambda: registry, list)
    await exporter.start(settings.metrics_host, settings.metrics_port)
    log.info("listening", metrics=f"http://{settings.metrics_host}:{exporter.port}/metrics")
    deliveries = asyncio.ensure_future(notify(settings, registry, explaining))
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, deliveries.cancel)
    try:
        await deliveries
    except asyncio.CancelledError:
        log.info("stopped")
    finally:
        await exporter.stop()

"""The process `kpi notify`: deliveries, and its metrics port."""

import asyncio
import signal

import structlog
from prometheus_client import CollectorRegistry, ProcessCollector

from models.settings import Settings
from streams.delivering.notify import notify
from streams.engine.exporter import Exporter

log = structlog.get_logger("notify")


async def run_notify(settings: Settings) -> None:
    """Deliver until SIGTERM or SIGINT; raises SettingsError and BrokerError."""
    registry = CollectorRegistry()
    ProcessCollector(registry=registry)
    exporter = Exporter(lambda: registry, list)
    await exporter.start(settings.metrics_host, settings.metrics_port)
    log.info("listening", metrics=f"http://{settings.metrics_host}:{exporter.port}/metrics")
    deliveries = asyncio.ensure_future(notify(settings, registry))
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, deliveries.cancel)
    try:
        await deliveries
    except asyncio.CancelledError:
        log.info("stopped")
    finally:
        await exporter.stop()

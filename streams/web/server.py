"""The process `kpi web`: reads the public topics, serves the page and the API."""

import asyncio
import errno
import secrets
import signal
from collections.abc import AsyncIterator, Callable, Iterable
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from importlib.metadata import version
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

import structlog
from aiohttp import web

from alerting.explanation import Explanation, Slices
from alerting.notification import Notification
from alerting.rule import Rule
from models.errors import SettingsError
from models.goal import with_goals
from models.kpi import Catalogue
from models.settings import Settings
from streams.delivering.reasons import Reasons
from streams.engine.clock import wall_us
from streams.rules_watch import RulesWatch, stamp
from streams.topics import topics_read
from streams.web.access import Access
from streams.web.alert_book import AlertBook
from streams.web.desk import Desk
from streams.web.feed import Feed
from streams.web.page import Page
from streams.web.pipeline import Pipeline
from streams.web.reading import Reading
from streams.web.routes import Routes
from streams.web.segments import slices
from streams.web.spans import Spans
from streams.web.store import Store

_LOG = structlog.get_logger("web")
SHUTDOWN_S: Final = 2.0  # streams are told, answers end


@dataclass(slots=True)
class Explainer:
    """Why an alert fires, by rules that may be renewed and by the values that are stored."""

    reasons: Reasons
    store: Store
    spans: Spans

    def __call__(self, told: Notification) -> Explanation | None:
        """See alert_book.Explain."""
        if not self.reasons.asks(told.alert):
            return None
        kpi = with_goals(self.reasons.catalogue.kpis)[told.alert.kpi]
        return self.reasons.explained(told.alert, self._look, kpi.unit)

    def renew(self, rules: Iterable[Rule]) -> None:
        """Other rules."""
        self.reasons = replace(self.reasons, rules=tuple(rules))

    def _look(self, kpi: str, window: str, end_us: int) -> Slices:
        if window not in self.spans.kinds:
            return {}
        return slices(self.store, kpi, window, self.spans.start_s(window, end_us))


def desk_of(settings: Settings, catalogue: Catalogue, rules: Iterable[Rule], boot: str) -> tuple[Desk, Explainer]:
    """An empty desk; `boot`: of the ids of its events, another one each start."""
    spans = Spans.of(settings, catalogue)
    store = Store(frozenset(with_goals(catalogue.kpis)), spans.horizons_s(), spans.least())
    explainer = Explainer(Reasons(catalogue, tuple(rules), ZoneInfo(settings.business_timezone)), store, spans)
    inputs, _ = topics_read(catalogue)
    desk = Desk(
        catalogue=catalogue,
        spans=spans,
        store=store,
        alerts=AlertBook(explainer),
        pipeline=Pipeline(inputs),
        feed=Feed(boot),
        version=version("kpi-monitor"),
    )
    return desk, explainer


async def run_web(settings: Settings, catalogue: Catalogue, rules: Path, load: Callable[[], tuple[Rule, ...]]) -> None:
    """Serve until SIGTERM or SIGINT; raises SettingsError, DefinitionError and BrokerError. `load` reads the rules."""
    read, first = stamp(rules), load()
    desk, explainer = desk_of(settings, catalogue, first, secrets.token_hex(4))
    watch = RulesWatch(rules, load, first, explainer.renew, read)
    inputs, internal = topics_read(catalogue)
    reading = Reading(settings, desk, (*inputs, *internal), watch.look)
    routes = Routes(settings, desk, Access.of(settings), Page.packaged(), wall_us, reading.not_ready)
    async with listening(routes.application(), settings.web_host, settings.web_port) as port:
        _LOG.info("listening", page=f"http://{settings.web_host}:{port}/")
        reads = asyncio.ensure_future(reading.run())
        for number in (signal.SIGTERM, signal.SIGINT):
            asyncio.get_running_loop().add_signal_handler(number, reads.cancel)
        try:
            await reads
        except asyncio.CancelledError:
            _LOG.info("stopped")


@asynccontextmanager
async def listening(app: web.Application, host: str, port: int) -> AsyncIterator[int]:
    """The port it listens on; 0 takes a free one. Raises SettingsError if it is taken."""
    runner = web.AppRunner(app, access_log=None, shutdown_timeout=SHUTDOWN_S)
    await runner.setup()
    try:
        try:
            await web.TCPSite(runner, host, port).start()
        except OSError as error:
            why = "in use" if error.errno == errno.EADDRINUSE else f"not to be had ({error.strerror})"
            raise SettingsError(
                f"KPI_WEB_PORT {host}:{port}", f"the port is {why}", "set another, or 0 for a free one"
            ) from error
        yield runner.addresses[0][1]
    finally:
        await runner.cleanup()

"""What one sees while the demo runs: a live table on a terminal, else a line every few seconds."""

import asyncio
import sys
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

import aiohttp
from rich.console import Console, Group, RenderableType
from rich.live import Live
from rich.text import Text

from alerting.notification import Alert
from models.settings import Settings
from streams.publication import VALUES_TOPIC
from streams.tools.alert_inbox import AlertInbox
from streams.tools.live_table import LiveTable, wall_us
from streams.tools.metrics_page import MetricsPage, scrape
from streams.tools.revisions import window_key
from streams.tools.terminal import note
from streams.tools.topic_reader import open_topic

KPIS = ("conversion_rate", "average_order_value", "social_engagement_rate", "visits", "orders", "revenue")
WINDOWS = ("5m", "1h")
_LINE_WINDOW = WINDOWS[0]
_ALERTS = 6  # the last ones, below the table
_REFRESH_S = 0.25
_SCRAPE_EVERY_S = 1.0
_LINE_EVERY_S = 5.0
_SHOWN = frozenset((kpi.encode(), window.encode()) for kpi in KPIS for window in WINDOWS)


@dataclass(slots=True)
class Scene:
    """What there is to see; `began_s`: monotonic."""

    settings: Settings
    inbox: AlertInbox
    began_s: float
    table: LiveTable = field(init=False)
    page: MetricsPage = field(default_factory=MetricsPage)
    told: int = 0  # alerts

    def __post_init__(self) -> None:
        self.table = LiveTable(self.settings.reporting_currency)

    def take(self, key: bytes | None, value: bytes | None) -> None:
        """A record of `kpi-values`."""
        if key is not None:
            parts = window_key(key)
            if (parts.kpi, parts.window) in _SHOWN:
                self.table.take(key, value)

    def pulse(self, now_s: float) -> str:
        """How the pipeline is."""
        alerts = f"alerts {self.inbox.fired} fired, {self.inbox.resolved} resolved"
        received = f"{self.page.received:,} events"
        lag = f"lag {self.page.lag:,}, oldest unread {self.page.freshness_s:.1f} s"
        return f"{now_s - self.began_s:4.0f} s  {received}  {lag}  {alerts}"

    def line(self, now_s: float) -> str:
        """All in one line."""
        rows = {row.kpi: row.value for row in self.table.rows(wall_us()) if row.window == _LINE_WINDOW}
        values = "  ".join(f"{kpi} {rows[kpi]}" for kpi in KPIS if kpi in rows)
        return f"{self.pulse(now_s)}  {_LINE_WINDOW}: {values or 'nothing yet'}"

    def news(self) -> Iterator[str]:
        """The alerts that came since this was asked last."""
        alerts = self.inbox.alerts[self.told :]
        self.told += len(alerts)
        return map(alert_line, alerts)

    def picture(self, now_s: float) -> RenderableType:
        """For a terminal."""
        self.told = len(self.inbox.alerts)
        alerts = "\n".join(map(alert_line, self.inbox.alerts[-_ALERTS:])) or "no alert yet"
        rows = len(KPIS) * len(WINDOWS)
        self.table.limit = rows
        return Group(Text(self.pulse(now_s)), self.table, Text(alerts))


def hints(settings: Settings, address: str, page: str) -> str:
    """What to open and scrape while it runs."""
    target = address.removeprefix("http://")
    return "\n".join(
        (
            f"        open    {page} (the live page), {address}/metrics and {address}/readyz",
            f"        follow  KPI_BROKER={settings.broker} kpi values --follow",
            f"        scrape  scrape_configs: [{{job_name: kpi, static_configs: [{{targets: ['{target}']}}]}}]",
        )
    )


def alert_line(alert: Alert) -> str:
    """Event time, what happened, and the rule's own summary."""
    at = alert.ends_at or alert.starts_at
    what = f"{alert.level} {alert.reason.replace('_', ' ')}" if alert.firing else "resolved"
    return f"{at:%H:%M:%S} ALERT {alert.rule} {what}: {alert.annotations.get('summary', alert.value)}"


async def watch(scene: Scene, session: aiohttp.ClientSession, address: str) -> None:
    """Show it until cancelled; raises BrokerError."""
    try:
        async with asyncio.TaskGroup() as group:
            group.create_task(_scrapes(scene, session, address))
            group.create_task(_live(scene) if on_terminal() else _lines(scene))
            await _follow(scene)
    except BaseExceptionGroup as failed:
        raise failed.exceptions[0] from None


def on_terminal() -> bool:
    """Whether somebody looks: with stdout in a pipe its reader gets the summary, and stderr stays plain."""
    return sys.stdout.isatty() and sys.stderr.isatty()


async def _follow(scene: Scene) -> None:
    async with open_topic(scene.settings, VALUES_TOPIC) as reader:
        async for batch in reader.follow(_REFRESH_S):
            for record in batch:
                scene.take(record.key, record.value)


async def _scrapes(scene: Scene, session: aiohttp.ClientSession, address: str) -> None:
    while True:
        scene.page = await scrape(session, address) or scene.page
        await asyncio.sleep(_SCRAPE_EVERY_S)


async def _live(scene: Scene) -> None:
    with Live(console=Console(stderr=True, highlight=False), auto_refresh=False) as live:
        while True:
            live.update(scene.picture(time.monotonic()), refresh=True)
            await asyncio.sleep(_REFRESH_S)


async def _lines(scene: Scene) -> None:
    due_s = 0.0
    while True:
        for alert in scene.news():
            note(alert)
        if (now_s := time.monotonic()) >= due_s:
            note(scene.line(now_s))
            due_s = now_s + _LINE_EVERY_S
        await asyncio.sleep(_REFRESH_S)

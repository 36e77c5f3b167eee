"""`kpi values --follow`: the topics that the live view is made of, read side by side until it is ended."""

import asyncio
import signal
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import Self
from zoneinfo import ZoneInfo

from rich.live import Live

from alerting.notification import Notification
from alerting.rule import Rule
from models import status
from models.goal import with_goals
from models.kpi import Catalogue
from models.settings import Settings
from streams.delivering.figures import Figures
from streams.delivering.reasons import Reasons
from streams.publication import VALUES_TOPIC
from streams.publication_alerts import TOPIC as ALERTS_TOPIC
from streams.tools.group_lag import behind, open_group
from streams.tools.live_alerts import LiveAlerts
from streams.tools.live_pipeline import LivePipeline
from streams.tools.live_table import LiveTable, wall_us
from streams.tools.live_view import LiveView
from streams.tools.revisions import Choice, Revisions
from streams.tools.status import by_topic, freshness_s
from streams.tools.terminal import console, write_lines
from streams.tools.topic_reader import Batch, open_topic
from streams.tools.values import catch_up
from streams.topics import topics_read

REFRESH_PER_S = 4
LAG_EVERY_S = 2.0


@dataclass(frozen=True, slots=True)
class Known:
    """What this machine knows of the workers: `topics` they read, and what explains alerts, by their files."""

    topics: Sequence[str]
    reasons: Reasons
    figures: Figures

    @classmethod
    def of(cls, catalogue: Catalogue, rules: tuple[Rule, ...], timezone: str) -> Self:
        """By the definitions; `timezone` of the business."""
        reasons = Reasons(catalogue, rules, ZoneInfo(timezone))
        return cls([topic for topics in topics_read(catalogue) for topic in topics], reasons, Figures(reasons.kept_us))

    def is_share(self, kpi: str) -> bool:
        """Whether a KPI is read as a percentage, by the definitions."""
        its = with_goals(self.reasons.catalogue.kpis).get(kpi)
        return its is not None and its.is_share

    def why(self, notification: Notification) -> tuple[str, ...] | None:
        """Of an alert that fires, as `kpi notify` explains it; None: its figures are not read yet."""
        alert = notification.alert
        if not self.reasons.asks(alert):
            return ()
        found = self.reasons.explained(alert, self.figures.at, self.figures.units.get(alert.kpi))
        return None if found is None else found.summary


async def follow_lines(settings: Settings, choice: Choice, stop: asyncio.Event | None = None) -> None:
    """The last revision of every chosen window, then every new one, a line each, until Ctrl-C, SIGTERM or `stop`.

    BrokerError.
    """
    revisions = Revisions(choice)
    with _until_interrupted(stop) as ended:
        async with open_topic(settings, VALUES_TOPIC) as reader:
            await catch_up(reader, revisions)
            write_lines(revisions.by_key())
            async for batch in reader.follow(1 / REFRESH_PER_S):
                wanted = (record for record in batch if revisions.wants(record.key, record.value))
                write_lines(record.value for record in wanted if record.value)
                if ended.is_set():
                    return


async def follow_view(settings: Settings, view: LiveView, known: Known, stop: asyncio.Event | None = None) -> None:
    """Fill and draw a view (see view_of), until Ctrl-C, SIGTERM or `stop`. BrokerError."""
    with _until_interrupted(stop) as ended:
        try:
            async with asyncio.TaskGroup() as group:
                lines = [
                    group.create_task(_take(settings, VALUES_TOPIC, _values(view, known))),
                    group.create_task(_take(settings, ALERTS_TOPIC, _each(view.alerts.take))),
                    group.create_task(_take(settings, status.TOPIC, _each(view.pipeline.take))),
                    group.create_task(_look(settings, known.topics, view.pipeline)),
                ]
                await _draw(view, ended)
                for line in lines:
                    line.cancel()
        except BaseExceptionGroup as failed:
            raise failed.exceptions[0] from None


def view_of(settings: Settings, choice: Choice, known: Known) -> LiveView:
    """Empty; of the totals, unless slices are chosen."""
    alerts = LiveAlerts(choice, known.why, known.is_share)
    table = LiveTable(settings.reporting_currency, choice.totals, levels=alerts.levels)
    return LiveView(table, alerts, LivePipeline())


def _values(view: LiveView, known: Known) -> Callable[[Batch], None]:
    def take(batch: Batch) -> None:
        now_us = wall_us()
        for record in batch:
            view.table.take(record.key, record.value)
            known.figures.take(record.key, record.value, now_us)

    return take


def _each(take_one: Callable[[bytes | None, bytes | None], None]) -> Callable[[Batch], None]:
    def take(batch: Batch) -> None:
        for record in batch:
            take_one(record.key, record.value)

    return take


async def _take(settings: Settings, topic: str, take: Callable[[Batch], None]) -> None:
    async with open_topic(settings, topic) as reader:
        async for batch in reader.follow(1 / REFRESH_PER_S):
            take(batch)


async def _look(settings: Settings, topics: Sequence[str], pipeline: LivePipeline) -> None:
    """At what the workers have not read; a moment's lag is passed, see GroupLag.positions."""
    async with open_group(settings, topics) as group:
        while True:
            offsets, ends = await group.positions(topics)
            unread = behind(offsets, ends)
            pipeline.oldest_s = await freshness_s(group, {partition: offsets[partition] for partition in unread})
            pipeline.unread = by_topic(unread, topics)
            await asyncio.sleep(LAG_EVERY_S)


async def _draw(view: LiveView, ended: asyncio.Event) -> None:
    with Live(view, console=console(), auto_refresh=False) as live:  # rich's own thread would read a changing table
        while not ended.is_set():
            live.refresh()
            with suppress(TimeoutError):
                async with asyncio.timeout(1 / REFRESH_PER_S):
                    await ended.wait()


@contextmanager
def _until_interrupted(stop: asyncio.Event | None) -> Iterator[asyncio.Event]:
    """The event to end by; a signal sets it, where the caller gave none."""
    if stop is not None:
        yield stop
        return
    ended, loop = asyncio.Event(), asyncio.get_running_loop()
    signals = (signal.SIGINT, signal.SIGTERM)
    for number in signals:
        loop.add_signal_handler(number, ended.set)
    try:
        yield ended
    finally:
        for number in signals:
            loop.remove_signal_handler(number)

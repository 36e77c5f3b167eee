"""The course of the demo: processes, real data, a synthetic shop with an incident, and the account of it all."""

import asyncio
import math
import sys
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

import aiohttp

from models.errors import BrokerError
from models.settings import Settings
from streams.tools import topics
from streams.tools.alert_inbox import AlertInbox, open_inbox
from streams.tools.consumer import open_consumer
from streams.tools.demo_schedule import RATE, SPEED, Schedule
from streams.tools.demo_summary import Summary, sum_up
from streams.tools.demo_view import Scene, hints, watch
from streams.tools.generate import generate
from streams.tools.metrics_page import MetricsPage, not_ready, scrape
from streams.tools.quantile import since
from streams.tools.replay import replay
from streams.tools.supervisor import Supervised, supervised
from streams.tools.terminal import note
from streams.topics import INPUTS

T = TypeVar("T")

PARTITIONS = 4
_SEED = 1
_READY_S, _SLICES_S, _DELIVERY_S = 60.0, 60.0, 5.0
_SETTLE_S, _INTERRUPTED_SETTLE_S = 60.0, 4.0
_LOOK_EVERY_S = 0.2


@dataclass(slots=True)
class Interrupts:
    """Ctrl-C and SIGTERM: while the shop is open the first one closes it; any other ends all that is under way."""

    shop_open: bool = False
    closing: asyncio.Event = field(default_factory=asyncio.Event)

    def take(self, task: "asyncio.Task[Summary]") -> None:
        """A signal came to the task that runs the course."""
        if self.shop_open and not self.closing.is_set():
            self.closing.set()
        else:
            task.cancel()


@dataclass(slots=True)
class Course:
    """One run. `settings`: of its processes; `environment`: what they inherit; `folder`: of their logs."""

    settings: Settings
    environment: Mapping[str, str]
    folder: Path
    slices: Path
    duration_s: float | None
    began_s: float
    interrupts: Interrupts = field(default_factory=Interrupts)
    published: Counter[str] = field(default_factory=Counter)

    @property
    def address(self) -> str:
        """Of the worker's metrics."""
        return f"http://{self.settings.metrics_host}:{self.settings.metrics_port}"

    @property
    def page(self) -> str:
        """Address of the live page."""
        return f"http://{self.settings.web_host}:{self.settings.web_port}/"

    async def run(self) -> Summary:
        """From the topics to the summary, when all processes have ended. OutsideError; CancelledError by Ctrl-C."""
        await topics.create(self.settings, PARTITIONS)
        await _require_empty(self.settings)
        self._step("topics created")
        async with open_inbox() as inbox, aiohttp.ClientSession() as session:
            worker = self._process("worker", KPI_METRICS_PORT=str(self.settings.metrics_port))
            inward = {"KPI_WEBHOOK_URL": inbox.url, "KPI_WEBHOOK_ALLOW_PRIVATE": "true"}
            notify = self._process("notify", KPI_METRICS_PORT="0", **inward)
            page = self._process("web", KPI_WEB_PORT=str(self.settings.web_port))
            async with supervised([worker, notify, page]):
                await self._until_ready(session)
                before = await self._publish_slices(session)
                scene = Scene(self.settings, inbox, self.began_s)
                await self._publish_shop(scene, session)
                await self._settle(inbox)
                for alert in scene.news():
                    note(alert)
                after = await scrape(session, self.address) or MetricsPage()
                return await sum_up(self.settings, self.published, inbox, since(after.delays, before.delays))

    async def _until_ready(self, session: aiohttp.ClientSession) -> None:
        reason = await _look(_READY_S, lambda: not_ready(session, self.address), lambda found: found is None)
        if reason is not None:
            what = f"not ready after {_READY_S:.0f} s ({reason})"
            raise BrokerError("kpi worker", what, f"see {self.folder / 'worker.log'}")
        self._step(f"kpi worker is ready ({self.address}/readyz), kpi notify delivers to the demo")

    async def _publish_slices(self, session: aiohttp.ClientSession) -> MetricsPage:
        """All is read before the shop opens, and ends before that: what is far behind its partition is late.

        Answers the worker's metrics after it.
        """
        opens_us = Schedule.of(_now_us(), self.duration_s).opens_us
        files = sorted(self.slices.glob("*.ndjson.gz"))
        counts = await replay(self.settings, files, speed=math.inf, shift=True, heartbeat=None, now_us=opens_us)
        self.published.update(counts)
        await self._caught_up(_SLICES_S)
        self._step(f"real data counted: {_listed(counts)}")
        return await scrape(session, self.address) or MetricsPage()

    async def _publish_shop(self, scene: Scene, session: aiohttp.ClientSession) -> None:
        now_us = _now_us()
        schedule = Schedule.of(now_us, self.duration_s)
        fails_s = (schedule.incident_at_us - schedule.opens_us) / 1e6 / SPEED
        self._step(f"a shop opens, where an hour takes a minute; its payments will fail in {fails_s:.0f} s")
        note(hints(self.settings, self.address, self.page))
        self.interrupts.shop_open = True
        async with _beside(watch(scene, session, self.address)):
            counts = await generate(
                self.settings,
                rate=RATE,
                speed=SPEED,
                incident=True,
                seed=_SEED,
                duration_s=self.duration_s,
                now_us=now_us,
                start_us=schedule.opens_us,
                incident_at_us=schedule.incident_at_us,
                incident_for_s=schedule.incident_for_s,
                stop=self.interrupts.closing,
            )
        self.interrupts.shop_open = False
        self.published.update(counts)
        self._step(f"the shop is closed: {_listed(counts)}")

    async def _settle(self, inbox: AlertInbox) -> None:
        """Until all that was published is counted, closed and told."""
        interrupted = self.interrupts.closing.is_set()
        wait_s = _INTERRUPTED_SETTLE_S if interrupted else _SETTLE_S
        await self._caught_up(wait_s)
        if not interrupted:
            await _look(_DELIVERY_S, _nothing, lambda _: 0 < inbox.fired <= inbox.resolved)
        self._step("the worker has caught up")

    async def _caught_up(self, wait_s: float) -> None:
        status = self._process("status", "--json", "--wait", str(wait_s))
        if await status.once() != 0:
            self._step(f"not caught up after {wait_s:.0f} s, see {status.log_file}")

    def _process(self, name: str, *arguments: str, **environment: str) -> Supervised:
        command = [sys.executable, "-m", "streams.cli", name, *arguments]
        own = {**self.environment, "KPI_BROKER": self.settings.broker, **environment}
        return Supervised(name, command, own, self.folder / f"{name}.log")

    def _step(self, what: str) -> None:
        note(f"{time.monotonic() - self.began_s:4.0f} s  {what}")


async def _require_empty(settings: Settings) -> None:
    """Invented events must never mix with a shop's own."""
    async with open_consumer(settings, INPUTS) as (consumer, partitions):
        every = [partition for its in partitions.values() for partition in its]
        ends = await consumer.end_offsets(every)
    if full := sorted({partition.topic for partition in every if ends[partition]}):
        what = f"topic {', '.join(full)} has events; the demo publishes invented ones"
        raise BrokerError(settings.broker, what, "unset KPI_BROKER for a Kafka of its own, or give it an empty one")


async def _look(within_s: float, at: Callable[[], Awaitable[T]], enough: Callable[[T], bool]) -> T:
    """Look again and again; what was seen when it was enough, or last."""
    deadline_s = time.monotonic() + within_s
    while not enough(seen := await at()) and time.monotonic() < deadline_s:  # noqa: ASYNC110  other processes tell nobody
        await asyncio.sleep(_LOOK_EVERY_S)
    return seen


async def _nothing() -> None:
    """There is only to wait."""


@asynccontextmanager
async def _beside(watching: Coroutine[None, None, None]) -> AsyncIterator[None]:
    """Runs during the body; what goes wrong with it is raised after it."""
    task = asyncio.create_task(watching)
    try:
        yield
    finally:
        task.cancel()
        with suppress(asyncio.CancelledError):
            await task


def _listed(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{count:,} {topic}" for topic, count in sorted(counts.items()))


def _now_us() -> int:
    return time.time_ns() // 1_000

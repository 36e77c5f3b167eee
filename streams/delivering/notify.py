"""`kpi notify`: a line of its own to every receiver, so that a slow one slows nobody else.

Alertmanagers are told what fires now, from all of `kpi-alerts`. The others are told of transitions, each with its own
consumer group.
"""

import asyncio
import random
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.errors import KafkaConnectionError, KafkaError
from prometheus_client import CollectorRegistry

from alerting.notifiers.alertmanager import Alertmanager
from models.errors import BrokerError
from models.receiver import AlertmanagerReceiver
from models.settings import Settings
from streams import publication_alerts
from streams.connection import client_options, unreachable
from streams.delivering import dead_letters
from streams.delivering.dead_letters import DeadLetters
from streams.delivering.explaining import Explaining
from streams.delivering.follower import Follower
from streams.delivering.http import open_wire
from streams.delivering.metrics import Notifications
from streams.delivering.outbox import Outbox
from streams.delivering.post import Notifier, Post
from streams.delivering.readiness import Readiness
from streams.delivering.receivers import Queued, labels, notifier, receivers
from streams.delivering.resending import Resending
from streams.publication import VALUES_TOPIC


async def notify(
    settings: Settings,
    registry: CollectorRegistry | None = None,
    explaining: Explaining | None = None,
    readiness: Readiness | None = None,
) -> None:
    """Delivers until it is cancelled; raises SettingsError and BrokerError at start. Counts in `registry`.

    `explaining`: why alerts fire, None: pages are told as the worker told them. `readiness` is told what is waited for.
    """
    ready = readiness or Readiness()
    wanted = receivers(settings)
    queued = [(one, notifier(one, settings.public_url)) for one in wanted if not isinstance(one, AlertmanagerReceiver)]
    async with AsyncExitStack() as stack:
        metrics = Notifications(registry or CollectorRegistry(), _now_us)
        lines = _Lines(settings, client_options(settings), metrics, stack, ready, explaining)
        reader = await lines.consumer(group_id=None)
        there = await _require_topics(reader, settings)
        if explaining is not None and VALUES_TOPIC in there:
            explaining.consumer = await lines.consumer(group_id=None)
        producer = await lines.producer()
        outboxes = [await lines.outbox(receiver, kind, producer) for receiver, kind in queued]
        alertmanagers = [
            await lines.resending(name, url, receiver, producer)
            for receiver in wanted
            if isinstance(receiver, AlertmanagerReceiver)
            for name, url in labels(receiver).items()
        ]
        count = partial(_count, metrics, [receiver.name for receiver, _ in queued])
        follower = Follower(reader, tuple(alertmanagers), count, ready, explaining)
        ready.go("broker")
        await _all([*outboxes, follower, *([explaining] if explaining else [])], settings)


@dataclass(frozen=True, slots=True)
class _Lines:
    """Opens what a line needs; `stack` closes it."""

    settings: Settings
    options: dict[str, Any]
    metrics: Notifications
    stack: AsyncExitStack
    readiness: Readiness
    explaining: Explaining | None = None

    async def producer(self) -> AIOKafkaProducer:
        """Of dead letters."""
        producer = AIOKafkaProducer(acks="all", enable_idempotence=True, **self.options)
        await self.stack.enter_async_context(_running(producer, self.settings))
        return producer

    async def outbox(self, receiver: Queued, kind: Notifier, producer: AIOKafkaProducer) -> Outbox:
        """A receiver that is told of transitions."""
        self.metrics.expect(receiver.name)
        consumer = await self.consumer(group_id=f"{self.settings.app_id}-notify-{receiver.name}")
        wire = await self.stack.enter_async_context(open_wire(allow_private=receiver.allow_private))
        post = Post(receiver.name, kind, wire, self.metrics, _now_us, asyncio.sleep, random.SystemRandom())
        letters = DeadLetters(receiver.name, producer)
        return Outbox(consumer, post, letters, self.metrics, self.readiness, self.explaining)

    async def resending(
        self, name: str, url: str, receiver: AlertmanagerReceiver, producer: AIOKafkaProducer
    ) -> Resending:
        """An Alertmanager."""
        self.metrics.expect(name)
        wire = await self.stack.enter_async_context(open_wire(allow_private=receiver.allow_private))
        alertmanager = Alertmanager(url, self.settings.public_url)
        letters = DeadLetters(name, producer)
        return Resending(name, alertmanager, wire, self.metrics, letters, _now_us, random.SystemRandom())

    async def consumer(self, **options: Any) -> AIOKafkaConsumer:  # noqa: ANN401  as aiokafka has them
        """Of committed records, from the beginning where its group has no offset; it has yet to subscribe."""
        consumer = AIOKafkaConsumer(
            isolation_level="read_committed",
            auto_offset_reset="earliest",
            enable_auto_commit=False,
            **options,
            **self.options,
        )
        await self.stack.enter_async_context(_running(consumer, self.settings))
        return consumer


def _count(metrics: Notifications, counted: list[str], number: int) -> None:
    """`counted`: receivers whose firing alerts are those of the topic."""
    for receiver in counted:
        metrics.firing(receiver, number)


async def _require_topics(consumer: AIOKafkaConsumer, settings: Settings) -> set[str]:
    """All there are."""
    there: set[str] = await consumer.topics()
    for topic in (publication_alerts.TOPIC, dead_letters.TOPIC):
        if topic not in there:
            raise BrokerError(f"{settings.broker} topic {topic}", "is missing", "run `kpi topics create`")
    return there


@asynccontextmanager
async def _running(client: AIOKafkaConsumer | AIOKafkaProducer, settings: Settings) -> AsyncIterator[None]:
    try:
        await client.start()
    except KafkaConnectionError as error:
        await client.stop()
        raise unreachable(settings.broker, error) from error
    try:
        yield
    finally:
        await client.stop()


async def _all(lines: Sequence[Outbox | Follower | Explaining], settings: Settings) -> None:
    """Ends with the first that fails: a receiver nobody delivers to is worth a restart."""
    try:
        async with asyncio.TaskGroup() as group:
            for line in lines:
                group.create_task(line.run())
    except ExceptionGroup as failed:
        first = _first(failed)
        if isinstance(first, KafkaError):
            raise BrokerError(settings.broker, f"{type(first).__name__} {first}", "see the broker's log") from first
        raise first from failed


def _first(failed: ExceptionGroup[Exception]) -> Exception:
    """The lines are groups of tasks themselves."""
    first = failed.exceptions[0]
    return _first(first) if isinstance(first, ExceptionGroup) else first


def _now_us() -> int:
    return time.time_ns() // 1_000

"""`kpi notify`: every receiver has its own consumer group, so that a slow one slows nobody else."""

import asyncio
import random
import time
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from pathlib import Path
from typing import Any

import aiohttp
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.errors import KafkaConnectionError, KafkaError
from prometheus_client import CollectorRegistry

from alerting.notifiers.webhook import Webhook
from models.errors import BrokerError, SettingsError
from models.settings import Receiver, Settings
from streams import publication_alerts
from streams.connection import client_options, unreachable
from streams.delivering import dead_letters
from streams.delivering.dead_letters import DeadLetters
from streams.delivering.metrics import Notifications
from streams.delivering.outbox import Outbox
from streams.delivering.post import Post

MAX_POLL_INTERVAL_MS = 86_400_000  # a receiver may be down for hours: waiting for it is no reason to leave the group


async def notify(settings: Settings, registry: CollectorRegistry | None = None) -> None:
    """Delivers until it is cancelled; raises SettingsError and BrokerError at start. Counts in `registry`."""
    wanted, options = receivers(settings), client_options(settings)
    secrets = {receiver.name: _secret(receiver) for receiver in wanted}
    metrics = Notifications(registry or CollectorRegistry())
    async with AsyncExitStack() as stack:
        producer = AIOKafkaProducer(acks="all", enable_idempotence=True, **options)
        await stack.enter_async_context(_running(producer, settings))
        session = await stack.enter_async_context(aiohttp.ClientSession())
        outboxes = []
        for receiver in wanted:
            metrics.expect(receiver.name)
            consumer = _consumer(settings, receiver, options)
            await stack.enter_async_context(_running(consumer, settings))
            await _require_topics(consumer, settings)
            webhook = Webhook(receiver.url, session, secrets[receiver.name])
            post = Post(receiver.name, webhook, metrics, _now_us, asyncio.sleep, random.SystemRandom())
            outboxes.append(Outbox(consumer, post, DeadLetters(receiver.name, producer), metrics))
        await _all(outboxes, settings)


def receivers(settings: Settings) -> tuple[Receiver, ...]:
    """All that are configured, `webhook_url` as the one named webhook. Raises SettingsError."""
    short = (Receiver("webhook", settings.webhook_url),) if settings.webhook_url else ()
    found = (*settings.receivers, *short)
    if not found:
        raise SettingsError("receivers", "nobody to notify", "set KPI_WEBHOOK_URL or receivers in the settings file")
    names = [receiver.name for receiver in found]
    for receiver in found:
        if names.count(receiver.name) > 1:
            raise SettingsError(f"receivers {receiver.name}", "the name comes twice", "give each its own")
        if not receiver.url.startswith(("http://", "https://")):
            raise SettingsError(
                f"receivers {receiver.name}.url", "no HTTP address", "begin it with https:// or http://"
            )
    return found


def _secret(receiver: Receiver) -> bytes | None:
    if receiver.secret_file is None:
        return None
    where = f"receivers {receiver.name}.secret_file {receiver.secret_file}"
    try:
        secret = Path(receiver.secret_file).read_bytes().strip()
    except OSError as error:
        raise SettingsError(where, f"cannot be read ({error.strerror})", "correct the path or its rights") from error
    if not secret:
        raise SettingsError(where, "the file is empty", "write the key into it")
    return secret


def _consumer(settings: Settings, receiver: Receiver, options: dict[str, Any]) -> AIOKafkaConsumer:
    return AIOKafkaConsumer(
        publication_alerts.TOPIC,
        group_id=f"{settings.app_id}-notify-{receiver.name}",
        isolation_level="read_committed",
        auto_offset_reset="earliest",
        enable_auto_commit=False,
        max_poll_interval_ms=MAX_POLL_INTERVAL_MS,
        **options,
    )


async def _require_topics(consumer: AIOKafkaConsumer, settings: Settings) -> None:
    there = await consumer.topics()
    for topic in (publication_alerts.TOPIC, dead_letters.TOPIC):
        if topic not in there:
            raise BrokerError(f"{settings.broker} topic {topic}", "is missing", "run `kpi topics create`")


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


async def _all(outboxes: list[Outbox], settings: Settings) -> None:
    """Ends with the first that fails: a receiver nobody delivers to is worth a restart."""
    try:
        async with asyncio.TaskGroup() as group:
            for outbox in outboxes:
                group.create_task(outbox.run(), name=f"notify {outbox.post.receiver}")
    except ExceptionGroup as failed:
        first = failed.exceptions[0]
        if isinstance(first, KafkaError):
            raise BrokerError(settings.broker, f"{type(first).__name__} {first}", "see the broker's log") from first
        raise first from failed


def _now_us() -> int:
    return time.time_ns() // 1_000

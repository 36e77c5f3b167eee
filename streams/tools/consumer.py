"""A consumer of committed records outside any group, and which partitions the topics have."""

import asyncio
import logging
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.client import AIOKafkaClient
from aiokafka.errors import KafkaError

from models.errors import BrokerError
from models.settings import Settings
from streams.connection import CONNECT_TIMEOUT_S, client_options, unreachable

REQUEST_TIMEOUT_MS = 10_000
FETCH_BYTES = 4 * 1024 * 1024  # a partition at a time

Partitions = Mapping[str, tuple[TopicPartition, ...]]


@asynccontextmanager
async def open_consumer(
    settings: Settings, topics: Iterable[str], fetch_bytes: int = FETCH_BYTES
) -> AsyncIterator[tuple[AIOKafkaConsumer, Partitions]]:
    """A started consumer assigned to every partition of `topics`, and those partitions by topic.

    It holds up to `fetch_bytes` of each ahead.
    BrokerError when no broker answers, a topic is missing, or Kafka refuses something in the body.
    """
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)  # what goes wrong is raised, in one line
    partitions = await _partitions(settings, topics)
    consumer = AIOKafkaConsumer(
        **client_options(settings),
        isolation_level="read_committed",
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        max_partition_fetch_bytes=fetch_bytes,
        request_timeout_ms=REQUEST_TIMEOUT_MS,
        fetch_max_wait_ms=100,
    )
    try:
        await consumer.start()
        consumer.assign([partition for its in partitions.values() for partition in its])
        await asyncio.sleep(0)  # its tasks begin: to stop one that has not raises CancelledError (aiokafka 0.14.0)
        yield consumer, partitions
    except (KafkaError, OSError) as error:
        raise BrokerError(
            settings.broker, f"reading failed ({error!r})", "see the broker's log and try again"
        ) from error
    finally:
        await consumer.stop()


async def _partitions(settings: Settings, topics: Iterable[str]) -> Partitions:
    """Asked without naming the topics: to name one would make it where the broker creates topics by itself."""
    client = AIOKafkaClient(**client_options(settings), request_timeout_ms=REQUEST_TIMEOUT_MS)
    try:
        async with asyncio.timeout(CONNECT_TIMEOUT_S):
            await client.bootstrap()
            cluster = await client.fetch_all_metadata()
    except (KafkaError, OSError, TimeoutError) as error:
        raise unreachable(settings.broker, error) from error
    finally:
        await client.close()
    numbers = {topic: sorted(cluster.partitions_for_topic(topic) or ()) for topic in topics}
    if missing := [topic for topic, its in numbers.items() if not its]:
        raise BrokerError(settings.broker, f"topic {', '.join(missing)} does not exist", "run `kpi topics create`")
    return {topic: tuple(TopicPartition(topic, number) for number in its) for topic, its in numbers.items()}

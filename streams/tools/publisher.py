"""Publishing many records fast and safely: idempotent, all acknowledged, in order within a partition."""

import asyncio
import contextlib
import logging
import time
from collections import Counter, deque
from collections.abc import Iterable
from functools import lru_cache
from types import TracebackType
from typing import Self

from aiokafka import AIOKafkaProducer
from aiokafka.errors import KafkaError, MessageSizeTooLargeError
from aiokafka.partitioner import DefaultPartitioner
from aiokafka.producer.message_accumulator import BatchBuilder

from models.errors import BrokerError
from models.settings import Settings
from streams.connection import CONNECT_TIMEOUT_S, client_options, unreachable
from streams.tools.record import Record

_BATCH_BYTES = 256 * 1024  # a quarter of the broker's default record limit; larger ones were no faster
_MAX_UNACKED = 64  # batches; the oldest is awaited beyond it, so memory is bounded
_DEAF_S = 30.0  # without an acknowledgement the broker is gone; left alone, an idempotent producer tries for ever
_FAREWELL_S = 5.0  # for what is still on its way after an interrupt

Partition = tuple[str, int]
_choose = DefaultPartitioner()


class Publisher:
    """An open producer: `await put(record)` and `await flush()`; `counts` is what was handed over, by topic.

    BrokerError on entering when the broker cannot be reached or lacks one of `topics`, later when it refuses a batch.
    """

    def __init__(self, settings: Settings, topics: Iterable[str]) -> None:
        self.counts: Counter[str] = Counter()
        self.partitions: dict[str, tuple[int, ...]] = {}
        self._broker = settings.broker
        self._topics = sorted(set(topics))
        self._producer = AIOKafkaProducer(
            **client_options(settings),
            acks="all",
            enable_idempotence=True,
            max_batch_size=_BATCH_BYTES,
            request_timeout_ms=int(_DEAF_S * 1000),
        )
        self._open: dict[Partition, BatchBuilder] = {}
        self._unacked: deque[tuple[Partition, asyncio.Future[object]]] = deque()
        self._partition_of = lru_cache(maxsize=65_536)(self._by_key)  # murmur2 in Python is half of a put

    async def __aenter__(self) -> Self:
        logging.getLogger("aiokafka").setLevel(logging.CRITICAL)  # what goes wrong is raised, in one line
        try:
            async with asyncio.timeout(CONNECT_TIMEOUT_S):
                await self._producer.start()
                cluster = await self._producer.client.fetch_all_metadata()
        except (KafkaError, OSError, TimeoutError) as error:
            await self._close()
            raise unreachable(self._broker, error) from error
        for topic in self._topics:
            self.partitions[topic] = tuple(sorted(cluster.partitions_for_topic(topic) or ()))
        if missing := [topic for topic, partitions in self.partitions.items() if not partitions]:
            await self._close()
            what = f"topic {', '.join(missing)} does not exist"
            raise BrokerError(self._broker, what, "run `kpi topics create`")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Waits for every acknowledgement; when cancelled a little; after another error not at all."""
        try:
            if kind is None:
                await self.flush()
            elif issubclass(kind, asyncio.CancelledError):
                with contextlib.suppress(TimeoutError, BrokerError):
                    async with asyncio.timeout(_FAREWELL_S):
                        await self.flush()
        finally:
            await self._close()

    async def put(self, record: Record) -> None:
        """Hand over one record; returns at once unless a batch is full."""
        topic, key = record.topic, record.key
        number = self._partition_of(topic, key) if record.partition is None else record.partition
        partition = topic, number
        batch = self._open.get(partition)
        if batch is None or not _append(batch, record):
            await self._send(partition)
            self._open[partition] = batch = self._producer.create_batch()
            _append(batch, record)
        self.counts[topic] += 1

    async def flush(self) -> None:
        """Send what waits and wait until the broker has acknowledged everything."""
        await self.push()
        while self._unacked:
            await self._acknowledged()

    async def push(self) -> None:
        """Send what waits, without waiting for its acknowledgement."""
        for partition in tuple(self._open):
            await self._send(partition)

    async def _send(self, partition: Partition) -> None:
        batch = self._open.pop(partition, None)
        if batch is None:
            return
        topic, number = partition
        try:
            future = await self._producer.send_batch(batch, topic, partition=number)
        except KafkaError as error:
            raise self._refused(partition, error) from error
        self._unacked.append((partition, future))
        if len(self._unacked) > _MAX_UNACKED:
            await self._acknowledged()

    async def _acknowledged(self) -> None:
        partition, future = self._unacked.popleft()
        try:
            async with asyncio.timeout(_DEAF_S):  # `wait_for` loses a cancellation that comes with the answer (3.11)
                await asyncio.shield(future)
        except (KafkaError, TimeoutError) as error:
            raise self._refused(partition, error) from error

    async def _close(self) -> None:
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(_FAREWELL_S):  # it would wait for the broker's return
                await self._producer.stop()
        await self._producer.client.close()

    def _refused(self, partition: Partition, error: KafkaError | TimeoutError) -> BrokerError:
        topic, number = partition
        if isinstance(error, MessageSizeTooLargeError):
            return BrokerError(
                f"{topic}-{number}", "a record is larger than the topic takes", "raise its max.message.bytes"
            )
        what = f"records were not acknowledged ({error or 'the broker is silent'})"
        return BrokerError(f"{topic}-{number} on {self._broker}", what, "see the broker's log and start again")

    def _by_key(self, topic: str, key: bytes | None) -> int:
        partitions = list(self.partitions[topic])
        return int(_choose(key, partitions, partitions))


def _append(batch: BatchBuilder, record: Record) -> bool:
    now_ms = time.time_ns() // 1_000_000  # Kafka's own timestamp is when it was published, never the event's
    headers = list(record.headers)
    return batch.append(key=record.key, value=record.value, timestamp=now_ms, headers=headers) is not None

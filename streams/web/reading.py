"""Reads the public topics into a desk, and looks how far the workers are. A broker that goes away is come back to."""

import asyncio
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Final

import structlog
from aiokafka import AIOKafkaConsumer, TopicPartition

from models.errors import BrokerError
from models.settings import Settings
from streams.publication import VALUES_TOPIC
from streams.tools.consumer import open_consumer
from streams.tools.group_lag import behind, open_group
from streams.tools.status import by_topic
from streams.web.desk import TOPICS, Desk

_LOG = structlog.get_logger("web")

POLL_MS: Final = 250
MAX_RECORDS: Final = 2_000  # some 20 ms of decoding between two answers
TAIL: Final = 200  # records at the end of a partition: they say how far time has come
FETCH_BYTES: Final = 512 * 1024  # of each partition held ahead
PEEK_BYTES: Final = 16 * 1024  # of what the workers read, only the oldest unread record is looked at
EVERY_S: Final = 1.0
PAUSE_S: Final = 2.0  # before a broker is tried again

Offsets = dict[TopicPartition, int]


@dataclass(slots=True)
class Reading:
    """`topics`: those that the workers read; `each_second` is called beside the desk's tick.

    `wrong`: what the broker does not do, None when all is well.
    """

    settings: Settings
    desk: Desk
    topics: tuple[str, ...]
    each_second: Callable[[], None]
    wrong: str | None = None
    _begun: bool = False
    _next: Offsets = field(default_factory=dict)

    def not_ready(self) -> list[str]:
        """Why what is known is not complete; empty when it is."""
        if self.wrong is not None:
            return [self.wrong]
        return [] if self.desk.caught_up else ["reading what was published"]

    async def run(self) -> None:
        """Until it is cancelled; BrokerError if there is no broker to begin with, or it has not the topics."""
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._again(self._follow))
                group.create_task(self._again(self._look))
                group.create_task(self._tick())
        except BaseExceptionGroup as failed:
            raise failed.exceptions[0] from None

    async def _again(self, attempt: Callable[[], Awaitable[None]]) -> None:
        while True:
            try:
                await attempt()
            except BrokerError as error:
                if not self._begun:
                    raise
                self.wrong = str(error)
                self.desk.pipeline.looked(None, None)
                _LOG.warning("the broker does not answer", why=str(error))
            await asyncio.sleep(PAUSE_S)

    async def _follow(self) -> None:
        async with open_consumer(self.settings, TOPICS, FETCH_BYTES) as (consumer, partitions):
            every = [partition for its in partitions.values() for partition in its]
            ends: Offsets = await consumer.end_offsets(every)
            if not self._next:
                await self._peek(consumer, partitions[VALUES_TOPIC], ends)
            await self._seek(consumer, every)
            self._begun, self.wrong = True, None
            while True:
                await self._read(consumer)
                if not self.desk.caught_up and not any([await consumer.position(one) < ends[one] for one in every]):
                    self.desk.catch_up()
                    _LOG.info("ready", records=sum(self.desk.read.values()))

    async def _read(self, consumer: AIOKafkaConsumer) -> None:
        fetched = await consumer.getmany(timeout_ms=POLL_MS, max_records=MAX_RECORDS)
        now_us, take = time.time_ns() // 1_000, self.desk.take
        for partition, records in fetched.items():
            for record in records:
                take(partition.topic, record.key, record.value, now_us)
            self._next[partition] = records[-1].offset + 1
        await asyncio.sleep(0)  # what is there already is handed over without a pause

    async def _peek(self, consumer: AIOKafkaConsumer, partitions: Sequence[TopicPartition], ends: Offsets) -> None:
        """The topic holds more than a year: what is older than is kept is then passed by its key."""
        starts: Offsets = await consumer.beginning_offsets(partitions)
        for partition in partitions:
            if ends[partition] > starts[partition]:
                consumer.seek(partition, max(starts[partition], ends[partition] - TAIL))
                fetched = await consumer.getmany(partition, timeout_ms=POLL_MS, max_records=TAIL)
                for record in fetched.get(partition, ()):
                    self.desk.store.note(record.key)

    async def _seek(self, consumer: AIOKafkaConsumer, partitions: Sequence[TopicPartition]) -> None:
        """Where it was, or to the start."""
        for partition in partitions:
            if partition in self._next:
                consumer.seek(partition, self._next[partition])
            else:
                await consumer.seek_to_beginning(partition)

    async def _look(self) -> None:
        async with open_group(self.settings, self.topics, PEEK_BYTES) as group:
            self.wrong = None
            while True:
                offsets, ends = await group.positions(self.topics)
                unread = behind(offsets, ends)
                oldest_ms = await group.oldest_unread_ms({one: offsets[one] for one in unread}) if unread else None
                freshness_s = 0.0 if oldest_ms is None else max(0.0, time.time() - oldest_ms / 1_000)
                self.desk.pipeline.looked(by_topic(unread, self.topics), freshness_s)
                await asyncio.sleep(EVERY_S)

    async def _tick(self) -> None:
        while True:
            self.each_second()
            self.desk.tick(time.time_ns() // 1_000)
            await asyncio.sleep(EVERY_S)

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
from streams.web import past
from streams.web.desk import TOPICS, Desk

_LOG = structlog.get_logger("web")

POLL_MS: Final = 250
MAX_RECORDS: Final = 2_000  # some 20 ms of decoding between two answers
FETCH_BYTES: Final = 2 * 1024 * 1024  # of each partition held ahead; smaller fetches wait for those of quiet topics
PIECE_BYTES: Final = 1024 * 1024  # of what is read of the past
PEEK_BYTES: Final = 16 * 1024  # of what the workers read, only the oldest unread record is looked at
EVERY_S: Final = 1.0
_DAY_S: Final = 86_400
PAUSE_S: Final = 2.0  # before a broker is tried again
SILENT_AFTER_S: Final = 30.0
"""A look waits 10 s for a broker, and is tried again after a pause."""

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
    _before: Offsets = field(default_factory=dict)  # values that were published before are read later
    _ready: asyncio.Event = field(default_factory=asyncio.Event)
    _read_s: float = field(default_factory=time.monotonic)
    _looked_s: float = field(default_factory=time.monotonic)

    def not_ready(self) -> list[str]:
        """Why what is known is not complete; empty when it is."""
        if self.wrong is not None:
            return [self.wrong]
        if not self.desk.caught_up:
            return ["reading what was published"]
        silent_s = time.monotonic() - min(self._read_s, self._looked_s)
        return [f"the broker has not answered for {silent_s:.0f} s"] if silent_s > SILENT_AFTER_S else []

    async def run(self) -> None:
        """Until it is cancelled; BrokerError if there is no broker to begin with, or it has not the topics."""
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(again(self._follow, self._lost, self.settings.broker))
                group.create_task(again(self._look, self._lost, self.settings.broker))
                group.create_task(again(self._fill, self._lost, self.settings.broker))
                group.create_task(self._tick())
        except BaseExceptionGroup as failed:
            raise failed.exceptions[0] from None

    def _lost(self, error: BrokerError) -> None:
        if not self._begun:
            raise error
        self.wrong = str(error)
        self.desk.pipeline.looked(None, None)
        _LOG.warning("the broker does not answer", why=str(error))

    async def _follow(self) -> None:
        async with open_consumer(self.settings, TOPICS, FETCH_BYTES) as (consumer, partitions):
            every = [partition for its in partitions.values() for partition in its]
            ends: Offsets = await consumer.end_offsets(every)
            await self._from(consumer, partitions[VALUES_TOPIC])
            self._begun, self.wrong = True, None
            while True:
                await self._read(consumer)
                if not self.desk.caught_up and not any([await consumer.position(one) < ends[one] for one in every]):
                    self.desk.catch_up()
                    self._ready.set()
                    _LOG.info("ready", records=sum(self.desk.read.values()))

    async def _read(self, consumer: AIOKafkaConsumer) -> None:
        fetched = await consumer.getmany(timeout_ms=POLL_MS, max_records=MAX_RECORDS)
        self._read_s = time.monotonic()
        now_us, take = time.time_ns() // 1_000, self.desk.take
        for partition, records in fetched.items():
            for record in records:
                take(partition.topic, record.key, record.value, now_us)
            self._next[partition] = records[-1].offset + 1
        await asyncio.sleep(0)  # what is there already is handed over without a pause

    async def _from(self, consumer: AIOKafkaConsumer, values: Sequence[TopicPartition]) -> None:
        """Where it was; at first, from the recent end of the values and the start of the rest."""
        if not self._next:
            self._before = await past.begin(consumer, values, time.time())
            self._next = dict(self._before)
        for partition in consumer.assignment():
            if partition in self._next:
                consumer.seek(partition, self._next[partition])
            else:
                await consumer.seek_to_beginning(partition)

    async def _fill(self) -> None:
        """Once: what was published before that; pages load anew with it."""
        await self._ready.wait()
        since_s = time.time() - self.settings.web_history_days * _DAY_S
        async with open_consumer(self.settings, [VALUES_TOPIC], PIECE_BYTES) as (consumer, _):
            records = await past.fill(consumer, self.desk.store, self._before, since_s)
        if records:
            self.desk.feed.reset()
        _LOG.info("history is read", records=records)
        await asyncio.Event().wait()  # there is no more to do

    async def _look(self) -> None:
        async with open_group(self.settings, self.topics, PEEK_BYTES) as group:
            self.wrong = None
            while True:
                offsets, ends = await group.positions(self.topics)
                unread = behind(offsets, ends)
                oldest_ms = await group.oldest_unread_ms({one: offsets[one] for one in unread}) if unread else None
                freshness_s = 0.0 if oldest_ms is None else max(0.0, time.time() - oldest_ms / 1_000)
                self.desk.pipeline.looked(by_topic(unread, self.topics), freshness_s)
                self._looked_s = time.monotonic()
                await asyncio.sleep(EVERY_S)

    async def _tick(self) -> None:
        while True:
            self.tick()
            await asyncio.sleep(EVERY_S)

    def tick(self) -> None:
        """What one file or record does to a tick is logged, and ends no page: the next second has its own."""
        for part in (self.each_second, lambda: self.desk.tick(time.time_ns() // 1_000)):
            try:
                part()
            except Exception:  # noqa: BLE001  of whatever a record or a file brings about
                _LOG.exception("a tick was broken off")


async def again(
    attempt: Callable[[], Awaitable[None]], lost: Callable[[BrokerError], None], broker: str, pause_s: float = PAUSE_S
) -> None:
    """Until it is cancelled; `lost` is told why an attempt ended, and may raise to end it all.

    What aiokafka (0.14.0) awaits while it stops may raise CancelledError. A task group takes that for a task that was
    cancelled, and says nothing: the others went on for ever without it.
    """
    while True:
        try:
            await attempt()
        except BrokerError as error:
            lost(error)
        except asyncio.CancelledError:
            task = asyncio.current_task()
            if task is None or task.cancelling():
                raise
            lost(BrokerError(broker, "reading was broken off", "see the broker's log"))
        await asyncio.sleep(pause_s)

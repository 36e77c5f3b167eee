"""Explains what `kpi notify` tells, from its own reading of `kpi-values`. It never holds up a page for long.

An alert and its values are committed together, so they are read within moments of each other. What is not read PATIENCE
after the alert was written is told without, and says so: a backlog waits for nothing. After a start what was published
before is read first, for START_PATIENCE at most.
"""

import asyncio
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Final

import structlog
from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.errors import KafkaError
from msgspec import MsgspecError

from alerting.explanation import FAULT, NOT_READ, NOTHING_BEFORE
from alerting.notification import Alert, Notification
from streams.delivering.figures import Figures
from streams.delivering.reasons import Reasons
from streams.publication import VALUES_TOPIC
from streams.rules_watch import LOOK_S, RulesWatch

_LOG = structlog.get_logger("kpi.notify")

PATIENCE_US: Final = 3_000_000
START_PATIENCE_US: Final = 10_000_000
POLL_MS: Final = 500
MAX_RECORDS: Final = 2_000  # some milliseconds of decoding between two pages


@dataclass(slots=True)
class Explaining:
    """`reasons` follow the file of rules by `watch`; `consumer` None: nothing is read, and nothing explained."""

    reasons: Reasons
    now_us: Callable[[], int]
    consumer: AIOKafkaConsumer | None = None
    watch: RulesWatch | None = None
    figures: Figures = field(default_factory=Figures)
    _read: asyncio.Event = field(default_factory=asyncio.Event)
    _caught_up: bool = False
    _begun_us: int = 0

    def __post_init__(self) -> None:
        self.figures.watch(self.reasons.kept_us)
        self._begun_us = self.now_us()

    def renew(self, reasons: Reasons) -> None:
        """Other rules."""
        self.reasons = reasons
        self.figures.watch(reasons.kept_us)

    async def run(self) -> None:
        """Reads until it is cancelled; a broker that does not answer leaves pages unexplained, and nothing else."""
        if self.consumer is None:
            return
        try:
            async with asyncio.TaskGroup() as group:
                group.create_task(self._follow(self.consumer))
                group.create_task(self._look())
        except* KafkaError as failed:
            _LOG.error("nothing is explained any more", why=repr(failed.exceptions[0]))
            self.consumer = None
            self._read.set()

    async def explained(self, notification: Notification, written_us: int) -> Notification:
        """With its explanation, or with why there is none; `written_us`: when its record was, by the wall clock."""
        try:
            return await self._explained(notification, written_us)
        except Exception as fault:  # noqa: BLE001  a mistake of ours keeps no page back
            _LOG.error("not explained", rule=notification.alert.rule, key=notification.key, exc_info=fault)
            return notification.without(FAULT)

    async def _explained(self, notification: Notification, written_us: int) -> Notification:
        while self._to_come(notification) and (left_us := self._until_us(written_us) - self.now_us()) > 0:
            self._read.clear()
            try:
                async with asyncio.timeout(left_us / 1e6):
                    await self._read.wait()
            except TimeoutError:
                break
        return self.at_once(notification)

    def at_once(self, notification: Notification) -> Notification:
        """By what is known now; as it is where there is nothing to explain."""
        alert = notification.alert
        if not self.reasons.asks(alert):
            return notification
        found = self.reasons.explained(alert, self.figures.at, self.figures.units.get(alert.kpi))
        if found is not None:
            return notification.explained(found)
        _LOG.info("not explained", rule=alert.rule, key=notification.key)
        return notification.without(NOTHING_BEFORE if self._known(alert) else NOT_READ)

    def take(self, records: Iterable[ConsumerRecord]) -> None:
        """Records of `kpi-values`, and whoever waits for them looks again."""
        now_us = self.now_us()
        for record in records:
            try:
                self.figures.take(record.key, record.value, now_us)
            except (MsgspecError, ValueError) as wrong:
                _LOG.error("malformed value", partition=record.partition, offset=record.offset, why=str(wrong))
        self._read.set()

    def _to_come(self, notification: Notification) -> bool:
        """Whether it is worth waiting: somebody reads, and not what is needed yet."""
        alert = notification.alert
        if self.consumer is None or not self.reasons.asks(alert):
            return False
        watched = (alert.kpi, alert.window) in self.figures.kept_us
        return watched and not (self._caught_up and self._known(alert))

    def _until_us(self, written_us: int) -> int:
        if self._caught_up:
            return written_us + PATIENCE_US
        return max(written_us + PATIENCE_US, self._begun_us + START_PATIENCE_US)

    def _known(self, alert: Alert) -> bool:
        end_us = int(alert.window_end.timestamp()) * 1_000_000 if alert.window_end else 0
        its = self.figures.at(alert.kpi, alert.window, end_us)
        return alert.segment in its.get(alert.dimension, {})

    async def _follow(self, consumer: AIOKafkaConsumer) -> None:
        ends = await self._begin(consumer)
        while True:
            fetched = await consumer.getmany(timeout_ms=POLL_MS, max_records=MAX_RECORDS)
            self.take(record for records in fetched.values() for record in records)
            if not self._caught_up and not any([await consumer.position(tp) < end for tp, end in ends.items()]):
                self._caught_up = True
                self._read.set()
                _LOG.info("explains", kinds=len(self.figures.kept_us), rows=self.figures.rows)

    async def _begin(self, consumer: AIOKafkaConsumer) -> Mapping[TopicPartition, int]:
        """Where it ends now. Begun where windows that are compared with were published: a topic holds a year."""
        consumer.subscribe([VALUES_TOPIC])
        while not consumer.assignment():
            await consumer.getmany(timeout_ms=POLL_MS)  # what it brings is read again from where it is begun
        partitions = sorted(consumer.assignment())
        back_us = max(self.figures.kept_us.values(), default=0)  # live, a window is published when it has ended
        since_ms = max(0, (self.now_us() - back_us) // 1_000)
        found = await consumer.offsets_for_times(dict.fromkeys(partitions, since_ms))
        for partition in partitions:
            at = found.get(partition)
            if at is None:
                await consumer.seek_to_end(partition)
            else:
                consumer.seek(partition, at.offset)
        ends: Mapping[TopicPartition, int] = await consumer.end_offsets(partitions)
        return ends

    async def _look(self) -> None:
        while self.watch is not None:
            self.watch.look()
            await asyncio.sleep(LOOK_S)

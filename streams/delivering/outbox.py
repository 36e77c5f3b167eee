"""`kpi-alerts` read for one receiver: of a partition in order, each offset committed after its delivery.

At least once: killed between delivery and commit, the next one delivers again, with the same key. A fingerprint has one
partition, so its order is kept; partitions are delivered side by side, so an alert the receiver hangs on holds up those
of its partition alone, and those for a day at most (`alerting.delivery.Backoff.patience_us`).
"""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import assert_never

import structlog
from aiokafka import AIOKafkaConsumer, ConsumerRebalanceListener, ConsumerRecord, TopicPartition
from aiokafka.errors import CommitFailedError, IllegalStateError

from alerting.delivery import Delivered, Expired, Refused
from alerting.notification import MalformedAlert, read_notification
from streams.delivering.dead_letters import DeadLetters
from streams.delivering.explaining import Explaining
from streams.delivering.metrics import Notifications, Outcome
from streams.delivering.post import Post
from streams.delivering.readiness import Readiness
from streams.publication_alerts import TOPIC

_LOG = structlog.get_logger("kpi.notify")

POLL_MS = 500
MAX_RECORDS = 100  # of a partition in one turn
MS_US = 1_000


@dataclass(slots=True)
class Outbox(ConsumerRebalanceListener):  # type: ignore[misc]  # untyped there
    """One receiver's way through the topic; who made them starts and stops the consumer and the producer."""

    consumer: AIOKafkaConsumer
    post: Post
    dead_letters: DeadLetters
    metrics: Notifications
    readiness: Readiness
    explaining: Explaining | None = None
    _lanes: dict[TopicPartition, asyncio.Task[None]] = field(default_factory=dict)
    _waiting: dict[TopicPartition, int] = field(default_factory=dict)  # since when (wall clock) its record is there

    def __post_init__(self) -> None:
        self._joining()

    async def run(self) -> None:
        """Until it is cancelled. One record of a partition at a time: a receiver that is down is asked by few."""
        self.consumer.subscribe([TOPIC], listener=self)
        async with asyncio.TaskGroup() as group:
            while True:
                fetched = await self.consumer.getmany(timeout_ms=POLL_MS, max_records=MAX_RECORDS)
                for partition, records in fetched.items():
                    self.consumer.pause(partition)
                    self._lanes[partition] = group.create_task(self._through(partition, records))

    async def on_partitions_revoked(self, revoked: Iterable[TopicPartition]) -> None:
        """Their new owner begins at what is committed."""
        self._joining()
        lanes = [lane for partition in revoked if (lane := self._lanes.pop(partition, None))]
        for lane in lanes:
            lane.cancel()
        await asyncio.gather(*lanes, return_exceptions=True)  # one that failed has ended the group already

    async def on_partitions_assigned(self, assigned: Iterable[TopicPartition]) -> None:  # noqa: ARG002  aiokafka's
        """They are read from what is committed; none, where another `kpi notify` has them all, is an answer too."""
        self.readiness.go(self.post.receiver)

    def _joining(self) -> None:
        self.readiness.wait(self.post.receiver, f"receiver {self.post.receiver}: joining its consumer group")

    async def _through(self, partition: TopicPartition, records: list[ConsumerRecord]) -> None:
        try:
            for record in records:
                self._waits(partition, record.timestamp * MS_US)
                await self._deliver(record)
                await self._commit(partition, record)
        finally:
            self._waits(partition, None)
        if partition in self.consumer.assignment():
            self.consumer.resume(partition)

    def _waits(self, partition: TopicPartition, since_us: int | None) -> None:
        if since_us is None:
            self._waiting.pop(partition, None)
        else:
            self._waiting[partition] = since_us
        self.metrics.waiting(self.post.receiver, min(self._waiting.values(), default=None))

    async def _deliver(self, record: ConsumerRecord) -> None:
        if record.value is None:  # a tombstone: the alert is forgotten, nobody is told
            return
        try:
            notification = read_notification(record.value)
        except MalformedAlert as wrong:
            await self._malformed(record, wrong)
            return
        if self.explaining is not None:
            notification = await self.explaining.explained(notification, record.timestamp * MS_US)
        try:
            answer = await self.post.deliver(notification, record.timestamp * MS_US)
        except Exception as fault:  # noqa: BLE001  a mistake of ours: after a restart the same, and nobody is told
            await self._faulted(record, fault)
            return
        match answer:
            case Delivered():
                self.metrics.delivered_after(self.post.receiver, self.post.now_us() - record.timestamp * MS_US)
            case Refused(status):
                await self.dead_letters.send(record, Outcome.REFUSED, status=status)
            case Expired(reason):
                await self.dead_letters.send(record, Outcome.EXPIRED, detail=reason.value)
            case _:
                assert_never(answer)

    async def _malformed(self, record: ConsumerRecord, wrong: MalformedAlert) -> None:
        receiver = self.post.receiver
        self.metrics.count(receiver, Outcome.MALFORMED)
        _LOG.error(
            "malformed alert", receiver=receiver, partition=record.partition, offset=record.offset, why=str(wrong)
        )
        await self.dead_letters.send(record, Outcome.MALFORMED, detail=str(wrong))

    async def _faulted(self, record: ConsumerRecord, fault: Exception) -> None:
        """What goes on is worth more than what is hung up on this one; it is kept, and can be sent again."""
        receiver = self.post.receiver
        self.metrics.count(receiver, Outcome.FAULT)
        _LOG.error("fault", receiver=receiver, partition=record.partition, offset=record.offset, exc_info=fault)
        await self.dead_letters.send(record, Outcome.FAULT, detail=repr(fault))

    async def _commit(self, partition: TopicPartition, record: ConsumerRecord) -> None:
        """A partition that was taken away meanwhile is its new owner's: that one delivers again, with the same key."""
        try:
            await self.consumer.commit({partition: record.offset + 1})
        except (CommitFailedError, IllegalStateError) as lost:
            _LOG.warning("not committed", receiver=self.post.receiver, offset=record.offset, why=type(lost).__name__)

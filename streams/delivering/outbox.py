"""`kpi-alerts` read for one receiver: in order, each offset committed after its delivery.

At least once: killed between delivery and commit, the next one delivers again, with the same key.
"""

from dataclasses import dataclass
from typing import assert_never

import structlog
from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.errors import CommitFailedError, IllegalStateError

from alerting.delivery import Delivered, Notification, Refused
from streams.delivering.dead_letters import DeadLetters
from streams.delivering.metrics import Notifications, Outcome
from streams.delivering.post import Post
from streams.publication_alerts import AlertRecord, MalformedAlert, read_alert

_LOG = structlog.get_logger("kpi.notify")


@dataclass(frozen=True, slots=True)
class Outbox:
    """One receiver's way through the topic; who made them starts and stops the consumer and the producer."""

    consumer: AIOKafkaConsumer
    post: Post
    dead_letters: DeadLetters
    metrics: Notifications

    async def run(self) -> None:
        """Until it is cancelled. One record at a time: order is kept, and a receiver that is down is asked by one."""
        async for record in self.consumer:
            await self._deliver(record)
            await self._commit(record)

    async def _deliver(self, record: ConsumerRecord) -> None:
        if record.value is None:  # a tombstone: the alert is forgotten, nobody is told
            return
        try:
            alert = read_alert(record.value)
        except MalformedAlert as wrong:
            await self._malformed(record, wrong)
            return
        answer = await self.post.deliver(notification(alert, record.value))
        match answer:
            case Delivered():
                return
            case Refused(status):
                await self.dead_letters.send(record, Outcome.REFUSED, status=status)
            case _:
                assert_never(answer)

    async def _malformed(self, record: ConsumerRecord, wrong: MalformedAlert) -> None:
        receiver = self.post.receiver
        self.metrics.count(receiver, Outcome.MALFORMED)
        _LOG.error(
            "malformed alert", receiver=receiver, partition=record.partition, offset=record.offset, why=str(wrong)
        )
        await self.dead_letters.send(record, Outcome.MALFORMED, detail=str(wrong))

    async def _commit(self, record: ConsumerRecord) -> None:
        """A partition that was taken away meanwhile is its new owner's: that one delivers again, with the same key."""
        partition = TopicPartition(record.topic, record.partition)
        try:
            await self.consumer.commit({partition: record.offset + 1})
        except (CommitFailedError, IllegalStateError) as lost:
            _LOG.warning("not committed", receiver=self.post.receiver, offset=record.offset, why=type(lost).__name__)


def notification(alert: AlertRecord, data: bytes) -> Notification:
    """What a notifier gets of a record."""
    at = alert.starts_at if alert.ends_at is None else alert.ends_at
    return Notification(
        fingerprint=alert.fingerprint,
        sequence=alert.sequence,
        state=alert.state,
        at=at.isoformat().replace("+00:00", "Z"),
        data=data,
    )

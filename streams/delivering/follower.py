"""`kpi-alerts` from its beginning, without a group: what fires now, after any restart."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field

import structlog
from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition

from alerting.notification import MalformedAlert, read_notification
from streams.delivering.explaining import Explaining
from streams.delivering.readiness import Readiness
from streams.delivering.resending import Resending
from streams.publication_alerts import TOPIC

_LOG = structlog.get_logger("kpi.notify")

POLL_MS = 500
MS_US = 1_000


@dataclass(slots=True)
class Follower:
    """Tells the Alertmanagers of each transition; `counted` gets the number of alerts that fire, by the topic."""

    consumer: AIOKafkaConsumer
    alertmanagers: tuple[Resending, ...]
    counted: Callable[[int], None]
    readiness: Readiness
    explaining: Explaining | None = None
    _firing: set[str] = field(default_factory=set)
    _next: dict[TopicPartition, int] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.readiness.wait(TOPIC, f"reading {TOPIC} for what fires now")

    async def run(self) -> None:
        """Reads what is there now, then begins the Alertmanagers' loops and goes on reading, until it is cancelled."""
        await self._catch_up()
        async with asyncio.TaskGroup() as group:
            for alertmanager in self.alertmanagers:
                group.create_task(alertmanager.run(), name=f"notify {alertmanager.receiver}")
            while True:
                await self._read()

    async def _catch_up(self) -> None:
        """Markers of transactions and aborted records take offsets, so the position, not the last record, tells."""
        self.consumer.subscribe([TOPIC])
        while not self.consumer.assignment():
            await self._read()
        ends = await self.consumer.end_offsets(self.consumer.assignment())
        while any([await self.consumer.position(partition) < end for partition, end in ends.items()]):
            await self._read()
        self.readiness.go(TOPIC)
        _LOG.info("read what fires", alerts=len(self._firing))

    async def _read(self) -> None:
        fetched = await self.consumer.getmany(timeout_ms=POLL_MS)
        self._heard()
        for partition, records in fetched.items():
            begun = self._next.get(partition, 0)  # new partitions make aiokafka read all of them from the beginning
            for record in records:
                if record.offset >= begun:
                    await self._guarded(record)
            self._next[partition] = max(begun, records[-1].offset + 1)
        if fetched:
            self.counted(len(self._firing))
            for alertmanager in self.alertmanagers:
                alertmanager.heard()

    def _heard(self) -> None:
        """An answer without records is one too: the broker gives one every half second."""
        consumer = self.consumer
        answers_ms = [consumer.last_poll_timestamp(partition) for partition in consumer.assignment()]
        if known := [at_ms for at_ms in answers_ms if at_ms]:
            self.readiness.heard(max(known) * MS_US)

    async def _guarded(self, record: ConsumerRecord) -> None:
        """One that we cannot take is left out: it would come again after every restart, and nobody would be told."""
        try:
            await self._take(record)
        except Exception as fault:  # noqa: BLE001  a mistake of ours; reading is not within
            _LOG.error("fault", partition=record.partition, offset=record.offset, exc_info=fault)
            for alertmanager in self.alertmanagers:
                alertmanager.faulted()

    async def _take(self, record: ConsumerRecord) -> None:
        at_us = record.timestamp * MS_US
        if record.value is None:
            fingerprint = (record.key or b"").decode("utf-8", "replace")
            self._firing.discard(fingerprint)
            for alertmanager in self.alertmanagers:
                alertmanager.forget(fingerprint, record, at_us)
            return
        try:
            notification = read_notification(record.value)
        except MalformedAlert as wrong:  # at every start again: no dead letter, receivers with a group write one
            _LOG.error("malformed alert", partition=record.partition, offset=record.offset, why=str(wrong))
            for alertmanager in self.alertmanagers:
                alertmanager.malformed()
            return
        if self.explaining is not None:
            notification = await self.explaining.explained(notification, at_us)
        alert = notification.alert
        (self._firing.add if alert.firing else self._firing.discard)(alert.fingerprint)
        for alertmanager in self.alertmanagers:
            alertmanager.take(notification, record, at_us)

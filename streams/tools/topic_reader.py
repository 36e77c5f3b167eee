"""Reading a topic in bulk: what is committed by now, then what comes."""

import time
from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition

from models.errors import BrokerError
from models.settings import Settings
from streams.tools.consumer import open_consumer

Batch = list[ConsumerRecord]
Ends = Mapping[TopicPartition, int]

_POLL_MS = 200
_DEAF_S = 20.0  # without progress; a read takes turns of 4 MiB, milliseconds each


@dataclass(frozen=True, slots=True)
class TopicReader:
    """An open topic, from `open_topic`. Records come in batches, of a partition in their order."""

    consumer: AIOKafkaConsumer
    partitions: tuple[TopicPartition, ...]
    broker: str

    async def ends(self) -> Ends:
        """Where committed records end now (last stable offsets)."""
        ends: Ends = await self.consumer.end_offsets(self.partitions)
        return ends

    async def rewind(self) -> None:
        """Read from the start again."""
        await self.consumer.seek_to_beginning(*self.partitions)

    async def to_end(self, ends: Ends | None = None) -> AsyncIterator[Batch]:
        """Batches up to `ends` (None: as they are now), never beyond; the position is then there.

        BrokerError when the broker falls silent.
        """
        ends = await self.ends() if ends is None else ends
        heard_s = time.monotonic()
        before: list[int] = []
        while waited := await self._behind(ends):
            for partition, batch in (await self.consumer.getmany(*waited, timeout_ms=_POLL_MS)).items():
                within = [record for record in batch if record.offset < ends[partition]]
                if within:
                    yield within
            now = [await self.consumer.position(partition) for partition in waited]
            if now != before:
                heard_s, before = time.monotonic(), now
            elif time.monotonic() - heard_s > _DEAF_S:
                what = f"nothing came for {_DEAF_S:.0f} s"
                raise BrokerError(self.broker, what, "see the broker's log and try again")
        for partition, end in ends.items():
            if await self.consumer.position(partition) > end:
                self.consumer.seek(partition, end)

    async def follow(self, every_s: float) -> AsyncIterator[Batch]:
        """What comes after the position, for ever; an empty batch after `every_s` of silence."""
        while True:
            fetched = await self.consumer.getmany(timeout_ms=round(every_s * 1000))
            yield [record for batch in fetched.values() for record in batch]

    async def _behind(self, ends: Ends) -> list[TopicPartition]:
        """Transaction markers and aborted records take offsets, so the position, not the last record, tells."""
        return [partition for partition, end in ends.items() if await self.consumer.position(partition) < end]


@asynccontextmanager
async def open_topic(settings: Settings, topic: str) -> AsyncIterator[TopicReader]:
    """The topic from its start; raises as open_consumer."""
    async with open_consumer(settings, [topic]) as (consumer, partitions):
        yield TopicReader(consumer, partitions[topic], settings.broker)


async def last_by_key(settings: Settings, topic: str) -> dict[bytes | None, bytes]:
    """The last value of every key, deleted ones left out: a compacted topic as a table."""
    rows: dict[bytes | None, bytes] = {}
    async with open_topic(settings, topic) as reader:
        async for batch in reader.to_end():
            for record in batch:
                if record.value is None:
                    rows.pop(record.key, None)
                else:
                    rows[record.key] = record.value
    return rows

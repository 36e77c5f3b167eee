"""Topics of which every worker reads all: what is the same for every task, and too little to be shared out."""

import asyncio
from collections.abc import AsyncIterator, Callable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition

from models.stage import Incoming

CHUNK = 2_000
"""Records handed over in one turn of the event loop, some 10 ms."""

WAIT_MS = 1_000


@dataclass(frozen=True, slots=True)
class Broadcast:
    """A topic of so many `partitions`. `take` gets each record, in the order of its partition, and may not raise."""

    topic: str
    partitions: int
    take: Callable[[Incoming], None]


class BroadcastReader:
    """Reads broadcasts from their start and goes on: no group, no positions, only what is committed."""

    def __init__(self, broadcasts: Sequence[Broadcast], client: Mapping[str, Any]) -> None:
        """`client`: keyword arguments of any aiokafka client."""
        self._client = client
        self._takes = {TopicPartition(one.topic, p): one.take for one in broadcasts for p in range(one.partitions)}
        self._read = asyncio.Event()

    async def ready(self) -> None:
        """Wait until everything that was committed when `run` began has been handed over."""
        if self._takes:
            await self._read.wait()

    async def run(self) -> None:
        """Read until cancelled. Any error is final: what was not read is not known."""
        if self._takes:
            async with _consumer(self._client) as consumer:
                await self.follow(consumer)

    async def follow(self, consumer: AIOKafkaConsumer) -> None:
        """Read with a consumer of our own, as `run` does."""
        consumer.assign(list(self._takes))
        await consumer.seek_to_beginning()
        ends = await consumer.end_offsets(list(self._takes))
        while behind := [tp for tp, end in ends.items() if await consumer.position(tp) < end]:
            await self._hand_over(consumer, *behind)
        self._read.set()
        while True:
            await self._hand_over(consumer)

    async def _hand_over(self, consumer: AIOKafkaConsumer, *of: TopicPartition) -> None:
        fetched = await consumer.getmany(*of, timeout_ms=WAIT_MS, max_records=CHUNK)
        for tp, records in fetched.items():
            take = self._takes[tp]
            for record in records:
                take(record)
        await asyncio.sleep(0)  # what is fetched already is given without a turn of the event loop


@asynccontextmanager
async def _consumer(client: Mapping[str, Any]) -> AsyncIterator[AIOKafkaConsumer]:
    consumer = AIOKafkaConsumer(
        **client, isolation_level="read_committed", enable_auto_commit=False, auto_offset_reset="earliest"
    )
    await consumer.start()
    try:
        yield consumer
    finally:
        await consumer.stop()

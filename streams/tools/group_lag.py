"""How far the consumer group of the workers is behind the topics it reads."""

import asyncio
import logging
import time
from collections.abc import AsyncIterator, Iterable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass

from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError

from models.settings import Settings
from streams.connection import client_options
from streams.tools.consumer import FETCH_BYTES, REQUEST_TIMEOUT_MS, Partitions, open_consumer

PATIENCE_S = 2.0
"""For the committed offsets to reach ends of one moment: a marker at the end is passed at the next tick, after 1 s."""

_LOOK_EVERY_S = 0.1
_COORDINATOR_S = 10.0  # a fresh broker makes its topic of offsets when first asked
_FETCH_MS = 1_000

Offsets = dict[TopicPartition, int]


@dataclass(frozen=True, slots=True)
class GroupLag:
    """An open view of a group; what it raises becomes the BrokerError of `open_group`."""

    group: str
    consumer: AIOKafkaConsumer
    admin: AIOKafkaAdminClient
    partitions: Partitions

    async def positions(self, topics: Iterable[str]) -> tuple[Offsets, Offsets]:
        """Where the group is and where the topics' committed records ended when this was called.

        The ends first, then the offsets, for as long as they are behind, at most PATIENCE_S: ticks write something
        every second, so two numbers of one moment would never agree.
        """
        wanted = [partition for topic in topics for partition in self.partitions[topic]]
        starts: Offsets = await self.consumer.beginning_offsets(wanted)
        ends: Offsets = await self.consumer.end_offsets(wanted)
        deadline_s = time.monotonic() + PATIENCE_S
        while True:
            committed = await self._committed()
            offsets = {partition: max(start, committed.get(partition, 0)) for partition, start in starts.items()}
            if not behind(offsets, ends) or time.monotonic() > deadline_s:
                return offsets, ends
            await asyncio.sleep(_LOOK_EVERY_S)

    async def oldest_unread_ms(self, offsets: Mapping[TopicPartition, int]) -> int | None:
        """The least broker timestamp of the records at these offsets, ms since 1970; None: no record is there."""
        for partition, offset in offsets.items():
            self.consumer.seek(partition, offset)
        found: list[int] = []
        for partition in offsets:
            fetched = await self.consumer.getmany(partition, timeout_ms=_FETCH_MS, max_records=1)
            found += (record.timestamp for records in fetched.values() for record in records)
        return min(found, default=None)

    async def _committed(self) -> Offsets:
        deadline_s = time.monotonic() + _COORDINATOR_S
        while True:
            try:
                found = await self.admin.list_consumer_group_offsets(self.group)
            except KafkaError as error:
                if not error.retriable or time.monotonic() > deadline_s:
                    raise
                await asyncio.sleep(_LOOK_EVERY_S)
            else:
                return {partition: known.offset for partition, known in found.items()}


def behind(offsets: Mapping[TopicPartition, int], ends: Mapping[TopicPartition, int]) -> Offsets:
    """Records not read yet, of the partitions that have some."""
    return {partition: end - offsets[partition] for partition, end in ends.items() if end > offsets[partition]}


@asynccontextmanager
async def open_group(
    settings: Settings, topics: Iterable[str], fetch_bytes: int = FETCH_BYTES
) -> AsyncIterator[GroupLag]:
    """The group of the workers on these topics; holds and raises as open_consumer."""
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    async with open_consumer(settings, topics, fetch_bytes) as (consumer, partitions):
        admin = AIOKafkaAdminClient(**client_options(settings), request_timeout_ms=REQUEST_TIMEOUT_MS)
        try:
            await admin.start()
            yield GroupLag(settings.app_id, consumer, admin, partitions)
        finally:
            await admin.close()

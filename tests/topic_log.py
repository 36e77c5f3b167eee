"""Topics of a test's own on a real broker: made empty, read back whole."""

import uuid
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass

from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, NewTopic


def fresh(name: str) -> str:
    """A topic name that no other test has."""
    return f"{name}-{uuid.uuid4().hex[:8]}"


async def create(bootstrap: str, names: Iterable[str], partitions: int, **configs: str) -> None:
    """Make topics that are not there yet; `max_message_bytes="..."` is the config max.message.bytes."""
    topic_configs = {key.replace("_", "."): value for key, value in configs.items()}
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    try:
        there = set(await admin.list_topics())
        new = [NewTopic(n, partitions, 1, topic_configs=topic_configs) for n in names if n not in there]
        await admin.create_topics(new)
    finally:
        await admin.close()


@dataclass(frozen=True, slots=True)
class Ends:
    """Where partitions end now: what is published after it is read from here."""

    offsets: dict[TopicPartition, int]

    @classmethod
    async def of(cls, bootstrap: str, topics: Iterable[str]) -> "Ends":
        async with AIOKafkaConsumer(bootstrap_servers=bootstrap) as consumer:
            cluster = await consumer._client.fetch_all_metadata()
            found = [TopicPartition(t, p) for t in topics for p in cluster.partitions_for_topic(t) or ()]
            return cls(await consumer.end_offsets(found))


async def read(bootstrap: str, since: Ends) -> dict[TopicPartition, list[ConsumerRecord]]:
    """All records after `since`, by partition in their order."""
    records: dict[TopicPartition, list[ConsumerRecord]] = defaultdict(list)
    async with AIOKafkaConsumer(bootstrap_servers=bootstrap, auto_offset_reset="earliest") as consumer:
        ends = await consumer.end_offsets(list(since.offsets))
        waited = [partition for partition, end in ends.items() if end > since.offsets[partition]]
        consumer.assign(waited)
        for partition in waited:
            consumer.seek(partition, since.offsets[partition])
        while any([await consumer.position(partition) < ends[partition] for partition in waited]):
            for partition, batch in (await consumer.getmany(timeout_ms=200)).items():
                records[partition] += batch
    return records

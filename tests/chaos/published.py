"""What the workers have published, read from the broker as a subscriber would: committed records only."""

import asyncio
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal

import msgspec
from aiokafka import AIOKafkaConsumer, ConsumerRecord, TopicPartition

from chaos.oracle import CellKey, Figure, Figures
from chaos.traffic import TOPICS


class Value(msgspec.Struct):
    """The fields of a record of `kpi-values` that are compared."""

    kpi: str
    window: str
    start: str
    dimension: str
    segment: str
    unit: str
    numerator: int | str
    denominator: int | None
    status: str
    revision: int

    @property
    def key(self) -> CellKey:
        return CellKey(self.kpi, self.window, self.start, self.dimension, self.segment)

    @property
    def figure(self) -> Figure:
        return int(Decimal(self.numerator) * (100 if self.unit == "money" else 1)), self.denominator


_decode = msgspec.json.Decoder(Value).decode


@dataclass
class Published:
    """All of it. `ends`: records in each input topic, heartbeats too; `aborted`: deltas of transactions that failed."""

    values: list[Value]
    letters: list[ConsumerRecord]
    ends: dict[str, int]
    aborted: int

    @classmethod
    async def read(cls, bootstrap: str) -> "Published":
        values = await _records(bootstrap, "kpi-values")
        letters = await _records(bootstrap, "kpi-dead-letters")
        deltas = [
            len(await _records(bootstrap, "kpi-deltas", level)) for level in ("read_uncommitted", "read_committed")
        ]
        decoded = [_decode(record.value) for record in values]
        return cls(decoded, letters, await _ends(bootstrap), deltas[0] - deltas[1])

    def last(self) -> dict[CellKey, Value]:
        """The last revision of every window."""
        return {value.key: value for value in self.values}

    def figures(self) -> Figures:
        """What is not 0."""
        last = ((key, value.figure) for key, value in self.last().items())
        return {key: figure for key, figure in last if any(figure)}

    def disordered(self) -> Iterator[str]:
        """Series' windows whose revisions are not 1, 2, 3, ... in the order they were published."""
        revisions: dict[CellKey, list[int]] = defaultdict(list)
        for value in self.values:
            revisions[value.key].append(value.revision)
        for key, found in revisions.items():
            if found != list(range(1, len(found) + 1)):
                yield f"{'|'.join(key)}: revisions {found}"

    def count(self, status: str) -> int:
        return sum(value.status == status for value in self.values)


async def _records(bootstrap: str, topic: str, isolation: str = "read_committed") -> list[ConsumerRecord]:
    """Every record of a topic, partition by partition in its order."""
    found: dict[TopicPartition, list[ConsumerRecord]] = defaultdict(list)
    async with AIOKafkaConsumer(
        bootstrap_servers=bootstrap, isolation_level=isolation, auto_offset_reset="earliest", fetch_max_wait_ms=100
    ) as consumer:
        cluster = await consumer._client.fetch_all_metadata()
        partitions = [TopicPartition(topic, number) for number in cluster.partitions_for_topic(topic)]
        consumer.assign(partitions)
        await asyncio.sleep(0)  # its tasks begin: to stop one that has not raises CancelledError (aiokafka 0.14.0)
        ends = await consumer.end_offsets(partitions)
        while waited := [one for one in partitions if await consumer.position(one) < ends[one]]:
            for partition, batch in (await consumer.getmany(*waited, timeout_ms=500)).items():
                found[partition] += batch
    return [record for records in found.values() for record in records]


async def _ends(bootstrap: str) -> dict[str, int]:
    async with AIOKafkaConsumer(bootstrap_servers=bootstrap) as consumer:
        cluster = await consumer._client.fetch_all_metadata()
        names = {t: [TopicPartition(t, number) for number in cluster.partitions_for_topic(t)] for t in TOPICS}
        return {topic: sum((await consumer.end_offsets(its)).values()) for topic, its in names.items()}

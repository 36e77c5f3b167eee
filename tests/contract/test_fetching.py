"""Records taken by the batch are those that aiokafka's own consumer gives, one by one."""

import gc
from collections.abc import Sequence
from typing import Any

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.consumer import fetcher as aiokafka_fetcher
from aiokafka.consumer.fetcher import FetchResult
from aiokafka.record.memory_records import MemoryRecords

import topic_log
import transaction
from models.stage import Outgoing
from streams.engine.fetching import read_by_kernel, take_by_batch
from streams.native import INSTALLED
from streams.tools.broker import EmbeddedKafka

pytestmark = [pytest.mark.broker, pytest.mark.asyncio]

NATIVE = pytest.param(True, marks=pytest.mark.skipif(not INSTALLED, reason="no kpi_kernel"))
PLAIN, SOME = (None, None), (None, "gzip")
Record = tuple[int, int, bytes | None, bytes | None, tuple[tuple[str, bytes], ...]]


async def filled(bootstrap: str, compressions: Sequence[str | None]) -> TopicPartition:
    """A log of plain or compressed, committed and aborted batches, with nulls and headers."""
    target = TopicPartition(topic_log.fresh("mixed"), 0)
    await topic_log.create(bootstrap, [target.topic], 1)
    for compression in compressions:
        async with AIOKafkaProducer(
            bootstrap_servers=bootstrap, linger_ms=20, compression_type=compression
        ) as producer:
            for number in range(20):
                await producer.send(target.topic, b"%d" % number, b"plain", headers=[("n", b"%d" % number)])
    for turn in range(6):
        records = [Outgoing(target.topic, 0, b"k", None if number == 2 else b"%d" % number) for number in range(5)]
        await transaction.commit(bootstrap, records, abort=turn in (1, 2, 5))
    return target


async def read(
    bootstrap: str, target: TopicPartition, start: int, isolation: str, *, by_batch: bool
) -> tuple[list[Record], int]:
    """Everything from an offset, and where the next fetch begins."""
    found: list[Record] = []
    options: dict[str, Any] = {"isolation_level": isolation, "enable_auto_commit": False}
    async with AIOKafkaConsumer(bootstrap_servers=bootstrap, **options) as consumer:
        if by_batch:
            take_by_batch(consumer._fetcher)
        consumer.assign([target])
        consumer.seek(target, start)
        end = (await consumer.end_offsets([target]))[target]
        while await consumer.position(target) < end:
            for records in (await consumer.getmany(timeout_ms=200)).values():
                found += ((r.offset, r.timestamp, r.key, r.value, tuple(r.headers)) for r in records)
        return found, await consumer.position(target)


async def test_what_was_taken_is_no_work_for_the_collector(broker: EmbeddedKafka) -> None:
    target = await filled(broker.bootstrap, PLAIN)
    gc.collect()
    gc.disable()
    try:
        found, _ = await read(broker.bootstrap, target, 0, "read_committed", by_batch=True)
        left = [one for one in gc.get_objects() if type(one) is FetchResult]
    finally:
        gc.enable()
    assert (len(found), left) == (55, [])


@pytest.mark.parametrize("native", [False, NATIVE])
@pytest.mark.parametrize("compressions", [PLAIN, SOME])
@pytest.mark.parametrize("isolation", ["read_committed", "read_uncommitted"])
async def test_both_ways_read_the_same(
    broker: EmbeddedKafka, isolation: str, compressions: Sequence[str | None], native: object, monkeypatch: Any
) -> None:
    """By the kernel where it can: a fetch with a compressed batch is aiokafka's."""
    monkeypatch.setattr(
        aiokafka_fetcher, "MemoryRecords", MemoryRecords
    )  # put back afterwards: it is the whole process's
    if native:
        read_by_kernel()
    target = await filled(broker.bootstrap, compressions)
    counts = set()
    for start in (0, 7, 33, 41):  # batches begin before most of them
        stock = await read(broker.bootstrap, target, start, isolation, by_batch=False)
        assert await read(broker.bootstrap, target, start, isolation, by_batch=True) == stock
        counts.add(len(stock[0]))
    assert max(counts) == (55 if isolation == "read_committed" else 70)

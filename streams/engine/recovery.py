"""Bulk reading of changelogs: the state of tasks as of their last committed transaction."""

import asyncio
import time
from collections import defaultdict
from collections.abc import AsyncIterator, Mapping, Sequence
from contextlib import asynccontextmanager
from typing import Any

from aiokafka import AIOKafkaConsumer, TopicPartition

from models.errors import EngineFault
from models.restoring import restore_all
from models.table import Change, ChangeLogged
from streams.engine.fetching import take_by_batch
from streams.native import INSTALLED

if INSTALLED:
    import kpi_kernel

MAX_PARTITION_BYTES = 1024 * 1024
"""Small: records of 8 MiB a partition are out of the cache before they are applied (5.2 s a million rows, now 4.4)."""
MAX_FETCH_BYTES = 64 * 1024 * 1024
CHUNK = 2_000
"""Rows applied in one turn of the event loop, some 10 ms."""


async def restore(
    tables: Mapping[TopicPartition, Sequence[ChangeLogged]], client: Mapping[str, Any]
) -> tuple[int, float]:
    """Read each changelog partition up to its last stable offset into its tables; records read and seconds.

    The previous owner has to be fenced before, or its last transaction is missing. EngineFault if it is fenced and its
    last transaction is open all the same.
    """
    began_s, count = time.perf_counter(), 0
    by_name = {tp: {table.name.encode(): table for table in its} for tp, its in tables.items()}
    async with _consumer(client, "read_uncommitted") as consumer:
        written = await consumer.end_offsets(list(tables))
    async with _consumer(client, "read_committed") as consumer:
        take_by_batch(consumer._fetcher)
        consumer.assign(list(tables))
        ends = await consumer.end_offsets(list(tables))
        _check_finished(ends, written)
        await consumer.seek_to_beginning()
        while todo := [tp for tp in tables if await consumer.position(tp) < ends[tp]]:
            for tp, records in (await consumer.getmany(*todo, timeout_ms=1000)).items():
                count += len(records)
                for start in range(0, len(records), CHUNK):
                    take_back(by_name[tp], tp, records[start : start + CHUNK])
                    await asyncio.sleep(0)  # a million rows take seconds: heartbeats and probes go on
    return count, time.perf_counter() - began_s


@asynccontextmanager
async def _consumer(client: Mapping[str, Any], isolation: str) -> AsyncIterator[AIOKafkaConsumer]:
    consumer = AIOKafkaConsumer(
        **client,
        isolation_level=isolation,
        enable_auto_commit=False,
        auto_offset_reset="earliest",
        max_partition_fetch_bytes=MAX_PARTITION_BYTES,
        fetch_max_bytes=MAX_FETCH_BYTES,
        fetch_max_wait_ms=100,
    )
    await consumer.start()
    try:
        yield consumer
    finally:
        await consumer.stop()


def _check_finished(stable: Mapping[TopicPartition, int], written: Mapping[TopicPartition, int]) -> None:
    """Only the task writes its changelog, and who is fenced has no open transaction: Kafka lost its end (hanging.py).

    Here only where it could not be looked for. Going on would read the same records again, and the next commit would
    make both visible.
    """
    for tp, end in written.items():
        if stable[tp] < end:
            raise EngineFault(
                f"{tp.topic}/{tp.partition}: the transaction at offset {stable[tp]} has no end, the broker lost it; "
                "allow the worker Read on the topics it writes to, or end it with Kafka's kafka-transactions.sh "
                "(find-hanging, abort)"
            )


def take_back(by_name: Mapping[bytes, ChangeLogged], tp: TopicPartition, records: Sequence[Any]) -> None:
    """Give changelog records to their tables, oldest first; the order between tables is nobody's business.

    Raises EngineFault on a table or a format that this program does not know.
    """
    for name, its in _by_table(records).items():
        table = by_name.get(name)
        if table is None:
            raise EngineFault(f"{tp.topic}/{tp.partition}: a row of table {name.decode()}, which this program has not")
        restore_all(table, its)


def _by_table(records: Sequence[Any]) -> Mapping[bytes, Sequence[Change]]:
    if INSTALLED and isinstance(records, kpi_kernel.Records):
        return records.by_table()
    changes: dict[bytes, list[Change]] = defaultdict(list)
    for record in records:
        name, _, key = (record.key or b"").partition(b"|")
        changes[name].append((key, record.value))
    return changes

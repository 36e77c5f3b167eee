"""A transaction whose end markers are missing, made by hand, and what can be seen of it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.conn import CloseReason

import transaction
from streams.engine.hanging import OFFSETS_TOPIC
from streams.engine.transaction import Snapshot, TransactionalWriter
from streams.engine.transaction_log import partition_of
from streams.engine.transaction_requests import DescribeProducersRequest
from streams.tools.broker import EmbeddedKafka

ENDED, HANGING, OPEN, NEXT = b"ended", b"hanging", b"open", b"next"
OFFSETS = TopicPartition(OFFSETS_TOPIC, partition_of("group", 4))
"""Of the group of every writer here; our own Kafka has 4 partitions of them."""


@asynccontextmanager
async def writing(lax: EmbeddedKafka, name: str, target: TopicPartition) -> AsyncIterator[TransactionalWriter]:
    writer = transaction.writer(lax.bootstrap, name, target)
    try:
        await writer.start()
        yield writer
    finally:
        await writer.close()


async def write(writer: TransactionalWriter, target: TopicPartition, value: bytes, offset: int = 0) -> None:
    await writer.write(Snapshot({target: [(b"k", value, ())]}, {target: offset}), lambda _: None)


async def values(lax: EmbeddedKafka, target: TopicPartition) -> list[bytes | None]:
    """What is committed before whatever is open."""
    async with AIOKafkaConsumer(bootstrap_servers=lax.bootstrap, isolation_level="read_committed") as reader:
        reader.assign([target])
        await reader.seek_to_beginning()
        end, found = (await reader.end_offsets([target]))[target], []
        while await reader.position(target) < end:
            for records in (await reader.getmany(timeout_ms=200)).values():
                found += [record.value for record in records]
        return found


async def open_in(writer: TransactionalWriter, *tps: TopicPartition) -> set[TopicPartition]:
    """Where its producer has a transaction that did not end."""
    producer = writer._producer
    (node,) = producer.client.cluster.brokers()
    answer = await producer.client.send(node.nodeId, DescribeProducersRequest(tps))
    mine = producer._txn_manager.producer_id
    return {one.tp for one in answer.open_transactions() if one.producer_id == mine}


async def committed(lax: EmbeddedKafka, target: TopicPartition) -> int | None:
    async with AIOKafkaConsumer(bootstrap_servers=lax.bootstrap, group_id="group") as reader:
        offset: int | None = await reader.committed(target)
        return offset


async def leave_hanging(lax: EmbeddedKafka, writer: TransactionalWriter, target: TopicPartition) -> None:
    """Write as this producer after the end of its transaction, as if the marker had been skipped."""
    theirs = writer._producer._txn_manager
    late = AIOKafkaProducer(bootstrap_servers=lax.bootstrap, transactional_id=theirs.transactional_id)
    mine = late._txn_manager
    mine.set_pid_and_epoch(theirs.producer_id, theirs.producer_epoch)
    mine.increment_sequence_number(target, theirs.sequence_number(target))
    await late.start()
    await late.begin_transaction()
    mine._txn_partitions.add(target)
    mine.consumer_group_added("group")
    await late.send_offsets_to_transaction({target: 7}, "group")
    await late.send_and_wait(target.topic, HANGING, partition=target.partition)
    await late.stop()
    assert await open_in(writer, target, OFFSETS) == {target, OFFSETS}


async def leave_open(writer: TransactionalWriter, target: TopicPartition) -> None:
    producer = writer._producer
    await producer.begin_transaction()
    await producer.send_and_wait(target.topic, OPEN, partition=target.partition)


def cut(writer: TransactionalWriter) -> None:
    for connection in list(writer._producer.client._conns.values()):
        connection.close(reason=CloseReason.CONNECTION_BROKEN)


async def until_ended(writer: TransactionalWriter, target: TopicPartition) -> None:
    """A commit returns before its markers are written."""
    while await open_in(writer, target, OFFSETS):
        await asyncio.sleep(0.05)

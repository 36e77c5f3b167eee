"""A transaction whose end markers Kafka lost, on a broker that lets a late record into a partition without asking.

That a broker really loses them is seen in tests/chaos: it takes a crash between a decision and its markers.
"""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import pytest
import pytest_asyncio
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.conn import CloseReason

import topic_log
import transaction
from models.errors import EngineFault
from streams.engine.transaction import CommitStep, Snapshot, TransactionalWriter
from streams.tools.broker import EmbeddedKafka
from streams.tools.kafka_installation import Installation

pytestmark = [pytest.mark.broker, pytest.mark.asyncio]

ENDED, HANGING, NEXT = b"ended", b"hanging", b"next"


@pytest.fixture(scope="module")
def lax(installation: Installation, tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedKafka]:
    """A broker that does not verify that a partition is in the transaction of what is written there."""
    unverified = {"transaction.partition.verification.enable": "false"}
    with EmbeddedKafka(installation, tmp_path_factory.mktemp("lax"), overrides=unverified) as kafka:
        yield kafka


@pytest_asyncio.fixture
async def target(lax: EmbeddedKafka) -> TopicPartition:
    topic = topic_log.fresh("target")
    await topic_log.create(lax.bootstrap, [topic], 2)
    return TopicPartition(topic, 0)


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


async def ends(lax: EmbeddedKafka, target: TopicPartition) -> tuple[int, int]:
    """Of what is committed, and of all."""
    found = []
    for isolation in ("read_committed", "read_uncommitted"):
        async with AIOKafkaConsumer(bootstrap_servers=lax.bootstrap, isolation_level=isolation) as reader:
            found.append((await reader.end_offsets([target]))[target])
    return found[0], found[1]


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
    stable, written = await ends(lax, target)
    assert stable == written - 1


async def committed(lax: EmbeddedKafka, target: TopicPartition) -> int | None:
    async with AIOKafkaConsumer(bootstrap_servers=lax.bootstrap, group_id="group") as reader:
        offset: int | None = await reader.committed(target)
        return offset


async def test_a_commit_whose_end_was_lost_is_one_when_the_task_is_opened_again(
    lax: EmbeddedKafka, target: TopicPartition
) -> None:
    name = topic_log.fresh("task")
    async with writing(lax, name, target) as first:
        await write(first, target, ENDED)
        await until_ended(lax, target)
        await leave_hanging(lax, first, target)
        async with writing(lax, name, target) as second:
            assert await values(lax, target) == [ENDED, HANGING]
            assert await committed(lax, target) == 7, "offsets hang as records do"
            await write(second, target, NEXT)
    assert await values(lax, target) == [ENDED, HANGING, NEXT]


async def test_an_abort_whose_end_was_lost_is_none_of_the_next_commit(
    lax: EmbeddedKafka, target: TopicPartition
) -> None:
    name = topic_log.fresh("task")
    async with writing(lax, name, target) as first:
        producer = first._producer
        await producer.begin_transaction()
        await producer.send_offsets_to_transaction({target: 1}, "group")
        await producer.send_and_wait(target.topic, ENDED, partition=target.partition)
        await producer.abort_transaction()
        await until_ended(lax, target)
        await leave_hanging(lax, first, target)
        async with writing(lax, name, target) as second:
            await write(second, target, NEXT, 2)
    assert await values(lax, target) == [NEXT]
    assert await committed(lax, target) == 2


async def test_a_writer_that_lost_a_connection_ends_what_hangs_before_it_goes_on(
    lax: EmbeddedKafka, target: TopicPartition
) -> None:
    async with writing(lax, topic_log.fresh("task"), target) as writer:
        await write(writer, target, ENDED)
        await until_ended(lax, target)
        await leave_hanging(lax, writer, target)
        cut(writer)
        other = TopicPartition(target.topic, 1)
        await write(writer, other, NEXT)
        assert await values(lax, target) == [ENDED, HANGING]


async def test_a_connection_that_is_lost_as_a_transaction_begins_is_a_fault(
    lax: EmbeddedKafka, target: TopicPartition
) -> None:
    """Aiokafka would write on: into what hangs, if the broker lost the end of the last one."""
    async with writing(lax, topic_log.fresh("task"), target) as writer:
        await write(writer, target, ENDED)

        def reached(step: CommitStep) -> None:
            if step is CommitStep.SEND:
                cut(writer)

        with pytest.raises(EngineFault, match="a connection was lost as a transaction began"):
            await writer.write(Snapshot({target: [(b"k", NEXT, ())]}, {}), reached)


async def test_what_nothing_is_known_about_is_a_fault(lax: EmbeddedKafka, target: TopicPartition) -> None:
    name, other = topic_log.fresh("task"), TopicPartition(target.topic, 1)
    async with writing(lax, name, target) as first:
        await write(first, target, ENDED)
        await leave_hanging(lax, first, other)
        with pytest.raises(EngineFault, match=f"{other.topic}/1: .* __transaction_state does not say how"):
            async with writing(lax, name, target):
                """It does not open."""


async def test_a_topic_that_would_not_be_looked_at_is_not_written_to(
    lax: EmbeddedKafka, target: TopicPartition
) -> None:
    async with writing(lax, topic_log.fresh("task"), target) as writer:
        with pytest.raises(EngineFault, match="none of its outputs"):
            await write(writer, TopicPartition("elsewhere", 0), ENDED)


def cut(writer: TransactionalWriter) -> None:
    for connection in list(writer._producer.client._conns.values()):
        connection.close(reason=CloseReason.CONNECTION_BROKEN)


async def until_ended(lax: EmbeddedKafka, target: TopicPartition) -> None:
    """A commit returns before its markers are written."""
    async with AIOKafkaConsumer(bootstrap_servers=lax.bootstrap, isolation_level="read_committed") as reader:
        while (await reader.end_offsets([target]))[target] < 2:
            pass

"""A transaction whose end markers Kafka lost, on a broker that lets a late record into a partition without asking.

That a broker really loses them is seen in tests/chaos: it takes a crash between a decision and its markers.
"""

import asyncio
from collections.abc import Iterator

import pytest
import pytest_asyncio
from aiokafka import TopicPartition
from aiokafka.errors import InvalidProducerEpoch, KafkaError, for_code

import topic_log
from contract.hanging_transaction import (
    ENDED,
    HANGING,
    NEXT,
    OPEN,
    committed,
    cut,
    leave_hanging,
    leave_open,
    until_ended,
    values,
    write,
    writing,
)
from models.errors import EngineFault
from streams.engine.transaction import CommitStep, Snapshot
from streams.engine.transaction_requests import End, WriteTxnMarkersRequest
from streams.tools.broker import EmbeddedKafka
from streams.tools.kafka_installation import Installation

pytestmark = [pytest.mark.broker, pytest.mark.asyncio]


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


async def test_a_commit_whose_end_was_lost_is_one_when_the_task_is_opened_again(
    lax: EmbeddedKafka, target: TopicPartition
) -> None:
    name = topic_log.fresh("task")
    async with writing(lax, name, target) as first:
        await write(first, target, ENDED)
        await until_ended(first, target)
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
        await until_ended(first, target)
        await leave_hanging(lax, first, target)
        async with writing(lax, name, target) as second:
            await write(second, target, NEXT, 2)
    assert await values(lax, target) == [NEXT]
    assert await committed(lax, target) == 2


@pytest.mark.parametrize("when", [CommitStep.BEGIN, CommitStep.SEND])
async def test_a_writer_that_lost_a_connection_ends_what_hangs_before_it_goes_on(
    lax: EmbeddedKafka, target: TopicPartition, when: CommitStep
) -> None:
    async with writing(lax, topic_log.fresh("task"), target) as writer:
        await write(writer, target, ENDED)
        await until_ended(writer, target)
        await leave_hanging(lax, writer, target)

        def reached(step: CommitStep) -> None:
            if step is when:
                cut(writer)

        await writer.write(Snapshot({TopicPartition(target.topic, 1): [(b"k", NEXT, ())]}, {}), reached)
        assert await values(lax, target) == [ENDED, HANGING]


async def test_a_zombie_ends_nothing_of_its_successor(lax: EmbeddedKafka, target: TopicPartition) -> None:
    """They have the same producer id, and what the successor has open may look like a commit of the zombie's."""
    name = topic_log.fresh("task")
    async with writing(lax, name, target) as zombie, writing(lax, name, target) as successor:
        await write(successor, target, ENDED)
        await until_ended(successor, target)
        await leave_open(successor, target)
        cut(zombie)
        with pytest.raises(KafkaError) as failed:
            await write(zombie, target, b"zombie")
        assert "has a later owner" in repr(failed.value.__cause__)
        await successor._producer.abort_transaction()
        await until_ended(successor, target)
    assert await values(lax, target) == [ENDED]
    assert await committed(lax, target) == 0


async def test_who_was_fenced_before_it_looked_ends_nothing_of_its_successor(
    lax: EmbeddedKafka, target: TopicPartition
) -> None:
    name = topic_log.fresh("task")
    async with writing(lax, name, target) as dead:
        await leave_open(dead, target)
        async with writing(lax, name, target) as zombie, writing(lax, name, target) as successor:
            await leave_open(successor, target)
            with pytest.raises(EngineFault, match="has a later owner"):
                await zombie._end_hanging()
            await successor._producer.commit_transaction()
            await until_ended(successor, target)
    assert await values(lax, target) == [OPEN]


async def test_a_marker_is_refused_where_a_later_owner_has_written(lax: EmbeddedKafka, target: TopicPartition) -> None:
    """What protects it between the look and the marker."""
    name = topic_log.fresh("task")
    async with writing(lax, name, target), writing(lax, name, target) as successor:
        await leave_open(successor, target)
        client, theirs = successor._producer.client, successor._producer._txn_manager
        request = WriteTxnMarkersRequest(
            End(theirs.producer_id, theirs.producer_epoch - 1, 0, committed=True), [target]
        )
        answer = await client.send(client.cluster.leader_for_partition(target), request)
        assert for_code(answer.errors()[target]) is InvalidProducerEpoch
        await successor._producer.abort_transaction()
    assert await values(lax, target) == []


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


async def test_a_writer_outlives_a_crash_of_the_broker_between_two_transactions(
    lax: EmbeddedKafka, target: TopicPartition
) -> None:
    async with writing(lax, topic_log.fresh("task"), target) as writer:
        await write(writer, target, ENDED)
        await until_ended(writer, target)
        lax.kill()
        written = asyncio.create_task(write(writer, target, NEXT))
        await asyncio.to_thread(lax.start)
        await written
        await until_ended(writer, target)
    assert await values(lax, target) == [ENDED, NEXT]

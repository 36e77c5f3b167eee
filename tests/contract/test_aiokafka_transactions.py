"""What aiokafka and Kafka do with transactions, as the engine's rules need it. A failure here changes a rule."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import pytest
import pytest_asyncio
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer, TopicPartition
from aiokafka.errors import IllegalOperation, KafkaError, MessageSizeTooLargeError, ProducerFenced

import topic_log
import transaction
from contract.toy import until
from models.errors import EngineFault
from models.stage import Outgoing
from models.table import Change, Table, packed_codec
from streams.engine.recovery import restore
from streams.engine.transaction import CommitStep, Snapshot
from streams.tools.broker import EmbeddedKafka

pytestmark = [pytest.mark.broker, pytest.mark.asyncio]


@pytest_asyncio.fixture
async def target(broker: EmbeddedKafka) -> TopicPartition:
    topic = topic_log.fresh("target")
    await topic_log.create(broker.bootstrap, [topic], 1, max_message_bytes="2000000")
    return TopicPartition(topic, 0)


@asynccontextmanager
async def producer(broker: EmbeddedKafka, name: str, **options: Any) -> AsyncIterator[AIOKafkaProducer]:
    made = AIOKafkaProducer(
        bootstrap_servers=broker.bootstrap, transactional_id=name, max_request_size=4_000_000, **options
    )
    await made.start()
    try:
        yield made
    finally:
        await made.stop()


@asynccontextmanager
async def consumer(broker: EmbeddedKafka, **options: Any) -> AsyncIterator[AIOKafkaConsumer]:
    async with AIOKafkaConsumer(
        bootstrap_servers=broker.bootstrap,
        auto_offset_reset="earliest",
        enable_auto_commit=False,
        **{"isolation_level": "read_committed"} | options,
    ) as made:
        yield made


async def committed_values(broker: EmbeddedKafka, target: TopicPartition) -> list[bytes]:
    async with consumer(broker) as reader:
        reader.assign([target])
        end, found = (await reader.end_offsets([target]))[target], []
        while await reader.position(target) < end:
            for records in (await reader.getmany(timeout_ms=100)).values():
                found += [record.value for record in records]
    return found


async def send(producer: AIOKafkaProducer, target: TopicPartition, value: bytes) -> None:
    await producer.send_and_wait(target.topic, value, partition=target.partition)


async def test_a_takeover_aborts_the_open_transaction_before_it_returns(
    broker: EmbeddedKafka, target: TopicPartition
) -> None:
    name = topic_log.fresh("task")
    async with producer(broker, name) as old:
        await old.begin_transaction()
        await send(old, target, b"old")
        async with producer(broker, name) as new:  # its start fences
            async with consumer(broker) as reader:
                end = (await reader.end_offsets([target]))[target]
            assert end == 2, "the record and the marker of the abort: nothing is open"
            assert await committed_values(broker, target) == []
            await new.begin_transaction()
            await send(new, target, b"new")
            await new.commit_transaction()
            with pytest.raises(ProducerFenced):  # the first call of a zombie
                await send(old, target, b"zombie")
            with pytest.raises((IllegalOperation, AssertionError, ProducerFenced)):
                await old.commit_transaction()
    assert await committed_values(broker, target) == [b"new"]


async def test_a_zombie_that_commits_only_offsets_is_fenced_too(broker: EmbeddedKafka, target: TopicPartition) -> None:
    name = topic_log.fresh("task")
    async with producer(broker, name) as old:
        await old.begin_transaction()
        async with producer(broker, name):
            with pytest.raises(ProducerFenced):
                await old.send_offsets_to_transaction({target: 1}, topic_log.fresh("group"))


async def test_a_transaction_that_the_broker_timed_out_fails_at_its_commit(
    broker: EmbeddedKafka, target: TopicPartition
) -> None:
    async with producer(broker, topic_log.fresh("task"), transaction_timeout_ms=1_000) as slow:
        await slow.begin_transaction()
        await send(slow, target, b"slow")
        async with consumer(broker) as reader:
            async with asyncio.timeout(30):
                while (await reader.end_offsets([target]))[target] < 2:  # the marker of the broker's abort
                    await asyncio.sleep(0.1)
        with pytest.raises(ProducerFenced):
            await slow.commit_transaction()
    assert await committed_values(broker, target) == []


async def test_a_commit_succeeds_although_a_send_in_it_failed(broker: EmbeddedKafka, target: TopicPartition) -> None:
    """Why a commit has the step ACKNOWLEDGE."""
    async with producer(broker, topic_log.fresh("task")) as careless:
        await careless.begin_transaction()
        await send(careless, target, b"kept")
        lost = await careless.send(target.topic, bytes(3_000_000), partition=0)  # more than the topic allows
        await careless.commit_transaction()
        with pytest.raises(MessageSizeTooLargeError):
            await lost
    assert await committed_values(broker, target) == [b"kept"]


async def test_an_empty_batch_takes_a_record_of_any_size_and_the_broker_refuses_it_later(
    broker: EmbeddedKafka, target: TopicPartition
) -> None:
    async with producer(broker, topic_log.fresh("task"), max_batch_size=1_000) as bound:
        batch = bound.create_batch()
        assert batch.append(key=None, value=bytes(3_000_000), timestamp=None) is not None
        assert batch.append(key=None, value=b"second", timestamp=None) is None
        await bound.begin_transaction()
        with pytest.raises(MessageSizeTooLargeError):
            await (await bound.send_batch(batch, target.topic, partition=0))
        await bound.abort_transaction()


async def test_a_writer_whose_record_is_refused_raises_before_it_commits(
    broker: EmbeddedKafka, target: TopicPartition
) -> None:
    writer = transaction.writer(broker.bootstrap, topic_log.fresh("task"), target)
    await writer.start()
    reached: list[CommitStep] = []
    refused = Snapshot({target: [(b"k", b"small", ()), (b"k", bytes(3_000_000), ())]}, {})
    with pytest.raises(KafkaError):
        await writer.write(refused, reached.append)
    assert reached == [CommitStep.BEGIN, CommitStep.SEND, CommitStep.OFFSETS, CommitStep.ACKNOWLEDGE]
    await writer.close()
    assert await committed_values(broker, target) == []


async def test_read_committed_hides_aborted_records(broker: EmbeddedKafka, target: TopicPartition) -> None:
    await transaction.commit(broker.bootstrap, [Outgoing(target.topic, target.partition, b"k", b"aborted")], abort=True)
    await transaction.commit(broker.bootstrap, [Outgoing(target.topic, target.partition, b"k", b"kept")])
    assert await committed_values(broker, target) == [b"kept"]
    async with consumer(broker, isolation_level="read_uncommitted") as reader:
        reader.assign([target])
        seen = [await reader.getone(), await reader.getone()]
    assert [record.value for record in seen] == [b"aborted", b"kept"]


async def test_at_rest_the_next_fetch_offset_is_the_stable_end_and_beyond_the_last_record(
    broker: EmbeddedKafka, target: TopicPartition
) -> None:
    """Why lag is not counted in records: the marker of a transaction takes an offset."""
    await transaction.commit(broker.bootstrap, [Outgoing(target.topic, target.partition, b"k", b"v")])
    async with consumer(broker) as reader:
        reader.assign([target])
        last = await reader.getone()
        state = reader._subscription.subscription.assignment.state_value(target)
        await reader.getmany(timeout_ms=100)
        await until(lambda: state._position == state.lso)
        end = (await reader.end_offsets([target]))[target]
        assert (last.offset, state._position, state.lso, end) == (0, 2, 2, 2)
        assert state.timestamp is not None, "when the broker answered last, ms since 1970"


async def test_an_open_transaction_holds_the_stable_end(broker: EmbeddedKafka, target: TopicPartition) -> None:
    async with producer(broker, topic_log.fresh("task")) as writing, consumer(broker) as reader:
        await writing.begin_transaction()
        await send(writing, target, b"open")
        await transaction.commit(broker.bootstrap, [Outgoing(target.topic, target.partition, b"k", b"later")])
        assert await reader.end_offsets([target]) == {target: 0}
        await writing.commit_transaction()
    assert await committed_values(broker, target) == [b"open", b"later"]


async def test_a_changelog_whose_last_transaction_has_no_end_is_not_gone_on_with(
    broker: EmbeddedKafka, target: TopicPartition
) -> None:
    """After the fence nothing is open, unless the broker lost the end: a restore would miss what is visible later."""
    table: Table[str, int] = Table("numbers", packed_codec(int, str))
    rows = [(b"numbers|" + key, value, ()) for key, value in _change(1)]
    writer = transaction.writer(broker.bootstrap, "task", target)
    await writer.start()
    await writer.write(Snapshot({target: rows}, {}), lambda _: None)
    await writer.close()
    client = {"bootstrap_servers": broker.bootstrap}
    assert (await restore({target: [table]}, client))[0] == 1
    async with producer(broker, "task-without-end") as open_one:
        await open_one.begin_transaction()
        await send(open_one, target, b"x")
        with pytest.raises(EngineFault, match="has no end"):
            await restore({target: [table]}, client)
        await open_one.abort_transaction()


def _change(number: int) -> list[Change]:
    made: Table[str, int] = Table("numbers", packed_codec(int, str))
    made.put("a", number)
    return list(made.drain())


async def test_seek_to_committed_leaves_out_what_was_never_committed_and_offset_zero(
    broker: EmbeddedKafka, target: TopicPartition
) -> None:
    """Why the engine seeks to the positions of its tasks itself."""
    await transaction.commit(broker.bootstrap, [Outgoing(target.topic, target.partition, b"k", b"v")])
    async with consumer(broker, group_id=topic_log.fresh("group")) as reader:
        reader.assign([target])
        await reader.getone()
        before = await reader.position(target)
        await reader.seek_to_committed()
        assert await reader.position(target) == before, "never committed"
        await reader.commit({target: 0})
        await reader.seek_to_committed()
        assert await reader.position(target) == before, "committed at 0"


async def test_a_first_write_to_a_partition_is_all_the_broker_hears_of_a_transaction(
    broker: EmbeddedKafka, target: TopicPartition
) -> None:
    """An empty transaction costs no marker: idle tasks hold nothing back."""
    async with producer(broker, topic_log.fresh("task")) as idle:
        for _ in range(3):
            await idle.begin_transaction()
            await idle.commit_transaction()
        async with consumer(broker) as reader:
            assert await reader.end_offsets([target]) == {target: 0}

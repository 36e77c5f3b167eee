"""A topic that every worker reads all of: to its end before a task opens, and on."""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any

import pytest
from aiokafka import AIOKafkaProducer, ConsumerRecord, TopicPartition
from faust.types import TP

import topic_log
import transaction
from contract.in_memory import IN, Written, app, task
from contract.toy import Tally, until
from models.stage import Outgoing
from streams.engine.broadcast import Broadcast, BroadcastReader
from streams.tools.broker import EmbeddedKafka

pytestmark = pytest.mark.asyncio


@dataclass
class Shelf:
    """A consumer of what a test puts into `log`; None is an offset without a record, as of a marker."""

    log: dict[TopicPartition, list[bytes | None]]
    at: dict[TopicPartition, int] = field(default_factory=dict)

    def assign(self, tps: list[TopicPartition]) -> None:
        self.at = dict.fromkeys(tps, -1)

    async def seek_to_beginning(self) -> None:
        self.at = dict.fromkeys(self.at, 0)

    async def end_offsets(self, tps: Iterable[TopicPartition]) -> dict[TopicPartition, int]:
        return {tp: len(self.log[tp]) for tp in tps}

    async def position(self, tp: TopicPartition) -> int:
        return self.at[tp]

    async def getmany(self, *tps: TopicPartition, timeout_ms: int, max_records: int) -> dict[TopicPartition, Any]:
        """One offset of each partition at a time."""
        found = {}
        for tp in [tp for tp in tps or self.at if self.at[tp] < len(self.log[tp])]:
            value, offset = self.log[tp][self.at[tp]], self.at[tp]
            self.at[tp] += 1
            if value is not None:
                found[tp] = [ConsumerRecord(tp.topic, tp.partition, offset, 0, 0, None, value, None, 1, 1, ())]
        return found


async def test_it_is_ready_when_all_that_was_there_is_handed_over_and_goes_on() -> None:
    first, second = TopicPartition("rates", 0), TopicPartition("rates", 1)
    shelf, taken = Shelf({first: [b"1", b"2", None], second: [None]}), list[bytes | None]()
    reader = BroadcastReader([Broadcast("rates", 2, lambda record: taken.append(record.value))], {})
    ready, reading = asyncio.create_task(reader.ready()), asyncio.create_task(reader.follow(shelf))
    await asyncio.sleep(0)
    assert not ready.done()
    await until(ready.done)
    assert taken == [b"1", b"2"]
    shelf.log[second].append(b"3")
    await until(lambda: taken == [b"1", b"2", b"3"])
    reading.cancel()


async def test_without_broadcasts_it_is_ready_and_ends() -> None:
    reader = BroadcastReader((), {})
    await reader.run()
    await reader.ready()


async def test_a_task_opens_only_when_the_broadcasts_are_read() -> None:
    one, writer = app(Tally("tally", ("in",))), Written()
    shelf = Shelf({TopicPartition("rates", 0): [b"1"]})
    one.broadcasts = BroadcastReader([Broadcast("rates", 1, lambda _: writer.log.append("rate"))], {})

    async def starting_offsets(tps: Iterable[TP]) -> dict[TP, int]:
        return dict.fromkeys(tps, 0)

    async def restore(tables: Any) -> None:
        """An empty changelog."""

    one.new_task = lambda name, _: task(one.stage_named[name], writer)  # no broker to fence on
    one.tables.starting_offsets, one.tables.restore = starting_offsets, restore
    one.tables._assigned = lambda: {("tally", 0): [IN]}
    opening = asyncio.create_task(one.tables.open(1))
    for _ in range(10):
        await asyncio.sleep(0)
    assert writer.log == []
    reading = asyncio.create_task(one.broadcasts.follow(shelf))
    await opening
    assert writer.log == ["rate", "fence"]
    reading.cancel()


@pytest.mark.broker
async def test_on_a_broker_only_what_is_committed_is_handed_over(broker: EmbeddedKafka) -> None:
    topic, taken = topic_log.fresh("rates"), list[bytes | None]()
    await topic_log.create(broker.bootstrap, [topic], 2)
    await transaction.commit(broker.bootstrap, [Outgoing(topic, 0, b"k", b"1")])
    await transaction.commit(broker.bootstrap, [Outgoing(topic, 1, b"k", b"aborted")], abort=True)
    client = {"bootstrap_servers": broker.bootstrap}
    reader = BroadcastReader([Broadcast(topic, 2, lambda record: taken.append(record.value))], client)
    reading = asyncio.create_task(reader.run())
    async with asyncio.timeout(20):
        await reader.ready()
    assert taken == [b"1"]
    async with AIOKafkaProducer(**client) as producer:
        await producer.send_and_wait(topic, b"2", b"k", 1)
    await until(lambda: taken == [b"1", b"2"])
    reading.cancel()
    with pytest.raises(asyncio.CancelledError):
        await reading

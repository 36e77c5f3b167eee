"""The engine on a real broker with toy stages: what is read when, what is committed when, and what is a fault."""

import asyncio
import time
from typing import Any

import pytest
from aiokafka import TopicPartition
from aiokafka.admin import AIOKafkaAdminClient, RecordsToDelete
from faust.types import TP

import topic_log
import transaction
from contract.toy import Ground, Tally, ToyApp, until
from models.errors import EngineFault
from models.stage import Outgoing
from streams.engine.inbox import CROWDED
from streams.engine.scheduler import CHUNK_BYTES
from streams.engine.transaction import Snapshot
from streams.tools.broker import EmbeddedKafka

pytestmark = [pytest.mark.broker, pytest.mark.asyncio]

S_US = 1_000_000
FETCH = 1024 * 1024


@pytest.fixture
def ground(broker: EmbeddedKafka) -> Ground:
    return Ground(broker.bootstrap)


class Replay:
    """Two inputs of the same twenty seconds: a chunk of `dense` is half a second of it, one of `sparse` a second."""

    dense = range(0, 20 * S_US, 2_500)
    sparse = range(0, 20 * S_US, S_US // 2)
    chunk_us = S_US

    @classmethod
    async def send(cls, ground: Ground) -> None:
        await ground.create("dense", "sparse")
        await ground.send("dense", cls.dense, size=1024)
        await ground.send("sparse", cls.sparse, size=CHUNK_BYTES // 2)

    @classmethod
    def skew_us(cls, stage: Tally) -> int:
        """The most that one input was ahead of the other while both had unread records."""
        left = {topic: len(times) for topic, times in zip(stage.inputs, (cls.dense, cls.sparse), strict=True)}
        reached, most = dict.fromkeys(stage.inputs, 0), 0
        for topic, _, _, at_us in stage.applied:
            reached[topic], left[topic] = at_us, left[topic] - 1
            if all(left.values()):
                most = max(most, abs(reached[stage.inputs[0]] - reached[stage.inputs[1]]))
        return most


async def test_rule_10_a_replay_of_two_inputs_keeps_them_together(ground: Ground) -> None:
    await Replay.send(ground)
    inputs = ground.topic("dense"), ground.topic("sparse")
    apart, together = Tally("tally", inputs), Tally("tally", inputs)
    other = Ground(ground.bootstrap)
    await other.create()
    total = len(Replay.dense) + len(Replay.sparse)
    async with ground.worker(together, ahead_s=1) as app, other.worker(apart, ahead_s=3600):
        watched = asyncio.create_task(most_waiting(app))
        await until(lambda: len(together.applied) == len(apart.applied) == total)
        assert Replay.skew_us(apart) > 5 * S_US, "without alignment this replay drifts apart"
        assert Replay.skew_us(together) <= 2 * S_US + Replay.chunk_us
        for topic, times in zip(inputs, (Replay.dense, Replay.sparse), strict=True):
            assert [at_us for name, _, _, at_us in together.applied if name == topic] == list(times)
        await ground.send("dense", [500 * S_US])  # far ahead of the other, which has nothing unread
        await until(lambda: len(together.applied) == total + 1)
        watched.cancel()
        assert app.faults == []


async def most_waiting(app: ToyApp) -> None:
    """Look all the time at what is held: at most a poll more than makes it crowded, and a channel that is full."""
    while True:
        for task in app.tables.tasks.values():
            for waiting in task._inbox._waiting.values():
                bytes_waiting = sum(len(record.value) for _, one in waiting for record in one.records)
                assert bytes_waiting <= app.conf.consumer_max_fetch_size + (CROWDED + 4) * CHUNK_BYTES
        assert queued(app) <= len(app.agents) * app.conf.stream_buffer_maxsize
        await asyncio.sleep(0.005)


async def test_buffers_are_bounded_while_a_commit_does_not_come_back(ground: Ground) -> None:
    go, most = asyncio.Event(), 0
    stage = Tally("tally", (ground.topic("in"),), weight=1024 * 1024)
    await ground.create("in")
    async with ground.worker(stage) as app:
        await until(lambda: app.tables.tasks)
        [task] = app.tables.tasks.values()
        write = task.writer.write

        async def slow(snapshot: Snapshot, reached: Any) -> None:
            async with asyncio.timeout(20):  # a failed test ends too
                await go.wait()
            await write(snapshot, reached)

        task.writer.write = slow  # a broker that does not answer
        await ground.send("in", range(60), size=CHUNK_BYTES - 1_000)  # a chunk each
        await until(lambda: queued(app) == app.conf.stream_buffer_maxsize)
        for _ in range(50):
            await asyncio.sleep(0.01)
            most = max(most, len(stage.applied) + queued(app))
        assert 0 < len(stage.applied) <= 8, "4 MiB of outputs for the commit in flight, and 4 MiB more"
        assert queued(app) <= app.conf.stream_buffer_maxsize
        assert most < 20, "the rest of the backlog is not in memory"
        go.set()
        await until(lambda: len(stage.applied) == 60)
        assert app.faults == []
    assert await ground.unread("in") == 0


def queued(app: ToyApp) -> int:
    """Chunks in the channels."""
    return sum(actor.stream.channel.queue.qsize() for agent in app.agents.values() for actor in agent._actors)


async def next_common_commit(every_s: float) -> float:
    """When it will be (monotonic s), nearly a whole interval from now: what is committed before has another reason."""
    await until(lambda: time.monotonic() % every_s < every_s / 15)
    return (time.monotonic() // every_s + 1) * every_s


async def test_commits_by_time_by_records_and_at_once_in_the_last_stage(  # noqa: PLR0915  one flow, seen from all sides
    ground: Ground,
) -> None:
    """A chain of two stages; at rest the group has committed every offset, those of markers too."""
    first = Tally("first", (ground.topic("in"),), ground.topic("between"))
    last = Tally("last", (ground.topic("between"),), ground.topic("out"), eager=True)
    await ground.create("in", "between", "out", stages=("first", "last"))
    async with ground.worker(first, last, commit_every_s=1.5, commit_every_records=100) as app:
        await until(lambda: len(app.tables.tasks) == 2)
        together_s = await next_common_commit(1.5)
        await ground.send("in", range(100))
        await until(lambda: commits(app, "first"))
        assert commits(app, "first")[0] < together_s, "a hundred records"
        await until(lambda: len(last.applied) == 100 and commits(app, "last"))
        assert commits(app, "last")[0] - commits(app, "first")[0] < 1, "the last stage is eager"
        await asyncio.sleep(0)
        before = len(commits(app, "first"))
        together_s = await next_common_commit(1.5)
        await ground.send("in", [7])
        await until(lambda: len(commits(app, "first")) > before)
        assert together_s <= commits(app, "first")[-1] < together_s + 3, "one record waits for the time of all"
        # Rule 1: what another producer aborts between two stages is not applied, and its offsets are passed.
        aborted = [Outgoing(ground.topic("between"), 0, b"k", b"666")]
        await transaction.commit(ground.bootstrap, aborted, abort=True)
        await until(lambda: len(last.applied) == 101)
        async with asyncio.timeout(10):
            while await ground.unread("in", "between"):
                await asyncio.sleep(0.1)
        assert [at for _, _, _, at in last.applied] == [*range(100), 7]
        assert app.tables.lag() == 0
        assert app.consumer._thread._ensure_consumer()._fetcher._isolation_level == 1, "read committed, since its start"
        assert app.faults == []
    copies = await topic_log.read(ground.bootstrap, topic_log.Ends({TopicPartition(ground.topic("out"), 0): 0}))
    assert [int(record.value) for records in copies.values() for record in records] == [*range(100), 7]


def commits(app: ToyApp, stage: str) -> list[float]:
    """When (monotonic s) transactions of a stage that wrote records were committed."""
    return [at_s for at_s, name, records in app.told.commits if name == stage and records]


async def test_rule_4_a_partition_that_is_paused_within_a_poll_loses_records_and_that_is_a_fault(
    ground: Ground,
) -> None:
    """Why the engine never calls pause_partitions, and why it checks that what was polled is handed over."""
    apps: list[ToyApp] = []

    def pause(_: object) -> None:
        apps[0].consumer.pause_partitions(apps[0].consumer.assignment())

    stage = Tally("tally", (ground.topic("in"),))
    await ground.create("in")
    await ground.send("in", range(12), size=CHUNK_BYTES - 1_000)  # a chunk each, all in one poll
    async with ground.worker(stage) as app:
        apps.append(app)
        await until(lambda: app.tables.tasks)
        stage.each = pause
        await until(lambda: app.faults)
        [fault] = app.faults[:1]
        assert isinstance(fault, EngineFault)
        assert f"{ground.topic('in')}/0: read up to" in str(fault)


async def test_what_retention_deleted_unread_is_passed_on_an_input_and_a_fault_on_a_topic_of_ours(
    ground: Ground,
) -> None:
    await ground.create("in")
    await ground.send("in", range(10))
    stage = Tally("tally", (ground.topic("in"),))
    async with ground.worker(stage, commit_every_s=0.05) as app:
        await until(lambda: commits(app, "tally"))
    await ground.send("in", range(10, 20))
    admin = AIOKafkaAdminClient(bootstrap_servers=ground.bootstrap)
    await admin.start()
    await admin.delete_records({TopicPartition(ground.topic("in"), 0): RecordsToDelete(before_offset=15)})
    await admin.close()
    async with ground.worker(stage, commit_every_s=60) as app:
        await until(lambda: len(stage.applied) == 15)
        assert [at for _, _, _, at in stage.applied] == [*range(10), *range(15, 20)]
        assert (app.faults, app.told.restored_rows) == ([], 1)
        app.internal = frozenset([ground.topic("in")])
        with pytest.raises(EngineFault, match="retention has deleted 5 records that were not read"):
            await app.consumer.starting_offsets([TP(ground.topic("in"), 0)])

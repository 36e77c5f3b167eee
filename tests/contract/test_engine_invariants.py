"""The seven invariants of the engine, on real tasks with a writer in memory; docs/engine-rules.md lists them all."""

import asyncio
import inspect
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import pytest
from aiokafka import TopicPartition
from faust.types import TP

from contract.in_memory import GENERATION, IN, Hand, Written, app, fetched, offsets, task
from contract.toy import Ended, Tally
from models.errors import EngineFault
from models.table import ChangeLogged
from streams.engine.opening import open_tasks
from streams.engine.task import Task


@pytest.mark.asyncio
async def test_invariant_1_a_commit_holds_whole_steps_only() -> None:
    """State, outputs and position change in one call without an await; what comes during a commit is in the next."""
    assert not inspect.iscoroutinefunction(Task.apply)
    writer = Written()
    one = task(Tally("tally", ("in",), "out"), writer)
    one.apply(fetched(0, 1))
    writer.go.clear()
    first = asyncio.create_task(one.commit())
    one.take(fetched(2))
    await asyncio.sleep(0)
    one.tick()
    turns = 0  # it does not step while a snapshot of it is made
    while not one.ready:
        await asyncio.sleep(0)
        turns += 1
    assert turns > 0
    one.advance()
    writer.go.set()
    await first
    await one.commit()
    assert offsets(writer) == [{IN: 2}, {IN: 3}]
    copies = [len(snapshot.rows[TopicPartition("out", 0)]) for snapshot in writer.snapshots]
    counted = [snapshot.rows[one.changelog][0][1] for snapshot in writer.snapshots]
    assert (copies, counted) == ([2, 1], [b"\x01\x02", b"\x01\x03"])


@pytest.mark.asyncio
async def test_invariant_2_a_task_is_fenced_before_its_positions_and_its_state_are_read() -> None:
    stage, log = Tally("tally", ("in",)), list[str]()
    one = task(stage, Written(log=log))

    class Broker:
        async def starting_offsets(self, tps: Iterable[TP]) -> Mapping[TP, int]:
            log.append("offsets")
            return dict.fromkeys(tps, 7)

        async def restore(self, tables: Mapping[TopicPartition, Sequence[ChangeLogged]]) -> None:
            log.append("changelog")

    await open_tasks({one: [IN]}, Broker())
    assert (log, one.positions) == (["fence", "offsets", "changelog"], {IN: 7})


@pytest.mark.parametrize("error", [KeyError("any"), TimeoutError()])
@pytest.mark.asyncio
async def test_invariant_3_any_error_of_a_commit_ends_the_worker(error: Exception) -> None:
    one, its = app(Tally("tally", ("in",))), Written(error=error)
    one.tables.tasks["tally", 0] = task(Tally("tally", ("in",)), its)
    one.tables.tasks["tally", 0].apply(fetched(0))
    with pytest.raises(Ended):
        await one.tables.guarded(one.tables.tasks["tally", 0].commit)
    assert one.faults == [error]


@pytest.mark.asyncio
async def test_invariant_4_the_position_decides_what_is_applied() -> None:
    stage = Tally("tally", ("in",))
    one = task(stage, Written())
    one.apply(fetched(0, 1, 2))
    one.apply(fetched(0, 1, generation=GENERATION - 1))  # stale: ignored
    one.apply(fetched(1, 2, 3))  # overlap: cut
    one.apply(fetched(1, 2))  # nothing new
    one.apply(fetched(6))  # a hole: markers of a transaction, or compaction
    assert [offset for _, _, offset, _ in stage.applied] == [0, 1, 2, 3, 6]
    assert one.positions == {IN: 7}


@pytest.mark.asyncio
async def test_invariant_4_a_hole_in_a_contiguous_topic_is_a_fault() -> None:
    stage = Tally("tally", ("in",))
    one = task(stage, Written(), contiguous=frozenset(("in",)))
    one.apply(fetched(0))
    with pytest.raises(EngineFault, match="in/0: expected offset 1, got 2"):
        one.apply(fetched(2))
    assert (len(stage.applied), one.positions) == (1, {IN: 1})


@pytest.mark.asyncio
async def test_invariant_5_a_revoke_commits_what_was_applied_and_accepts_nothing_more() -> None:
    stage, writer, one = Tally("tally", ("in",)), Written(), app(Tally("tally", ("in",)))
    its = one.tables.tasks["tally", 0] = task(stage, writer)
    its.apply(fetched(0, 1))
    its.take(fetched(2))  # handed over, not applied: it is read again
    await one.tables.suspend()
    its.take(fetched(3))
    its.apply(fetched(3))
    its.tick()
    await its.commit()
    assert (offsets(writer), len(stage.applied), its.ready) == ([{IN: 2}], 2, False)
    its.resume(GENERATION + 1)
    assert not its.ready, "what was handed over before is dropped"
    assert its.positions == {IN: 2}


@pytest.mark.parametrize(
    ("generation", "kept"),
    [
        pytest.param(2, True, id="the next generation: nobody can have had it"),
        pytest.param(3, False, id="one was missed: somebody may have had it"),
    ],
)
@pytest.mark.asyncio
async def test_invariant_6_a_task_is_kept_only_if_no_generation_was_missed(generation: int, kept: bool) -> None:  # noqa: FBT001
    one = app(Tally("tally", ("in",)))
    made: list[Written] = []

    def new_task(name: str, partition: int) -> Task:
        made.append(Written())
        return task(one.stage_named[name], made[-1])

    async def starting_offsets(tps: Iterable[TP]) -> Mapping[TP, int]:
        return dict.fromkeys(tps, 0)

    async def restore(tables: Any) -> None:
        """An empty changelog."""

    one.new_task = new_task  # no broker to fence on
    one.tables.starting_offsets, one.tables.restore = starting_offsets, restore
    one.tables._assigned = lambda: {("tally", 0): [IN]}
    await one.tables.open(1)
    first = one.tables.tasks["tally", 0]
    await one.tables.open(generation)
    now = one.tables.tasks["tally", 0]
    assert (now is first) == kept
    assert [writer.log for writer in made] == ([["fence"]] if kept else [["fence", "close"], ["fence"]])
    assert now.generation == generation


@pytest.mark.asyncio
async def test_invariant_7_nothing_is_written_when_nothing_moved() -> None:
    writer, hand = Written(), Hand()
    one = task(Tally("tally", ("in",)), writer, hand)
    one.tick()
    assert not one.due(hand.now_s + 3600)
    await one.commit()
    assert writer.log == []

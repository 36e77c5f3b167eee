"""What a task commits of its inputs, and when it takes no more; on real tasks with a writer in memory."""

import asyncio

import pytest

from contract.in_memory import IN, OTHER, Hand, Written, app, fetched, offsets, task
from contract.toy import Tally
from streams.engine.consumer import Position


@pytest.mark.asyncio
async def test_rule_2_markers_that_were_passed_are_committed_without_a_record() -> None:
    writer, hand = Written(), Hand()
    one = task(Tally("tally", ("in",)), writer, hand)
    one.apply(fetched(0))
    await one.commit()
    one.looked({IN: Position(handed=1, next_fetch=2, stable_end=2, looked_us=1)})
    one.tick()
    assert one.due(hand.now_s + 0.2)
    await one.commit()
    assert (offsets(writer), writer.snapshots[-1].rows, one.lag(IN)) == ([{IN: 1}, {IN: 2}], {}, 0)


@pytest.mark.asyncio
async def test_rule_2_what_was_handed_over_and_not_applied_is_not_committed() -> None:
    writer = Written()
    one = task(Tally("tally", ("in",)), writer)
    one.apply(fetched(0))
    one.take(fetched(1, 2))
    one.looked({IN: Position(handed=3, next_fetch=4, stable_end=4, looked_us=1)})
    await one.commit()
    assert (offsets(writer), one.lag(IN)) == ([{IN: 1}], 3)


@pytest.mark.asyncio
async def test_rule_2_an_input_of_unknown_lag_is_not_idle() -> None:
    one = task(Tally("tally", ("in", "other")), Written())
    one.take(fetched(5))
    assert (one.lag(OTHER), one.ready) == (None, False)
    one.looked({OTHER: Position(handed=0, next_fetch=0, stable_end=0, looked_us=1)})
    assert (one.lag(OTHER), one.ready) == (0, True)


@pytest.mark.asyncio
async def test_a_task_that_is_full_takes_nothing_before_its_commit() -> None:
    """Outputs wait in memory for a commit, so a stalled one must not let them grow."""
    stage = Tally("tally", ("in",), weight=3 * 1024 * 1024)
    writer, one = Written(), app(stage)
    its = one.tables.tasks["tally", 0] = task(stage, writer)
    for at in range(4):
        its.take(fetched(at))
    writer.go.clear()
    advancing = asyncio.create_task(one._advance(its))
    for _ in range(20):
        await asyncio.sleep(0)
    assert len(stage.applied) == 2, "6 MiB of outputs, and 4 MiB are allowed"
    writer.go.set()
    await advancing
    assert (len(stage.applied), offsets(writer)) == (4, [{IN: 2}])

"""What the simulation has found, each in its smallest form."""

import asyncio
import random
from collections.abc import Sequence
from typing import Any

import pytest
from aiokafka import TopicPartition
from faust.types import TP

from models.delta import Mark
from models.stage import Stage
from models.topic_watermark import Watermarks
from simulation.log import Log
from simulation.run import simulate
from simulation.shop import OUT_OF_ORDERNESS_S, START_US, Mode, S
from simulation.turns import Turns
from simulation.watch import Watch
from simulation.worker import Engine, Worker
from simulation.world import stages_of
from simulation.writer import Faults
from streams.engine.clock import Clock
from streams.engine.consumer import Fetched, Position
from streams.engine.task import Task

pytestmark = pytest.mark.simulation
SOCIAL = TP("social", 0)


def task_of(log: Log, stages: Sequence[Stage[Any, Any]], watch: Watch) -> Task:
    chance = random.Random(1)
    clock = Clock(lambda: START_US, lambda: 0.0)
    engine = Engine(log, Turns(chance, 0), clock, chance, watch, stages, frozenset(), Faults(chance, 0), 0.2)
    return Worker("w1", engine).new_task("social", 0)


async def committed_after_markers_were_passed() -> list[int]:
    """What the group's offset is at first, and when more was handed over that is not applied yet."""
    counts, stages = stages_of(2, 0.0, Mode.LIVE.horizon_s)
    watch = Watch(live=True, where=str)
    log = Log(counts, lambda: START_US, watch.decided)
    task = task_of(log, stages, watch)
    await task.writer.start()
    task.open({SOCIAL: 0})
    task.resume(1)
    record = log.append(TopicPartition(*SOCIAL), b"p", b"garbage")
    task.apply(Fetched(SOCIAL, [record], 1))
    found = []
    for look in (Position(1, 3, 3, START_US), Position(5, 5, 5, START_US)):
        task.looked({SOCIAL: look})
        task.tick()
        await task.commit()
        log.finish("kpi-social-0")
        found.append(log.offsets[TopicPartition(*SOCIAL)])
    return found


def test_a_committed_offset_does_not_go_back_over_markers() -> None:
    # With the offset of the last record applied + 1, the second commit was 1.
    assert asyncio.run(committed_after_markers_were_passed()) == [3, 3]


def test_the_old_promise_of_a_dead_task_lets_no_topic_go_when_the_others_fall_idle() -> None:
    #  wall clock   0        61        80      281       293
    #  0            W 17     idle      event, unread
    #  1            W 8      idle              W 279     idle, as of now      all idle: not up to 279, but to 17
    marks = Watermarks({("social", 0), ("social", 1)})

    def hear(partition: int, at_s: float, told_s: float, look_s: float | None = None) -> float:
        promise_us = None if look_s is None else START_US + round(look_s * S)
        mark = Mark(START_US + round(at_s * S), promise_us, START_US + round(told_s * S))
        marks.hear("social", partition, mark)
        return ((marks.of(["social"]) or START_US) - START_US) / S

    hear(1, 8, 23)
    hear(0, 17, 30)
    hear(1, 8, 65, look_s=61)
    hear(0, 17, 65, look_s=61)
    hear(1, 279, 281)
    assert hear(1, 279, 293, look_s=293) == 17
    assert hear(0, 17, 300, look_s=294) <= 294 - OUT_OF_ORDERNESS_S


def test_a_window_that_one_kpi_closes_as_the_other_is_corrected_pages() -> None:
    # interactions  7 final   14 corrected     one step, and the first window that the rule Both ever saw:
    # page_views              1 final          as a correction it was past, so that nobody was told.
    # In its smallest form: tests/scenarios/test_rules_over_values.py.
    assert simulate(20126)["alert fired"]

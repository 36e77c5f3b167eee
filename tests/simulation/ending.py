"""The end of a seed: nothing breaks any more, every window closes, and what was published is what was sent."""

import asyncio
from collections.abc import Iterator
from datetime import datetime
from decimal import Decimal

from aiokafka import TopicPartition

from alerting.lifecycle import Send
from alerting.rule import On
from models.outcome import Ledger
from models.status import MeasureStatus
from simulation.alarms import standing, told_by
from simulation.oracle import Oracle, Published, without_zeros
from simulation.shop import TOPICS, S, beat
from simulation.worker import Worker
from simulation.world import World
from streams.monitoring.alerts import Alerting
from streams.monitoring.stage import MonitorStage
from streams.publication import VALUES_TOPIC, KpiValueRecord, read_value

ROUNDS = 60
FAR_S = 1e12
"""Then every commit is due."""
JOBS = {"clickstream": "visitors", "orders": "orders", "social": "social"}


async def finish(world: World) -> None:
    """Heartbeats two days later close all windows; then the values, ledgers and dead letters are compared."""
    world.faults.share = world.turns.often = 0
    for worker in [worker for worker in world.workers if worker.alive]:
        worker.frozen = False
        if not worker.member:
            world.wake(worker)
    await _rounds(world, until_us=0)
    world.pass_time(2 * 86_400)
    until_us = world.now_us - 10 * S
    for source in world.sent:
        world.send(beat(source, until_us))
    await _rounds(world, until_us)
    compare(world)
    compare_alerts(world)


async def _rounds(world: World, until_us: int) -> None:
    """Until all inputs are read and every monitor has closed and committed all windows before `until_us`."""
    for number in range(ROUNDS):
        for worker in _awake(world):
            worker.poll(1, 10_000)
        await _settle(world)
        for worker in _awake(world):
            for _ in range(16):  # more than the stages write in a round
                worker.feed()
            worker.tick()
        world.pass_time(1)
        for worker in _awake(world):
            worker.commit_due()
        await _settle(world)
        if number and _quiet(world, until_us):
            return
    raise AssertionError("the flow does not come to rest")


def _awake(world: World) -> list[Worker]:
    """At least one, as its supervisor restarts a process that ended."""
    world.miss()
    if not any(worker.alive for worker in world.workers):
        world.start_worker()
    return [worker for worker in world.workers if worker.alive]


async def _settle(world: World) -> None:
    """Let all coroutines run to their ends."""
    for _ in range(10_000):
        while world.turns.waiting:
            world.turns.release()
        while world.log.markers:
            world.log.write_marker(0)
        world.miss()
        world.group.advance()
        await asyncio.sleep(0)
        world.step += 1
        world.check()
        if not any(worker.jobs for worker in world.workers) and world.group.settled:
            return
    raise AssertionError("a coroutine never ends")


def _quiet(world: World, until_us: int) -> bool:
    tasks = [task for worker in world.workers if worker.alive for task in worker.tables.tasks.values()]
    for task in tasks:
        if isinstance(task.stage, MonitorStage):
            closed = list(task.tables.groups.rows.values())
            if until_us and (len(closed) < len(task.stage.groups) or min(closed) < until_us or task.due(FAR_S)):
                return False
        elif any(task.lag(tp) != 0 for tp in task.positions if tp.topic in TOPICS):  # of our own there is always more
            return False
    return bool(tasks)


def compare(world: World) -> None:
    """What came out is what the oracle says of what was sent. Raises AssertionError."""
    oracle = Oracle(world.mode.horizon_s)
    for source in sorted(world.sent):
        oracle.read(source, world.sent[source])
    for source, account in oracle.accounts.items():
        status = world.watch.statuses.get(f"{JOBS[source.topic]}-{source.partition}")
        found = status.ledger if isinstance(status, MeasureStatus) else None
        assert found == Ledger(**vars(account)), f"{source}: ledger {found}, sent {account}"
    letters = {place: (record.key, record.value) for place, record in world.watch.letters.items()}
    assert letters == {place: (sending.key, sending.value) for place, sending in oracle.letters.items()}, "letters"
    expected, found_values = oracle.finals(), finals(world)
    wrong = {
        key: (found_values.get(key), expected.get(key))
        for key in sorted(expected.keys() | found_values.keys())
        if found_values.get(key) != expected.get(key)
    }
    assert not wrong, "published is not what was sent:\n" + "\n".join(
        f"  {k}: {f}, sent {e}" for k, (f, e) in wrong.items()
    )


def compare_alerts(world: World) -> None:
    """Every page went out, once: those that stand are those told last, and what was told is what the values say."""
    tasks = [task for worker in world.workers if worker.alive for task in worker.tables.tasks.values()]
    monitors = [task for task in tasks if isinstance(task.stage, MonitorStage)]
    last = {name: alert.sequence for name, alert in world.watch.alerts.items() if alert.state == "firing"}
    assert standing(task.tables.alerts for task in monitors) == last, "alerts that stand are not those that were told"
    alerting: Alerting = monitors[0].stage.alerting  # type: ignore[attr-defined]  # of a MonitorStage
    said = set(told_by(_values(world), alerting))
    names = {rule.name for rule in alerting.book.rules if rule.on is On.FINAL and rule.no_data is None}
    told = {
        (name, sequence, reason)
        for name, sequence, reason, rule in world.watch.told
        if rule in names and reason != Send.GONE
    }
    assert told == said, f"only told: {told - said}; only said by the values: {said - told}"


def _values(world: World) -> Iterator[KpiValueRecord]:
    """All that were committed, in the order of their partition."""
    for p in range(world.counts[VALUES_TOPIC]):
        partition = world.log.partitions[TopicPartition(VALUES_TOPIC, p)]
        for record in partition.read(0, len(partition.entries), committed=True)[0]:
            value = read_value(record.value or b"")
            if value.unit != "money":
                yield value


def finals(world: World) -> Published:
    """The last revision of every window, as a reader of committed records sees it."""
    last: dict[bytes, KpiValueRecord] = {}
    for p in range(world.counts[VALUES_TOPIC]):
        partition = world.log.partitions[TopicPartition(VALUES_TOPIC, p)]
        for record in partition.read(0, len(partition.entries), committed=True)[0]:
            last[record.key or b""] = read_value(record.value or b"")
    provisional = [key.decode() for key, value in last.items() if value.status == "provisional"]
    assert not provisional, f"never closed: {provisional}"
    return without_zeros(
        {
            (value.kpi, value.window, _us(value.start), value.dimension, value.segment): (
                int(Decimal(value.numerator) * (100 if value.unit == "money" else 1)),
                value.denominator,
            )
            for value in last.values()
        }
    )


def _us(moment: str) -> int:
    return round(datetime.fromisoformat(moment).timestamp() * S)

"""A worker process: the engine's own tasks and their owner, around a simulated consumer instead of Faust's.

What is written here stands for streams.engine.app (feeding, ticks, commits) and streams.engine.consumer (a poll).
"""

import asyncio
import random
from collections import deque
from collections.abc import Callable, Coroutine, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from aiokafka import TopicPartition
from faust.types import TP

from models.stage import Stage
from models.table import ChangeLogged
from simulation.consumer import Consumer
from simulation.log import Log
from simulation.turns import Turns
from simulation.writer import OUTSIDE, Faults, LogWriter
from streams.engine.app import EAGER_S
from streams.engine.broadcast import BroadcastReader
from streams.engine.clock import Clock
from streams.engine.commit_policy import CommitPolicy
from streams.engine.consumer import Fetched, Position
from streams.engine.recovery import take_back
from streams.engine.scheduler import BatchScheduler
from streams.engine.task import Task
from streams.engine.tasks import Tasks
from streams.engine.transaction import CommitStep

APP = "kpi"


class Told(Protocol):
    """Who is told what a worker does."""

    def says(self, worker: "Worker", what: str) -> None: ...
    def applied(self, task: Task) -> None: ...
    def opened(self, worker: "Worker", tasks: Iterable[Task]) -> None: ...
    def reached(self, worker: "Worker", task: str, step: CommitStep) -> None: ...
    def ended(self, worker: "Worker", error: BaseException) -> None: ...
    def faulty(self, worker: "Worker", error: BaseException) -> None: ...


@dataclass(frozen=True)
class Engine:
    """What all workers share; `writer` and `committed` (read committed records only) can be broken on purpose."""

    log: Log
    turns: Turns
    clock: Clock
    chance: random.Random
    told: Told
    stages: Sequence[Stage[Any, Any]]
    contiguous: frozenset[str]
    faults: Faults
    commit_every_s: float
    writer: type[LogWriter] = LogWriter
    committed: bool = True


class SimulatedTasks(Tasks):
    """The engine's own, with changelogs read from the in-memory log."""

    app: "Worker"

    async def restore(self, tables: Mapping[TopicPartition, Sequence[ChangeLogged]]) -> None:
        """Up to the last stable offset."""
        for tp, its in tables.items():
            await self.app.pause()
            by_name = {table.name.encode(): table for table in its}
            partition = self.app.engine.log.partitions[tp]
            take_back(by_name, tp, partition.read(0, len(partition.entries), committed=True)[0])


class Worker:
    """`generation`: of the assignment that it reads for; None while it is between two."""

    def __init__(self, name: str, engine: Engine) -> None:
        self.name, self.engine = name, engine
        self.alive = self.member = True
        self.frozen = False
        self.generation: int | None = None
        self.stages = engine.stages
        self.stage_named = {stage.name: stage for stage in engine.stages}
        self.stage_of = {topic: stage for stage in engine.stages for topic in stage.inputs}
        self.consumer = Consumer(engine.log)
        self.observer = self
        self.client: dict[str, Any] = {}
        self.broadcasts = BroadcastReader((), {})
        self.tables = SimulatedTasks(self)
        self.ticked_us = engine.clock.wall_us()
        self.polling = False
        self.jobs: dict[asyncio.Task[None], None] = {}

    async def pause(self) -> None:
        """See Turns."""
        await self.engine.turns.pause(self)

    def die(self) -> None:
        """The process is gone, at once."""
        self.alive = self.member = False
        self.engine.turns.drop(self)
        for job in self.jobs:
            if job is not asyncio.current_task():
                job.cancel()

    # What the engine's tasks want of their app.

    def changelog_of(self, stage: Stage[Any, Any]) -> str:
        return f"{APP}-{stage.name}-changelog"

    def new_task(self, stage_name: str, partition: int) -> Task:
        stage, engine = self.stage_named[stage_name], self.engine
        producer = f"{APP}-{stage_name}-{partition}"
        return Task(
            stage,
            partition,
            policy=CommitPolicy(EAGER_S if stage.eager else engine.commit_every_s, 12),
            writer=engine.writer(engine.log, producer, self.pause, engine.faults),
            changelog=self.changelog_of(stage),
            contiguous=engine.contiguous,
            ahead_us=3_600_000_000,
            clock=engine.clock,
            observer=self,
        )

    def fail(self, error: BaseException) -> None:
        """The process ends; an error that no fault explains is a bug."""
        if self.alive:
            self.engine.told.ended(self, error)
            if not isinstance(error, OUTSIDE):
                self.engine.told.faulty(self, error)
            self.die()
        raise asyncio.CancelledError

    def add_future(self, job: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Run beside the others, until it ends or this process does."""
        running = asyncio.get_running_loop().create_task(job)
        self.jobs[running] = None
        running.add_done_callback(self._ended)
        return running

    def _ended(self, job: asyncio.Task[None]) -> None:
        del self.jobs[job]
        if not job.cancelled() and (error := job.exception()):
            self.engine.told.faulty(self, error)

    # What the engine tells.

    def stepped(self, stage: str, output: Any, now_us: int) -> None: ...
    def stalled(self, seconds: float) -> None: ...
    def committed(self, stage: str, records: int, seconds: float) -> None: ...
    def restored(self, keys: int, seconds: float) -> None: ...

    def committing(self, task: str, step: CommitStep) -> None:
        self.engine.told.reached(self, task, step)

    # What streams.engine.app and its consumer do.

    def poll(self, share: float, limit: int) -> None:
        """Begin a fetch of some inputs, unless one is under way."""
        if not self.polling and self.generation is not None:
            chance, held = self.engine.chance, self.tables.crowded()
            wanted = [tp for tp in self.consumer.assigned if chance.random() < share and tp not in held]
            self.polling = True
            self.add_future(self._poll(wanted, limit, self.generation))

    async def _poll(self, wanted: list[TP], limit: int, generation: int) -> None:
        """Hand over chunk by chunk, then publish the positions of the moment of the fetch."""
        consumer, records = self.consumer, {}
        try:
            for tp in wanted:
                partition = self.engine.log.partitions[TopicPartition(*tp)]
                committed, start = self.engine.committed, consumer.next_fetch[tp]
                records[tp], end = partition.read(start, limit, committed=committed)
                stable = partition.stable_end if committed else len(partition.entries)
                consumer.next_fetch[tp] = end
                consumer.looks[tp] = (end, stable, self.engine.clock.wall_us())
            looks = dict(consumer.looks)
            for tp, chunk in BatchScheduler({}).iterate(records):
                await self.pause()
                if generation != self.generation:
                    return
                consumer.handed[tp] = chunk[-1].offset + 1
                consumer.channels.setdefault(tp, deque()).append(Fetched(tp, list(chunk), generation))
            if generation == self.generation:
                self.tables.looked({tp: Position(consumer.handed.get(tp, 0), *look) for tp, look in looks.items()})
        finally:
            self.polling = False

    def feed(self) -> None:
        """An agent takes a chunk; the task applies what is ready."""
        waiting = [tp for tp, channel in self.consumer.channels.items() if channel]
        if waiting:
            fetched = self.consumer.channels[self.engine.chance.choice(waiting)].popleft()
            if task := self.tables.of(fetched.tp):
                task.take(fetched)
        for task in list(self.tables.tasks.values()):
            if task.ready and task.full:
                self.add_future(self.tables.guarded(task.commit))
            elif task.ready:
                task.advance()
                self._made(task, f"reads to {sorted(task.positions.values())}")
            elif task.unfinished and not task.full:
                task.tick()
                self._made(task, "goes on")

    def tick(self) -> None:
        """A second has passed, or more."""
        self.ticked_us = self.engine.clock.wall_us()
        self.tables.tick()
        for task in self.tables.tasks.values():
            self._made(task, "ticks")

    def commit_due(self) -> None:
        """Begin the commits that are due."""
        self.tables.commit_due(self.engine.clock.monotonic_s())

    async def leave_assignment(self, joined: Callable[["Worker"], None]) -> None:
        """A rebalance begins: commit, then say so."""
        self.generation = None
        await self.tables.suspend()
        await self.pause()
        joined(self)

    async def take_assignment(self, generation: int, tps: list[TP]) -> None:
        """A rebalance has ended."""
        await self.pause()
        self.consumer.assigned = tps
        before = list(self.tables.tasks.values())
        await self.tables.open(generation)
        self.engine.told.opened(self, [task for task in self.tables.tasks.values() if task not in before])
        self.consumer.seek(self.tables.positions())
        self.generation = generation

    def _made(self, task: Task, what: str) -> None:
        self.engine.told.says(self, f"{task.name} {what}")
        self.engine.told.applied(task)

"""Which tasks this worker has: they follow the assignment of the consumer group."""

import asyncio
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import structlog
from aiokafka import TopicPartition
from faust.tables.manager import TableManager
from faust.tables.recovery import Recovery
from faust.types import TP

from models.errors import EngineFault
from models.table import ChangeLogged
from streams.engine.consumer import Position
from streams.engine.opening import open_tasks
from streams.engine.recovery import restore
from streams.engine.sharing import TaskName
from streams.engine.task import Task

log = structlog.get_logger("engine")


class TaskRecovery(Recovery):
    """Opens tasks in Faust's recovery, not in the rebalance callback: heartbeats go on, a new rebalance cancels it."""

    async def _resume_streams(self, generation_id: int = 0) -> None:
        await self._wait(self.tables.open(generation_id))
        await super()._resume_streams(generation_id)


class Tasks(TableManager):
    """Faust's `TableManager`: there are no Faust tables, the tasks hold the state."""

    def __init__(self, app: Any, **kwargs: Any) -> None:  # noqa: ANN401  Faust's
        super().__init__(app, **kwargs)
        self._recovery: TaskRecovery | None = None
        self.tasks: dict[TaskName, Task] = {}
        self.generation: int | None = None
        self.assignments = 0
        self.heard_s: float | None = None
        self._answered_us = 0

    @property
    def recovery(self) -> TaskRecovery:
        """Faust's service that runs after each rebalance."""
        if self._recovery is None:
            self._recovery = TaskRecovery(self.app, self, beacon=self.beacon, loop=self.loop)
        return self._recovery

    @property
    def changelog_topics(self) -> set[str]:
        """Not empty: without changelogs Faust takes an assignor that does not co-partition."""
        return {self.app.changelog_of(stage) for stage in self.app.stages}

    def add(self, table: Any) -> Any:  # noqa: ANN401  Faust's
        """A Faust table would change the recovery path and is not in the transaction."""
        raise EngineFault(f"Faust table {table.name}: state lives in the tables of a stage")

    async def on_start(self) -> None:
        """Without the second that Faust waits for late tables."""
        await self._update_channels()
        self.add_future(self.guarded(self.app.broadcasts.run))  # not an app.task: these wait for the first tasks
        await self.recovery.start()

    async def on_stop(self) -> None:
        """Commit, then let go."""
        await self.suspend()
        await super().on_stop()
        await self._close(list(self.tasks))

    def of(self, tp: TP) -> Task | None:
        """The task that reads a partition, if this worker has it."""
        return self.tasks.get((self.app.stage_of[tp.topic].name, tp.partition))

    def positions(self) -> dict[TP, int]:
        """Where every input is to be read on."""
        return {tp: offset for task in self.tasks.values() for tp, offset in task.positions.items()}

    def looked(self, looks: Mapping[TP, Position]) -> None:
        """Pass the fetcher's positions on."""
        answered = [look.looked_us for look in looks.values() if look.looked_us is not None]
        if answered and max(answered) > self._answered_us:
            self._answered_us, self.heard_s = max(answered), time.monotonic()
        for task in self.tasks.values():
            task.looked(looks)

    def crowded(self) -> set[TP]:
        """Inputs of which no more is to be read for now."""
        return {tp for task in self.tasks.values() for tp in task.crowded()}

    def lag(self) -> int:
        """Unread records of all inputs, as far as known."""
        return sum(task.unread() for task in self.tasks.values())

    def tick(self) -> None:
        """A second has passed."""
        for task in self.tasks.values():
            task.tick()

    def commit_due(self, now_s: float) -> None:
        """Start the commits that are due; each runs beside the others and beside the steps."""
        for task in self.tasks.values():
            if task.due(now_s):
                self.app.add_future(self.guarded(task.commit))

    async def guarded(self, work: Callable[[], Any]) -> None:
        """A commit, say, whose failure is the end of this process: what it wrote is not known."""
        try:
            await work()
        except asyncio.CancelledError:
            raise
        except BaseException as error:  # noqa: BLE001  any is final (fencing, time-outs, refused records, a panic)
            self.app.fail(error)

    async def suspend(self) -> None:
        """Revoked or stopping: accept nothing more, commit what was applied."""
        for task in self.tasks.values():
            task.generation = None
        await asyncio.gather(*(self.guarded(task.commit) for task in self.tasks.values()))

    async def open(self, generation: int) -> None:
        """Follow a new assignment: close what went away, open what came, keep the rest running."""
        wanted = self._assigned()
        # A task may be kept only if nobody else can have owned it in between, i.e. no generation was missed.
        unbroken = self.generation is not None and generation == self.generation + 1
        await self._close([name for name in self.tasks if not unbroken or name not in wanted])
        opened = {name: self.app.new_task(*name) for name in wanted if name not in self.tasks}
        try:
            if opened:
                await self.app.broadcasts.ready()
                await open_tasks({task: wanted[name] for name, task in opened.items()}, self)
        except Exception as error:  # as in guarded; Faust would end with 1 and a page of traceback
            self.app.fail(error)
            raise
        except BaseException:
            await asyncio.gather(*(_close(task) for task in opened.values()))
            raise
        self.tasks.update(opened)
        self.generation = generation
        self.assignments += 1
        for task in self.tasks.values():
            task.resume(generation)
        log.info("assigned", tasks=sorted(task.name for task in self.tasks.values()), opened=len(opened))

    async def starting_offsets(self, tps: Iterable[TP]) -> Mapping[TP, int]:
        """See opening.Log."""
        offsets: dict[TP, int] = await self.app.consumer.starting_offsets(tps)
        return offsets

    async def restore(self, tables: Mapping[TopicPartition, Sequence[ChangeLogged]]) -> None:
        """See opening.Log."""
        keys, seconds = await restore(tables, self.app.client)
        self.app.observer.restored(keys, seconds)

    def _assigned(self) -> dict[TaskName, list[TP]]:
        """The tasks of the assignment; refused if a task would have only a part of its inputs."""
        assigned: dict[TaskName, list[TP]] = {}
        for tp in self.app.consumer.assignment():
            if stage := self.app.stage_of.get(tp.topic):
                assigned.setdefault((stage.name, tp.partition), []).append(tp)
        for (name, partition), tps in assigned.items():
            if {tp.topic for tp in tps} != set(self.app.stage_named[name].inputs):
                self.app.fail(EngineFault(f"task {name}-{partition} got only {tps}: its inputs are not co-partitioned"))
        return assigned

    async def _close(self, names: list[TaskName]) -> None:
        await asyncio.gather(*(_close(self.tasks.pop(name)) for name in names))


async def _close(task: Task) -> None:
    task.generation = None
    try:
        await task.writer.close()
    except Exception as error:  # noqa: BLE001  nothing is lost: the next owner fences this one
        log.warning("closing", task=task.name, error=repr(error))

"""The order in which tasks are opened: it is what makes a takeover safe."""

import asyncio
from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

from aiokafka import TopicPartition
from faust.types import TP

from models.table import ChangeLogged
from streams.engine.task import Task


class Log(Protocol):
    """Where the positions and the state of tasks are read from."""

    async def starting_offsets(self, tps: Iterable[TP]) -> Mapping[TP, int]:
        """The committed offsets of inputs."""

    async def restore(self, tables: Mapping[TopicPartition, Sequence[ChangeLogged]]) -> None:
        """Read changelog partitions into tables, up to what is committed."""


async def open_tasks(tasks: Mapping[Task, Sequence[TP]], log: Log) -> None:
    """Open new tasks on their inputs."""
    # 1. Fence the previous owners: their open transactions are finished when this returns.
    await asyncio.gather(*(task.writer.start() for task in tasks))
    # 2. Only now read the positions and the state.
    offsets = await log.starting_offsets([tp for tps in tasks.values() for tp in tps])
    await log.restore({task.changelog: task.tables.all() for task in tasks})
    # 3. Accept batches.
    for task, tps in tasks.items():
        task.open({tp: offsets[tp] for tp in tps})

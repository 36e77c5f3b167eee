"""Tasks with a writer in memory, and batches by hand."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from aiokafka import ConsumerRecord, TopicPartition
from faust.types import TP

from contract.toy import Measured, Tally, ToyApp
from streams.engine.app import EngineSettings
from streams.engine.clock import Clock
from streams.engine.commit_policy import CommitPolicy
from streams.engine.consumer import Fetched
from streams.engine.task import Task
from streams.engine.transaction import CommitStep, Snapshot

IN, OTHER = TP("in", 0), TP("other", 0)
GENERATION = 1


@dataclass
class Written:
    """A Writer that keeps what is committed; `go` lets a commit pass, `error` is what it ends with."""

    snapshots: list[Snapshot] = field(default_factory=list)
    go: asyncio.Event = field(default_factory=asyncio.Event)
    error: Exception | None = None
    log: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.go.set()

    async def start(self) -> None:
        self.log.append("fence")

    async def write(self, snapshot: Snapshot, reached: Callable[[CommitStep], None]) -> None:
        await self.go.wait()
        if self.error:
            raise self.error
        self.snapshots.append(snapshot)
        self.log.append("commit")

    async def close(self) -> None:
        self.log.append("close")


@dataclass
class Hand:
    """The clock of a test."""

    now_s: float = 100.0

    @property
    def clock(self) -> Clock:
        return Clock(lambda: round(self.now_s * 1e6), lambda: self.now_s)


def task(stage: Tally, writer: Written, hand: Hand | None = None, contiguous: frozenset[str] = frozenset()) -> Task:
    made = Task(
        stage,
        0,
        policy=CommitPolicy(0.2, 1_000),
        writer=writer,
        changelog="changelog",
        contiguous=contiguous,
        ahead_us=100,
        clock=(hand or Hand()).clock,
        observer=Measured(),
    )
    made.open({TP(topic, 0): 0 for topic in stage.inputs})
    made.resume(GENERATION)
    return made


def fetched(*offsets: int, tp: TP = IN, generation: int = GENERATION) -> Fetched:
    records = [ConsumerRecord(tp.topic, 0, at, 1_000, 0, b"k", b"%d" % at, None, 1, 1, ()) for at in offsets]
    return Fetched(tp, records, generation)


def app(*stages: Tally) -> Any:
    """A worker that is not started; Any, as tests put their parts in."""
    return ToyApp(EngineSettings("app", "127.0.0.1:1", {"bootstrap_servers": "127.0.0.1:1"}), stages, Measured())


def offsets(writer: Written) -> list[dict[TopicPartition, int]]:
    return [dict(snapshot.offsets) for snapshot in writer.snapshots]

"""A toy flow for contract tests: stages that count and copy, and workers in this process on a real broker."""

import asyncio
import time
from collections.abc import AsyncIterator, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from aiokafka import AIOKafkaConsumer, AIOKafkaProducer

import topic_log
from models.stage import Batch, Incoming, Outgoing, Tick
from models.table import ChangeLogged, Table, packed_codec
from streams.engine.app import EngineApp, EngineSettings
from streams.engine.transaction import CommitStep


@dataclass(slots=True)
class Counts:
    """Records by key."""

    partition: int
    rows: Table[bytes, int] = field(default_factory=lambda: Table("counts", packed_codec(int, bytes)))

    def all(self) -> tuple[ChangeLogged, ...]:
        return (self.rows,)


@dataclass(slots=True)
class Copied:
    """What one step made. `pending_bytes`: what it says it holds."""

    records: Sequence[Incoming]
    pending_bytes: int = 0
    unfinished: bool = False

    @property
    def moved(self) -> bool:
        return bool(self.records)


@dataclass
class Tally:
    """Counts records by key and copies them to `target`, if there is one.

    A value is an event time in us, padded to any size. `applied`: topic, partition, offset and event time of every
    record, in the order of the steps; `weight`: bytes of output that a record is said to hold; `each`: called by a
    step with its records.
    """

    name: str
    inputs: tuple[str, ...]
    target: str | None = None
    eager: bool = False
    weight: int = 0
    each: Callable[[Sequence[Incoming]], None] = lambda _: None
    applied: list[tuple[str, int, int, int]] = field(default_factory=list)

    def tables(self, partition: int) -> Counts:
        return Counts(partition)

    def opened(self, tables: Counts, now_us: int) -> None:
        """Nothing is derived."""

    def step(self, tables: Counts, read: Batch | Tick, now_us: int) -> Copied:
        records = read.records if isinstance(read, Batch) else ()
        self.each(records)
        for record in records:
            key = record.key or b""
            tables.rows.put(key, tables.rows.rows.get(key, 0) + 1)
        if isinstance(read, Batch):
            self.applied += ((read.topic, read.partition, one.offset, self.event_time_us("", one)) for one in records)
        return Copied(records, self.weight * len(records))

    def event_time_us(self, topic: str, record: Incoming) -> int:
        return int(record.value or b"0")

    def outgoing(self, tables: Counts, outputs: Sequence[Copied], now_us: int) -> list[Outgoing]:
        if self.target is None:
            return []
        return [Outgoing(self.target, tables.partition, one.key, one.value) for o in outputs for one in o.records]


@dataclass
class Measured:
    """An Observer that keeps what it is told."""

    commits: list[tuple[float, str, int]] = field(default_factory=list)
    steps: list[tuple[str, CommitStep]] = field(default_factory=list)
    restored_rows: int = 0

    def stepped(self, stage: str, output: Any, now_us: int) -> None:
        """Not needed."""

    def stalled(self, seconds: float) -> None:
        """Not needed."""

    def committing(self, task: str, step: CommitStep) -> None:
        self.steps.append((task, step))

    def committed(self, stage: str, records: int, seconds: float) -> None:
        self.commits.append((time.monotonic(), stage, records))

    def restored(self, keys: int, seconds: float) -> None:
        self.restored_rows += keys


class Ended(Exception):  # noqa: N818  what os._exit is in a process of its own
    """A worker in this process has come to a fault."""


class ToyApp(EngineApp):
    """A worker that tells its fault instead of ending the process of the tests."""

    def __init__(self, settings: EngineSettings, stages: Sequence[Any], observer: Measured) -> None:
        self.faults: list[BaseException] = []
        self.told = observer
        super().__init__(settings, stages, observer)

    def fail(self, error: BaseException) -> None:
        self.faults.append(error)
        raise Ended from error


async def until(true: Callable[[], object], seconds: float = 20) -> None:
    """Wait until `true()`, which is looked at a hundred times a second."""
    async with asyncio.timeout(seconds):
        while not true():
            await asyncio.sleep(0.01)


@dataclass
class Ground:
    """Topics of a test's own on the broker, for an app of its own."""

    bootstrap: str
    app_id: str = field(default_factory=lambda: topic_log.fresh("toy"))

    def topic(self, name: str) -> str:
        return f"{self.app_id}-{name}"

    async def create(self, *names: str, partitions: int = 1, stages: Iterable[str] = ("tally",)) -> None:
        """Topics and the changelogs of stages."""
        topics = [*names, *(f"{stage}-changelog" for stage in stages)]
        await topic_log.create(self.bootstrap, map(self.topic, topics), partitions)

    async def send(self, name: str, times_us: Iterable[int], partition: int = 0, size: int = 0) -> None:
        """One record for each time, its value padded to `size` bytes; without a transaction."""
        async with AIOKafkaProducer(bootstrap_servers=self.bootstrap, linger_ms=5) as producer:
            topic = self.topic(name)
            values = [b"%-*d" % (size, at) for at in times_us]
            sent = [await producer.send(topic, value, b"k", partition) for value in values]
            await asyncio.gather(*sent)

    async def unread(self, *names: str) -> int:
        """Ends less what the group has committed, over the partitions of topics, markers and all."""
        ends = await topic_log.Ends.of(self.bootstrap, map(self.topic, names))
        async with AIOKafkaConsumer(bootstrap_servers=self.bootstrap, group_id=self.app_id) as consumer:
            return sum([end - (await consumer.committed(tp) or 0) for tp, end in ends.offsets.items()])

    @asynccontextmanager
    async def worker(self, *stages: Tally, **settings: Any) -> AsyncIterator[ToyApp]:
        """A worker that runs until the block ends; it is stopped in order."""
        client, outputs = {"bootstrap_servers": self.bootstrap}, {stage.target for stage in stages if stage.target}
        engine = EngineSettings(self.app_id, self.bootstrap, client, outputs=frozenset(outputs), **settings)
        app = ToyApp(engine, stages, Measured())
        await app.start()
        try:
            yield app
        finally:
            await app.stop()

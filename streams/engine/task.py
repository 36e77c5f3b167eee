"""A task: one stage on one partition number. State, outputs and positions change together and commit together."""

import asyncio
from collections import defaultdict
from collections.abc import Mapping
from functools import partial
from typing import Any

from aiokafka import TopicPartition
from faust.types import TP

from models.errors import EngineFault
from models.stage import Batch, Look, Stage, Tick
from streams.engine.clock import Clock
from streams.engine.commit_policy import CommitPolicy, Pending
from streams.engine.consumer import Fetched, Position
from streams.engine.inbox import Inbox
from streams.engine.observer import Observer
from streams.engine.transaction import Snapshot, Writer

AnyStage = Stage[Any, Any]


class Task:
    """`generation`: the assignment it belongs to; None while suspended, when it accepts nothing."""

    def __init__(
        self,
        stage: AnyStage,
        partition: int,
        *,
        policy: CommitPolicy,
        writer: Writer,
        changelog: str,
        contiguous: frozenset[str],
        ahead_us: int,
        clock: Clock,
        observer: Observer,
        turn: asyncio.Lock | None = None,
    ) -> None:
        """`contiguous`: external topics without transactions and compaction, where no offset may be missing.

        `ahead_us`: as Inbox's. `turn`: held by whoever holds up the event loop: four snapshots at once stalled it most.
        """
        self.stage = stage
        self.partition = partition
        self.tables = stage.tables(partition)
        self.writer = writer
        self.changelog = TopicPartition(changelog, partition)
        self.generation: int | None = None
        self.unfinished = False
        self.positions: dict[TP, int] = {}
        self._committed: dict[TP, int] = {}
        self._looks: dict[TP, Position] = {}
        self._fresh_us: dict[TP, int] = {}
        self._outputs: list[Any] = []
        self._pending: Pending | None = None
        self._in_snapshot = False
        self._lock = asyncio.Lock()
        self._turn = turn or asyncio.Lock()
        self._policy = policy
        self._contiguous = contiguous
        self._ahead_us = ahead_us
        self._inbox = Inbox((), ahead_us)
        self._clock = clock
        self._observer = observer

    @property
    def name(self) -> str:
        """As in transactional ids and logs."""
        return f"{self.stage.name}-{self.partition}"

    def open(self, offsets: Mapping[TP, int]) -> None:
        """Take up the committed positions, after the tables were restored."""
        self.positions = dict(offsets)
        self._committed = dict(offsets)
        self._inbox = Inbox(offsets, self._ahead_us)
        self._fresh_us = dict.fromkeys(offsets, self._clock.wall_us())
        self.stage.opened(self.tables, self._clock.wall_us())

    def resume(self, generation: int) -> None:
        """Accept batches of a new assignment; everything not applied is read again from the positions."""
        self.generation = generation
        self._looks.clear()
        self._inbox.clear()

    def take(self, fetched: Fetched) -> None:
        """A chunk to be applied in its turn. A stale one is ignored: it is read again."""
        if fetched.generation == self.generation:
            inbox, tp = self._inbox, fetched.tp
            inbox.put(fetched, self.stage.event_time_us(tp.topic, fetched.records[0]) if inbox.aligned else 0)

    @property
    def ready(self) -> bool:
        """Whether a chunk may be applied now."""
        return self._accepts and self._inbox.next(self._idle) is not None

    def crowded(self) -> set[TP]:
        """Inputs that are held, of which no more is to be read."""
        return self._inbox.crowded()

    def advance(self) -> None:
        """Apply the next chunk, if one is ready."""
        if self._accepts and (tp := self._inbox.next(self._idle)):
            self.apply(self._inbox.pop(tp))

    def apply(self, fetched: Fetched) -> None:
        """One synchronous step: no await, so no commit can cut a batch in two. A stale batch is ignored."""
        if fetched.generation != self.generation:
            return
        position, records = self.positions[fetched.tp], fetched.records
        if records[0].offset > position and fetched.tp.topic in self._contiguous:
            raise EngineFault(
                f"{fetched.tp.topic}/{fetched.tp.partition}: expected offset {position}, got {records[0].offset}"
            )
        if records[0].offset < position:
            records = [record for record in records if record.offset >= position]
        if records:
            self._step(Batch(fetched.tp.topic, fetched.tp.partition, records))
            self.positions[fetched.tp] = records[-1].offset + 1
            self._fresh_us[fetched.tp] = records[-1].timestamp * 1000

    def tick(self) -> None:
        """An empty batch: the watermark may move, a promise be due, transaction markers have been passed.

        One that falls into a snapshot is left out; the next one does for it.
        """
        if not self._accepts:
            return
        looks = {tp.topic: Look(self.lag(tp), look.looked_us or 0) for tp, look in self._looks.items()}
        self._step(Tick(looks))
        if self._offsets():
            self._mark_pending(0, 0)

    def looked(self, looks: Mapping[TP, Position]) -> None:
        """The fetcher's positions, once everything it read was put into the channels."""
        self._looks.update((tp, looks[tp]) for tp in self.positions if tp in looks)
        for tp, look in self._looks.items():
            if self.lag(tp) == 0:
                self._fresh_us[tp] = look.looked_us or self._fresh_us[tp]

    def lag(self, tp: TP) -> int | None:
        """Committed records of an input that are not applied; None: not known yet."""
        look = self._looks.get(tp)
        if look is None or look.stable_end is None:
            return None
        return max(0, look.stable_end - self._next_offset(tp))

    def unread(self) -> int:
        """Records of all inputs that are not applied, as far as known."""
        return sum(self.lag(tp) or 0 for tp in self.positions)

    def freshness_s(self, tp: TP, now_us: int) -> float:
        """At most the age by broker timestamp of the oldest unread record.

        It came after the last one applied, and after the last look that found nothing.
        """
        return max(0.0, (now_us - self._fresh_us[tp]) / 1e6) if self.lag(tp) else 0.0

    def due(self, now_s: float) -> bool:
        """Whether to commit now; `now_s` is monotonic."""
        if self._pending is None or self._lock.locked():
            return False
        return self._policy.due(self._pending, self.unread, now_s)

    @property
    def full(self) -> bool:
        """Whether so much waits for a commit that no more may be added."""
        return self._pending is not None and self._policy.full(self._pending)

    async def commit(self) -> None:
        """Write what changed since the last commit; waits for one that is in flight."""
        async with self._lock:
            async with self._turn:
                if self._pending is None:
                    return
                offsets = self._offsets()
                snapshot = await self._snapshot(offsets)
            began_s = self._clock.monotonic_s()
            await self.writer.write(snapshot, partial(self._observer.committing, self.name))
            self._committed.update(offsets)
            self._observer.committed(self.stage.name, snapshot.size, self._clock.monotonic_s() - began_s)

    @property
    def _accepts(self) -> bool:
        """Whether it may step: not while it is suspended, and not while a snapshot of it is made."""
        return self.generation is not None and not self._in_snapshot

    def _step(self, read: Batch | Tick) -> None:
        assert not self._in_snapshot, f"{self.name}: a step within a snapshot"
        output = self.stage.step(self.tables, read, self._clock.wall_us())
        self.unfinished = output.unfinished
        if output.moved:
            self._outputs.append(output)
            self._mark_pending(len(read.records) if isinstance(read, Batch) else 0, output.pending_bytes)
        self._observer.stepped(self.stage.name, output, self._clock.wall_us())

    def _mark_pending(self, records: int, output_bytes: int) -> None:
        before = self._pending or Pending(self._clock.monotonic_s(), 0, 0)
        self._pending = Pending(before.since_s, before.records + records, before.output_bytes + output_bytes)

    async def _snapshot(self, offsets: Mapping[TP, int]) -> Snapshot:
        """State, outputs and positions of one moment between two steps, made with pauses in which nothing steps."""
        rows: defaultdict[tuple[str, int], list[Any]] = defaultdict(list)
        outputs, self._outputs, self._pending = self._outputs, [], None
        self._in_snapshot = True
        for topic, partition, key, value, headers in self.stage.outgoing(self.tables, outputs, self._clock.wall_us()):
            rows[topic, partition].append((key, value, headers))
        for table in self.tables.all():
            await _pause()
            prefix = table.name.encode() + b"|"
            if changes := [(prefix + key, value, ()) for key, value in table.drain()]:
                rows[self.changelog] += changes
        await _pause()
        self._in_snapshot = False
        by_target = {TopicPartition(*target): its for target, its in rows.items()}
        return Snapshot(by_target, {TopicPartition(*tp): offset for tp, offset in offsets.items()})

    def _offsets(self) -> dict[TP, int]:
        """Positions that moved since the last commit."""
        return {tp: offset for tp in self.positions if (offset := self._next_offset(tp)) != self._committed[tp]}

    def _idle(self, tp: TP) -> bool:
        return self.lag(tp) == 0

    def _next_offset(self, tp: TP) -> int:
        """Past markers and aborted records too, once all that was handed over is applied; never back."""
        applied, look = self.positions[tp], self._looks.get(tp)
        position = max(applied, self._committed[tp])
        return max(position, look.next_fetch) if look and applied >= look.handed else position


async def _pause() -> None:
    """Let the event loop look at its timers and sockets, and what waits for them go on: two turns."""
    await asyncio.sleep(0)
    await asyncio.sleep(0)

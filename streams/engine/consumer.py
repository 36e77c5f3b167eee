"""Faust's consumer with batches in, positions from the tasks, and committed records only.

Overrides private methods of faust-streaming 0.15.3 and aiokafka 0.14.0 (both pinned); tests/contract says which.
"""

import asyncio
from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass
from typing import Any, NamedTuple

import structlog
from faust.transport.drivers import aiokafka as driver
from faust.types import TP
from faust.types.tuples import ConsumerMessage

from models.errors import EngineFault
from streams.engine.fetching import take_by_batch

log = structlog.get_logger("engine")

POLL_S = 0.1
REST_S = 0.01
FETCH_MAX_WAIT_MS = 100
"""Faust hard-codes 1500: every new event of a quiet partition would wait for it."""


@dataclass(frozen=True, slots=True)
class Fetched:
    """Records of one chunk: the value of the event that an agent receives."""

    tp: TP
    records: list[Any]
    generation: int


class Position(NamedTuple):
    """Where the fetcher is in a partition, of one moment.

    Transaction markers and aborted records take offsets, so the next fetch offset, not the last record, is the truth
    at rest; the last stable offset is the end of what is committed. `handed`: the offset after what tasks were given.
    """

    handed: int
    next_fetch: int
    stable_end: int | None
    looked_us: int | None


class Poll(NamedTuple):
    """The offset after the records fetched, by partition, and the fetcher's positions right after the fetch.

    Of one poll only: those of the one before, taken after a rebalance, would commit records that were dropped in it.
    """

    ends: dict[TP, int]
    positions: dict[TP, tuple[int, int | None, int | None]]


class BatchConsumer(driver.Consumer):
    """See the module docstring."""

    handed: dict[TP, int]  # offset after the records handed to the channels
    poll: Poll | None  # what the present poll has fetched; None: it did not ask the broker

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # noqa: ANN401  Faust's
        super().__init__(*args, **kwargs)
        self.handed, self.poll = {}, None

    async def getmany(self, timeout: float) -> AsyncIterator[tuple[TP, Any]]:  # noqa: ASYNC109  Faust's signature
        """Hand over a poll, then publish the positions it was taken at. Raises if Faust dropped a part of it."""
        generation, handed = self.app.consumer_generation_id, self.handed
        self.poll = None
        async for tp, message in super().getmany(min(timeout, POLL_S)):
            yield tp, message
        if generation == self.app.consumer_generation_id and handed is self.handed and self.flow_active:
            self._polled()

    def _polled(self) -> None:
        if self.poll is not None:
            self._check_handed_over(self.poll)
            its = self.poll.positions.items()
            self.app.tables.looked({tp: Position(self.handed.get(tp, 0), *position) for tp, position in its})

    def _check_handed_over(self, poll: Poll) -> None:
        for tp, end in poll.ends.items():
            if self.handed.get(tp, 0) < end:
                given = self.handed.get(tp)
                self.app.fail(EngineFault(f"{tp.topic}/{tp.partition}: read up to {end}, handed over only {given}"))

    def _to_message(self, tp: TP, records: list[Any]) -> ConsumerMessage:
        """One message a chunk; called once for each chunk of the scheduler."""
        last, generation = records[-1], self.app.consumer_generation_id
        self.handed[tp] = last.offset + 1
        return ConsumerMessage(
            tp.topic,
            tp.partition,
            last.offset,
            last.timestamp / 1000.0,
            last.timestamp_type,
            None,
            None,
            Fetched(tp, records, generation),
            None,
            0,
            0,
            tp,
            generation_id=generation,
        )

    async def _add_gap(self, tp: TP, offset_from: int, offset_to: int) -> None:
        """Positions live in the tasks: Faust's tracking of gaps is not used."""

    async def _getmany(self, active_partitions: set[TP], timeout: float) -> Any:  # noqa: ANN401, ASYNC109  Faust's
        """Without those that are held: they are left out of this poll, and what was polled before is handed over.

        Pausing a partition instead loses the rest of a poll: Faust changes the set that the poll is filtered by.
        """
        wanted = active_partitions - self.app.tables.crowded()
        if not wanted:
            await asyncio.sleep(REST_S)
            return {}
        records = await super()._getmany(wanted, timeout)
        ends = {TP(*tp): fetched[-1].offset + 1 for tp, fetched in records.items() if fetched}
        self.poll = Poll(ends, self._thread.positions)
        return records

    def on_buffer_full(self, tp: TP) -> None:
        """The blocking put into the bounded channel is the back-pressure; pausing a partition loses records."""

    def on_buffer_drop(self, tp: TP) -> None:
        """See on_buffer_full."""

    async def force_commit(self, topics: Any = None, start_new_transaction: bool = True) -> bool:  # noqa: ANN401, ARG002, FBT001, FBT002  Faust's
        """Faust's commits do nothing but forget acknowledgements: the tasks commit in their transactions."""
        self._acked.clear()
        self._acked_index.clear()
        return False

    async def perform_seek(self) -> None:
        """Start where the tasks are, also at 0, which Faust's own would skip."""
        positions = self.app.tables.positions()
        where = {tp: offset for tp, offset in positions.items() if tp in self.assignment()}
        self.handed = {}
        if where:
            await self.seek_wait(where)
        for tp, offset in where.items():
            self._read_offset[tp] = offset or None
            self._committed_offset[tp] = None

    async def starting_offsets(self, tps: Iterable[TP]) -> dict[TP, int]:
        """The committed offset, or the log's start if there is none.

        What retention deleted unread is skipped and said so on an input; on a topic of our own it is an EngineFault.
        """
        wanted = list(tps)

        async def ask() -> dict[TP, tuple[int | None, int]]:
            consumer = self._thread._ensure_consumer()
            start = await consumer.beginning_offsets(wanted)
            return {tp: (await consumer.committed(tp), start[tp]) for tp in wanted}

        found: dict[TP, tuple[int | None, int]] = await self._thread.call_thread(ask)
        for tp, (committed, start) in found.items():
            if committed is not None and committed < start:
                self._deleted(tp, start - committed)
        return {tp: max(committed or 0, start) for tp, (committed, start) in found.items()}

    def _deleted(self, tp: TP, records: int) -> None:
        place = f"{tp.topic}/{tp.partition}"
        if tp.topic in self.app.internal:
            raise EngineFault(f"{place}: retention has deleted {records} records that were not read")
        log.error("retention has deleted records that were not read", partition=place, records=records)

    async def on_partitions_revoked(self, revoked: set[TP]) -> None:
        """Commit what was applied before anybody else gets the partitions."""
        await self.app.tables.suspend()
        await super().on_partitions_revoked(revoked)

    async def _wait_next_records(self, timeout: float) -> Any:  # noqa: ANN401, ASYNC109  Faust's
        if self.flow_active and not self._get_active_partitions():
            await asyncio.sleep(REST_S)  # all paused for a moment of a rebalance: Faust would sleep a second
            return {}, set()
        return await super()._wait_next_records(timeout)

    def _new_consumer_thread(self) -> "BatchConsumerThread":
        return BatchConsumerThread(self, loop=self.loop, beacon=self.beacon)


class BatchConsumerThread(driver.AIOKafkaConsumerThread):
    """The thread that owns the aiokafka consumer; leaves a snapshot of every fetch."""

    positions: dict[TP, tuple[int, int | None, int | None]] = {}  # noqa: RUF012  replaced, never changed

    def _create_worker_consumer(self, transport: Any) -> Any:  # noqa: ANN401  Faust's
        consumer = super()._create_worker_consumer(transport)
        consumer._fetch_max_wait_ms = FETCH_MAX_WAIT_MS
        # Faust reads committed records only under its own exactly_once; between stages 25 % were doubled without it.
        consumer._isolation_level = "read_committed"
        return consumer

    async def _fetch_records(self, consumer: Any, active_partitions: Any, **options: Any) -> Any:  # noqa: ANN401  Faust's
        take_by_batch(consumer._fetcher)
        records = await super()._fetch_records(consumer, active_partitions, **options)
        subscription = consumer._subscription.subscription
        if subscription is not None and subscription.assignment is not None:
            self._snapshot(subscription.assignment)
        return records

    def _snapshot(self, assignment: Any) -> None:  # noqa: ANN401  aiokafka's
        """Taken in the consumer's thread right after the fetch, so that all parts are of one moment."""
        states = {tp: assignment.state_value(tp) for tp in assignment.tps}
        self.positions = {
            TP(*tp): (state._position, state.lso, _looked_us(state))
            for tp, state in states.items()
            if state is not None and state._position is not None
        }


def _looked_us(state: Any) -> int | None:  # noqa: ANN401  aiokafka's
    """When the last response of the broker came, as wall clock in us."""
    return None if state.timestamp is None else state.timestamp * 1000


class BatchTransport(driver.Transport):
    """Faust's transport with the consumer above."""

    Consumer = BatchConsumer

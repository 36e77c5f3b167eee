"""The way of a batch through stage 1: decode, admit once, book, announce. One stage an input topic.

The ledger rule: every record received (heartbeats are none) gets exactly one outcome, the first that applies of
invalid, late, duplicate, bot, counted; only a counted event claims its id and moves the watermark.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import groupby
from operator import attrgetter
from typing import Generic, Protocol, TypeVar

from models.delta import Mark
from models.event import ANCIENT_US, EPOCH, FUTURE_TOLERANCE_US, Event, check_time, to_us
from models.outcome import Invalid, Ledger, Outcome
from models.stage import Batch, Incoming, Outgoing, Tick
from models.status import MeasureStatus, status_record
from models.window import MINUTE_US
from streams.measuring import heartbeat
from streams.measuring.dead_letter import dead_letter
from streams.measuring.dedup import digest
from streams.measuring.sink import Sink, Sums
from streams.measuring.tables import MeasureOutput, MeasureTables
from streams.measuring.watermark import PartitionClock, fresh, promise

E = TypeVar("E", bound=Event)
R = TypeVar("R")
S = TypeVar("S", bound=Sums)
T_contra = TypeVar("T_contra", contravariant=True)


class Booking(Protocol[E, R, T_contra]):
    """What is particular to a topic; R is the table it keeps, or None, T_contra what it adds to."""

    @property
    def topic(self) -> str: ...  # noqa: D102
    @property
    def horizon_us(self) -> int:
        """Older events (against their partition's watermark) are late."""

    def decode(self, key: bytes | None, raw: bytes | None) -> E | Invalid: ...  # noqa: D102
    def table(self) -> R: ...  # noqa: D102
    @property
    def check(self) -> Callable[[R, E], Invalid | None] | None:
        """What makes an event invalid whenever it comes; changes nothing. None: its fields say all."""

    def book(self, rows: R, event: E, at_us: int, sums: T_contra, late_us: int) -> Invalid | Outcome | None:
        """Add an event, or say why it is not counted after all; then nothing was changed.

        `late_us`: an event before it would be late now; the watermark is `horizon_us` after it.
        """

    def expire(self, rows: R, watermark_us: int) -> None:
        """Forget some of the rows that no event can reach any more; asked every step."""


@dataclass(frozen=True)
class MeasureStage(Generic[E, R, S]):
    """See models.stage.Stage. `letter_partitions`: of the topic of dead letters."""

    name: str
    booking: Booking[E, R, S]
    sink: Sink[S]
    letter_partitions: int
    out_of_orderness_us: int
    idle_after_us: int
    eager: bool = False

    @property
    def inputs(self) -> tuple[str, ...]:
        """See Stage."""
        return (self.booking.topic,)

    def tables(self, partition: int) -> MeasureTables[R, S]:
        """See Stage."""
        return MeasureTables(partition, self.booking.table(), self.sink.empty())

    def opened(self, tables: MeasureTables[R, S], now_us: int) -> None:
        """A task that was just opened is not idle yet: it has not looked at the broker."""
        tables.moved_us = now_us

    def step(self, tables: MeasureTables[R, S], read: Batch | Tick, now_us: int) -> MeasureOutput:
        """See Stage."""
        output = MeasureOutput()
        tables.fresh_us = fresh(tables.fresh_us, read, self.booking.topic)
        if isinstance(read, Batch):
            self._receive(tables, read, now_us, output)
            self._advance(tables, now_us)
            self._announce(tables, None, now_us, output, at_tick=False)
        else:
            self._advance(tables, now_us)
            look = read.looks.get(self.booking.topic)
            promised = promise(look, tables.moved_us, now_us, tables.clock.row, self.idle_after_us)
            self._announce(tables, promised, now_us, output, at_tick=True)
        return output

    def event_time_us(self, topic: str, record: Incoming) -> int | None:  # noqa: ARG002  it has one input
        """See Stage."""
        event = self.booking.decode(record.key, record.value)
        return None if isinstance(event, Invalid) else to_us(event.timestamp)

    def outgoing(self, tables: MeasureTables[R, S], outputs: Sequence[MeasureOutput], now_us: int) -> list[Outgoing]:
        """See Stage."""
        ledger, clock, topic = tables.ledger.row, tables.clock.row, self.booking.topic
        assert ledger.balanced, f"{topic}/{tables.partition}: the ledger does not add up: {ledger}"
        sums, tables.sums = tables.sums, self.sink.empty()
        records = list(self.sink.records(tables.partition, sums, last_marks(outputs)))
        records += (letter for output in outputs for letter in output.dead_letters)
        status = MeasureStatus.of(self.name, topic, tables.partition, ledger, clock.at_us, clock.told, now_us)
        return [*records, status_record(status)]

    def _receive(self, tables: MeasureTables[R, S], batch: Batch, now_us: int, output: MeasureOutput) -> None:
        weight = self._weight(tables)
        beats = self._take(tables, batch, now_us, output)
        tables.ledger.row.received += len(batch.records) - beats
        output.received = len(batch.records)
        output.pending_bytes += self._weight(tables) - weight
        tables.ledger.touch()

    def _take(self, tables: MeasureTables[R, S], batch: Batch, now_us: int, output: MeasureOutput) -> int:
        """The hot path: what a record does not need is not done for it. Returns how many were heartbeats."""
        ledger, arrivals, admit = tables.ledger.row, tables.sums.arrivals, self._admission(tables, now_us)
        beats, counted = set[int](), 0
        for record in batch.records:
            if record.headers and (beat := heartbeat.of(record)) is not None:
                self._beat(tables, beat, now_us)
                beats.add(record.offset)
                admit = self._admission(tables, now_us)
                continue
            outcome = admit(record)
            if outcome is None:
                counted += 1
            elif isinstance(outcome, Invalid):
                ledger.invalid += 1
                self._bury(batch, record, outcome, output)
            else:
                _count(ledger, outcome)
        ledger.counted += counted
        _arrived(arrivals, [r for r in batch.records if r.offset not in beats] if beats else batch.records)
        return len(beats)

    def _weight(self, tables: MeasureTables[R, S]) -> int:
        return tables.sums.weight

    def _admission(  # noqa: C901  the outcomes, in their order
        self, tables: MeasureTables[R, S], now_us: int
    ) -> Callable[[Incoming], Outcome | Invalid | None]:
        """Says what becomes of a record; None: counted, and booked."""
        booking, clock, rows, sums = self.booking, tables.clock.row, tables.rows, tables.sums
        decode, check, book = booking.decode, booking.check, booking.book
        claim, latest_us = tables.seen.claim, now_us + FUTURE_TOLERANCE_US
        late_us, highest_us = self._late_before_us(clock, now_us), clock.highest_us or 0

        def admit(record: Incoming) -> Outcome | Invalid | None:
            nonlocal late_us, highest_us
            event = decode(record.key, record.value)
            if isinstance(event, Invalid):
                return event
            since = event.timestamp - EPOCH  # to_us and id_hash, without a call
            at_us = (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds
            if not ANCIENT_US <= at_us <= latest_us:
                return check_time(at_us, now_us)
            if check is not None and (wrong := check(rows, event)):
                return wrong
            if at_us < late_us:
                return Outcome.LATE
            number = digest(event.event_id.encode())
            if not claim(at_us, number):
                return Outcome.DUPLICATE
            refused = book(rows, event, at_us, sums, late_us)
            if refused is not None:
                tables.seen.disclaim(at_us, number)
                return refused
            if at_us > highest_us:
                clock.count(at_us)
                highest_us, late_us = at_us, self._late_before_us(clock, now_us)
            return None

        return admit

    def _late_before_us(self, clock: PartitionClock, now_us: int) -> int:
        """By the watermark as of this record: that of the state moves once a batch."""
        if clock.highest_us is None:
            return ANCIENT_US
        at_us = min(clock.highest_us, now_us) - self.out_of_orderness_us
        return (at_us if clock.at_us is None else max(at_us, clock.at_us)) - self.booking.horizon_us

    def _bury(self, batch: Batch, record: Incoming, why: Invalid, output: MeasureOutput) -> None:
        letter = dead_letter(batch.topic, batch.partition, record, why, self.letter_partitions)
        output.dead_letters.append(letter)
        output.pending_bytes += len(record.value or b"") + len(record.key or b"")

    def _beat(self, tables: MeasureTables[R, S], beat: heartbeat.Beat, now_us: int) -> None:
        clock, counts = tables.clock.row, tables.heartbeats.row
        outcome = heartbeat.judge(beat, clock.at_us, now_us)
        if outcome is heartbeat.Outcome.APPLIED and beat.at_us is not None:
            clock.count(beat.at_us + self.out_of_orderness_us)
        counts.count(outcome)
        tables.heartbeats.touch()

    def _advance(self, tables: MeasureTables[R, S], now_us: int) -> None:
        """Move the watermark and forget what no event can reach any more."""
        clock = tables.clock.row
        if clock.advance(now_us, self.out_of_orderness_us) and clock.at_us is not None:
            tables.moved_us = now_us
            tables.clock.touch()
            tables.seen.sweep(clock.at_us - MINUTE_US, clock.at_us - self.booking.horizon_us - self.out_of_orderness_us)
        if clock.at_us is not None:
            self.booking.expire(tables.rows, clock.at_us)

    def _announce(
        self, tables: MeasureTables[R, S], promised: int | None, now_us: int, output: MeasureOutput, *, at_tick: bool
    ) -> None:
        clock = tables.clock.row
        mark = clock.announcement(promised, now_us, tables.fresh_us, at_tick=at_tick)
        if mark is not None:
            clock.told = output.marks[self.booking.topic] = mark
            tables.clock.touch()


def last_marks(outputs: Sequence[MeasureOutput]) -> dict[str, Mark]:
    """By feed, what was to be announced last."""
    return {feed: mark for output in outputs for feed, mark in output.marks.items()}


def _count(ledger: Ledger, outcome: Outcome) -> None:
    setattr(ledger, outcome.value, getattr(ledger, outcome.value) + 1)


def _arrived(arrivals: dict[int, int], records: Sequence[Incoming]) -> None:
    """Count the events of a chunk by their broker timestamp (ms); neighbours mostly share it."""
    for at_ms, its in groupby(records, _timestamp):
        arrivals[at_ms] = arrivals.get(at_ms, 0) + len(tuple(its))


_timestamp = attrgetter("timestamp")

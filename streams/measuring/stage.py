"""The way of a batch through stage 1: decode, admit once, book, announce. One stage an input topic.

The ledger rule: every record received (heartbeats are none) gets exactly one outcome, the first that applies of
invalid, late, duplicate, bot, counted; only a counted event claims its id and moves the watermark.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Generic, Protocol, TypeVar

from models.delta import Mark
from models.event import Event, check_time, to_us
from models.outcome import Invalid, Ledger, Outcome
from models.stage import Batch, Incoming, Outgoing, Tick
from models.status import MeasureStatus, status_record
from models.table import ChangeLogged, Single
from models.window import MINUTE_US, Window
from streams.measuring import heartbeat
from streams.measuring.dead_letter import dead_letter
from streams.measuring.dedup import SeenIds, id_hash
from streams.measuring.deltas import Deltas, delta_records
from streams.measuring.watermark import PartitionClock, promise

E = TypeVar("E", bound=Event)
R = TypeVar("R")


class Booking(Protocol[E, R]):
    """What is particular to a topic; R is the table it keeps, or None."""

    @property
    def topic(self) -> str: ...  # noqa: D102
    @property
    def windows(self) -> Sequence[Window]: ...  # noqa: D102
    @property
    def horizon_us(self) -> int:
        """Older events (against their partition's watermark) are late."""

    def decode(self, key: bytes | None, raw: bytes | None) -> E | Invalid: ...  # noqa: D102
    def table(self) -> R: ...  # noqa: D102
    def check(self, rows: R, event: E) -> Invalid | None:
        """What makes an event invalid whenever it comes; changes nothing."""

    def book(self, rows: R, event: E, at_us: int, deltas: Deltas) -> Invalid | Outcome | None:
        """Add an event, or say why it is not counted after all; then nothing was changed."""

    def expire(self, rows: R, watermark_us: int) -> None: ...  # noqa: D102


@dataclass(slots=True)
class MeasureTables(Generic[R]):
    """The state of a task. `moved_us`: wall clock of the watermark's last move, not stored."""

    partition: int
    rows: R
    seen: SeenIds = field(default_factory=lambda: SeenIds("seen"))
    clock: Single[PartitionClock] = field(default_factory=lambda: Single("clock", PartitionClock()))
    ledger: Single[Ledger] = field(default_factory=lambda: Single("ledger", Ledger()))
    heartbeats: Single[heartbeat.Counts] = field(default_factory=lambda: Single("heartbeats", heartbeat.Counts()))
    moved_us: int = 0

    def all(self) -> tuple[ChangeLogged, ...]:
        """See Tables."""
        kept = () if self.rows is None else (self.rows,)
        return (self.seen, self.clock, self.ledger, self.heartbeats, *kept)


@dataclass(slots=True)
class MeasureOutput:
    """What one step made."""

    deltas: Deltas = field(default_factory=Deltas)
    dead_letters: list[Outgoing] = field(default_factory=list)
    mark: Mark | None = None
    received: int = 0
    letter_bytes: int = 0
    unfinished: bool = False

    @property
    def moved(self) -> bool:
        """See Output."""
        return self.received > 0 or self.mark is not None

    @property
    def pending_bytes(self) -> int:
        """See Output."""
        return self.deltas.weight + self.letter_bytes


@dataclass(frozen=True)
class MeasureStage(Generic[E, R]):
    """See models.stage.Stage. `delta_partitions` and `letter_partitions`: partition counts of the targets."""

    name: str
    booking: Booking[E, R]
    delta_partitions: int
    letter_partitions: int
    out_of_orderness_us: int
    idle_after_us: int
    eager: bool = False

    @property
    def inputs(self) -> tuple[str, ...]:
        """See Stage."""
        return (self.booking.topic,)

    def tables(self, partition: int) -> MeasureTables[R]:
        """See Stage."""
        return MeasureTables(partition, self.booking.table())

    def opened(self, tables: MeasureTables[R], now_us: int) -> None:
        """A task that was just opened is not idle yet: it has not looked at the broker."""
        tables.moved_us = now_us

    def step(self, tables: MeasureTables[R], read: Batch | Tick, now_us: int) -> MeasureOutput:
        """See Stage."""
        output = MeasureOutput()
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

    def outgoing(self, tables: MeasureTables[R], outputs: Sequence[MeasureOutput], now_us: int) -> list[Outgoing]:
        """See Stage."""
        ledger, clock, topic = tables.ledger.row, tables.clock.row, self.booking.topic
        assert ledger.balanced, f"{topic}/{tables.partition}: the ledger does not add up: {ledger}"
        mark = next((output.mark for output in reversed(outputs) if output.mark), None)
        parts = [output.deltas for output in outputs]
        records = list(delta_records(topic, tables.partition, parts, self.booking.windows, mark, self.delta_partitions))
        records += (letter for output in outputs for letter in output.dead_letters)
        status = MeasureStatus.of(self.name, topic, tables.partition, ledger, clock.at_us, clock.told, now_us)
        return [*records, status_record(status)]

    def _receive(self, tables: MeasureTables[R], batch: Batch, now_us: int, output: MeasureOutput) -> None:
        ledger = tables.ledger.row
        for record in batch.records:
            if record.headers and (beat := heartbeat.of(record)) is not None:
                self._beat(tables, beat, now_us)
                continue
            ledger.received += 1
            outcome = self._admit(tables, record, now_us, output.deltas)
            if isinstance(outcome, Invalid):
                ledger.invalid += 1
                letter = dead_letter(batch.topic, batch.partition, record, outcome, self.letter_partitions)
                output.dead_letters.append(letter)
                output.letter_bytes += len(record.value or b"") + len(record.key or b"")
            else:
                _count(ledger, outcome)
            output.deltas.arrived(record.timestamp, 1)
        output.received = len(batch.records)
        tables.ledger.touch()

    def _admit(self, tables: MeasureTables[R], record: Incoming, now_us: int, deltas: Deltas) -> Outcome | Invalid:
        """The outcome of one record; a counted one is booked."""
        booking, clock = self.booking, tables.clock.row
        event = booking.decode(record.key, record.value)
        if isinstance(event, Invalid):
            return event
        at_us = to_us(event.timestamp)
        if wrong := check_time(at_us, now_us) or booking.check(tables.rows, event):
            return wrong
        if clock.highest_us is not None and at_us < self._watermark_us(clock, now_us) - booking.horizon_us:
            return Outcome.LATE
        number = id_hash(event.event_id)
        if tables.seen.seen(at_us, number):
            return Outcome.DUPLICATE
        refused = booking.book(tables.rows, event, at_us, deltas)
        if refused is not None:
            return refused
        tables.seen.add(at_us, number)
        clock.count(at_us)
        return Outcome.COUNTED

    def _watermark_us(self, clock: PartitionClock, now_us: int) -> int:
        """The watermark as of this record: that of the state moves once a batch."""
        at_us = min(clock.highest_us or 0, now_us) - self.out_of_orderness_us
        return at_us if clock.at_us is None else max(at_us, clock.at_us)

    def _beat(self, tables: MeasureTables[R], beat: heartbeat.Beat, now_us: int) -> None:
        clock, counts = tables.clock.row, tables.heartbeats.row
        outcome = heartbeat.judge(beat, clock.at_us, now_us)
        if outcome is heartbeat.Outcome.APPLIED and beat.at_us is not None:
            clock.count(beat.at_us + self.out_of_orderness_us)
        counts.count(outcome)
        tables.heartbeats.touch()

    def _advance(self, tables: MeasureTables[R], now_us: int) -> None:
        """Move the watermark and forget what no event can reach any more."""
        clock = tables.clock.row
        before_us = clock.at_us
        if not clock.advance(now_us, self.out_of_orderness_us) or clock.at_us is None:
            return
        tables.moved_us = now_us
        tables.clock.touch()
        tables.seen.sweep(clock.at_us - MINUTE_US, clock.at_us - self.booking.horizon_us - self.out_of_orderness_us)
        if before_us is None or clock.at_us // SWEEP_US != before_us // SWEEP_US:
            self.booking.expire(tables.rows, clock.at_us)

    def _announce(
        self, tables: MeasureTables[R], promised: int | None, now_us: int, output: MeasureOutput, *, at_tick: bool
    ) -> None:
        clock = tables.clock.row
        output.mark = clock.announcement(promised, now_us, at_tick=at_tick)
        if output.mark is not None:
            clock.told = output.mark
            tables.clock.touch()


SWEEP_US = 60 * MINUTE_US
"""Rows are searched for expired ones once in so much event time."""


def _count(ledger: Ledger, outcome: Outcome) -> None:
    setattr(ledger, outcome.value, getattr(ledger, outcome.value) + 1)

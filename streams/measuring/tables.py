"""What a measure task keeps, and what a step of it makes."""

from dataclasses import dataclass, field
from typing import Generic, TypeVar

from models.delta import Mark
from models.order_fact import OrderFact
from models.outcome import Ledger
from models.stage import Outgoing
from models.table import ChangeLogged, Single
from streams.measuring import heartbeat
from streams.measuring.dedup import SeenIds
from streams.measuring.watermark import PartitionClock

R = TypeVar("R")
S = TypeVar("S")


@dataclass(slots=True)
class MeasureTables(Generic[R, S]):
    """The state of a task; `rows`: a table, a tuple of them or None.

    Not stored: `sums` since the last commit, wall clock of the watermark's last move, and `fresh_us` as of Mark.
    """

    partition: int
    rows: R
    sums: S
    seen: SeenIds = field(default_factory=lambda: SeenIds("seen"))
    clock: Single[PartitionClock] = field(default_factory=lambda: Single("clock", PartitionClock()))
    ledger: Single[Ledger] = field(default_factory=lambda: Single("ledger", Ledger()))
    heartbeats: Single[heartbeat.Counts] = field(default_factory=lambda: Single("heartbeats", heartbeat.Counts()))
    moved_us: int = 0
    fresh_us: int | None = None

    def all(self) -> tuple[ChangeLogged, ...]:
        """See Tables."""
        kept = self.rows if isinstance(self.rows, tuple) else () if self.rows is None else (self.rows,)
        return (self.seen, self.clock, self.ledger, self.heartbeats, *kept)


@dataclass(slots=True)
class MeasureOutput:
    """What one step made."""

    dead_letters: list[Outgoing] = field(default_factory=list)
    marks: dict[str, Mark] = field(default_factory=dict)  # by feed
    handed: list[OrderFact] = field(default_factory=list)  # to customers
    handed_mark: Mark | None = None
    received: int = 0
    pending_bytes: int = 0
    unfinished: bool = False
    booked: bool = False

    def add(self, other: "MeasureOutput") -> None:
        """Take over what the next part of the same step made."""
        self.dead_letters += other.dead_letters
        self.marks |= other.marks
        self.received += other.received
        self.pending_bytes += other.pending_bytes
        self.unfinished |= other.unfinished
        self.booked |= other.booked

    @property
    def moved(self) -> bool:
        """See Output."""
        return self.received > 0 or self.booked or bool(self.marks) or self.handed_mark is not None

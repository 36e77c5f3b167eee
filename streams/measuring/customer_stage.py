"""The customers' stage: the orders of each customer, on their final segments. Its logic is in customers."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Generic, Protocol, TypeVar

from models.measure import CUSTOMERS
from models.order_fact import BY_CUSTOMER, OrderFact
from models.stage import Batch, Incoming, Outgoing, Tick
from models.table import ChangeLogged
from streams.measuring.additions import Additions
from streams.measuring.hearing import HeardOrders, facts_of, first_time_us
from streams.measuring.sink import DeltaSink
from streams.measuring.stage import last_marks
from streams.measuring.tables import MeasureOutput

R = TypeVar("R", bound=ChangeLogged)


class CustomerBooking(Protocol[R]):
    """What is particular to customers; R is the table they are in."""

    def table(self) -> R:
        """Customers by id."""

    def book(self, rows: R, fact: OrderFact, additions: Additions) -> None:
        """Add a fact of a customer, in any order of event time."""


@dataclass(slots=True)
class CustomerTables(Generic[R]):
    """The state of a task. Not stored: `sums` since the last commit."""

    partition: int
    rows: R
    heard: HeardOrders
    sums: Additions

    def all(self) -> tuple[ChangeLogged, ...]:
        """See Tables."""
        return (self.rows, *self.heard.all())


@dataclass(frozen=True)
class CustomerStage(Generic[R]):
    """See models.stage.Stage. `visitor_tasks`: tasks of the stage before."""

    booking: CustomerBooking[R]
    sink: DeltaSink
    visitor_tasks: int
    name: str = CUSTOMERS
    inputs: tuple[str, ...] = (BY_CUSTOMER,)
    eager: bool = False

    def tables(self, partition: int) -> CustomerTables[R]:
        """See Stage."""
        return CustomerTables(partition, self.booking.table(), HeardOrders.of(self.visitor_tasks), self.sink.empty())

    def opened(self, tables: CustomerTables[R], now_us: int) -> None:
        """See Stage: nothing is derived."""

    def step(self, tables: CustomerTables[R], read: Batch | Tick, now_us: int) -> MeasureOutput:
        """See Stage."""
        output = MeasureOutput()
        if isinstance(read, Batch):
            self._book(tables, read.records, output)
        mark = tables.heard.announcement("deltas", now_us, None, at_tick=isinstance(read, Tick))
        if mark is not None:
            output.marks[CUSTOMERS] = mark
        return output

    def event_time_us(self, topic: str, record: Incoming) -> int | None:  # noqa: ARG002  it has one input
        """See Stage."""
        return first_time_us(record)

    def outgoing(
        self,
        tables: CustomerTables[R],
        outputs: Sequence[MeasureOutput],
        now_us: int,  # noqa: ARG002  the contract's
    ) -> list[Outgoing]:
        """See Stage."""
        sums, tables.sums = tables.sums, self.sink.empty()
        return list(self.sink.records(tables.partition, sums, last_marks(outputs)))

    def _book(self, tables: CustomerTables[R], records: Sequence[Incoming], output: MeasureOutput) -> None:
        weight = tables.sums.weight
        output.booked = True
        for record in facts_of(records):
            for fact in record.facts:
                self.booking.book(tables.rows, fact, tables.sums)
            tables.heard.take(record)
        output.pending_bytes += tables.sums.weight - weight

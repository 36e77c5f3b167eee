"""The customers' stage: the orders of each customer, on final segments. Its logic is in customers and forecast."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property

from models import delta
from models.clv import ClvParameters
from models.event import ANCIENT_US
from models.measure import CUSTOMER_FEED
from models.order_fact import BY_CUSTOMER, FactKind, FactRecord
from models.stage import Batch, Incoming, Outgoing, Tick
from models.table import ChangeLogged
from models.window import DayGrid
from streams.measuring.additions import Additions
from streams.measuring.customers import CustomerBooking, Customers
from streams.measuring.erasure import ErasureBooking, Erasures
from streams.measuring.forecast import Forecast
from streams.measuring.hearing import HeardOrders, fact_status, facts_of, first_time_us
from streams.measuring.sink import DeltaSink
from streams.measuring.stage import last_marks
from streams.measuring.tables import MeasureOutput

FORECAST_LOOKS = 1_000
"""Customers a step predicts, some 16 ms."""


@dataclass(slots=True)
class CustomerTables:
    """The state of a task. Not stored: `sums` since the last commit."""

    partition: int
    customers: Customers
    erasures: Erasures
    heard: HeardOrders
    forecast: Forecast
    sums: Additions

    def all(self) -> tuple[ChangeLogged, ...]:
        """See Tables."""
        return (self.customers, self.erasures, *self.heard.all(), self.forecast.state)


@dataclass(frozen=True)
class CustomerStage:
    """See models.stage.Stage. `visitor_tasks`: of the stage before; `parameters`: those published last, if any."""

    booking: CustomerBooking
    sink: DeltaSink
    visitor_tasks: int
    days: DayGrid
    allowed_lateness_us: int
    parameters: Callable[[], ClvParameters | None]
    name: str = "customers"
    inputs: tuple[str, ...] = (BY_CUSTOMER,)
    eager: bool = False

    @cached_property
    def _erasing(self) -> ErasureBooking:
        return ErasureBooking(self.booking, self.visitor_tasks)

    def tables(self, partition: int) -> CustomerTables:
        """See Stage."""
        forecast = Forecast(self.booking, self.days, self.allowed_lateness_us)
        heard = HeardOrders.of(self.visitor_tasks)
        erasures = self._erasing.table()
        return CustomerTables(partition, self.booking.table(), erasures, heard, forecast, self.sink.empty())

    def opened(self, tables: CustomerTables, now_us: int) -> None:
        """See Stage: nothing is derived."""

    def step(self, tables: CustomerTables, read: Batch | Tick, now_us: int) -> MeasureOutput:
        """See Stage."""
        output = MeasureOutput()
        weight = tables.sums.weight
        if isinstance(read, Batch):
            self._book(tables, read.records, output)
        self._predict(tables, output)
        output.pending_bytes += tables.sums.weight - weight
        hold_us = tables.forecast.holds_us
        mark = tables.heard.announcement(delta.TOPIC, now_us, hold_us, at_tick=isinstance(read, Tick))
        if mark is not None:
            output.marks[CUSTOMER_FEED] = mark
        return output

    def event_time_us(self, topic: str, record: Incoming) -> int | None:  # noqa: ARG002  it has one input
        """See Stage."""
        return first_time_us(record)

    def outgoing(self, tables: CustomerTables, outputs: Sequence[MeasureOutput], now_us: int) -> list[Outgoing]:
        """See Stage."""
        sums, tables.sums = tables.sums, self.sink.empty()
        task = f"{self.name}-{tables.partition}"
        status = fact_status(task, tables.partition, tables.heard, delta.TOPIC, outputs, now_us)
        return [*self.sink.records(tables.partition, sums, last_marks(outputs)), status]

    def _book(self, tables: CustomerTables, records: Sequence[Incoming], output: MeasureOutput) -> None:
        output.booked = True
        for record in facts_of(records):
            self._book_facts(tables, record)
            tables.heard.take(record)

    def _book_facts(self, tables: CustomerTables, record: FactRecord) -> None:
        erasing, rows, erasures = self._erasing, tables.customers, tables.erasures
        watermark_us = tables.heard.at_us
        passed_us = ANCIENT_US if watermark_us is None else watermark_us
        for fact in record.facts:
            if fact.kind is FactKind.ERASED:
                erasing.erase(rows, erasures, fact.customer_id or "", record.partition)
            else:
                erasing.book(rows, erasures, fact, record.partition, tables.sums, passed_us)

    def _predict(self, tables: CustomerTables, output: MeasureOutput) -> None:
        """The predictions of a day that has ended."""
        forecast, watermark_us = tables.forecast, tables.heard.at_us
        if watermark_us is None:
            return
        before = forecast.state.row.done
        output.unfinished = forecast.step(
            tables.customers, self.parameters(), watermark_us, FORECAST_LOOKS, tables.sums
        )
        output.booked |= forecast.state.row.done != before

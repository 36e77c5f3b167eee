"""The orders' stage: order events, and erasures of customers between them. Its logic is in orders and erasure."""

from dataclasses import dataclass
from itertools import groupby

from models.order import AnyOrderEvent
from models.stage import Batch, Incoming, Tick
from streams.measuring import erasure
from streams.measuring.facts import Facts
from streams.measuring.orders import OrderBooking, Orders
from streams.measuring.stage import MeasureStage
from streams.measuring.tables import MeasureOutput, MeasureTables

OrderTables = MeasureTables[Orders, Facts]


@dataclass(frozen=True)
class OrderStage(MeasureStage[AnyOrderEvent, Orders, Facts]):
    """See models.stage.Stage."""

    booking: OrderBooking

    def step(self, tables: OrderTables, read: Batch | Tick, now_us: int) -> MeasureOutput:
        """See Stage. Erasures that come one after the other are done in one go: each looks at every order."""
        if isinstance(read, Tick) or not any(map(_erases, read.records)):
            return super().step(tables, read, now_us)
        output = MeasureOutput()
        for erases, its in groupby(read.records, _erases):
            records = list(its)
            if erases:
                self._erase(tables, records, output)
            else:
                output.add(super().step(tables, Batch(read.topic, read.partition, records), now_us))
        return output

    def _erase(self, tables: OrderTables, records: list[Incoming], output: MeasureOutput) -> None:
        weight = tables.sums.weight
        customers = {customer for record in records if (customer := erasure.of(record)) is not None}
        self.booking.erase(tables.rows, customers, tables.sums)
        output.booked = True
        output.pending_bytes += tables.sums.weight - weight


def _erases(record: Incoming) -> bool:
    return bool(record.headers) and erasure.of(record) is not None

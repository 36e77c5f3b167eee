"""Facts of orders as additions, on the segments they name: what the visitors' stage does once it knows the session."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from models import measure
from models.delta import Mark
from models.order_fact import FactKind, OrderFact
from models.slices import Slicing
from models.stage import Outgoing
from models.window import MINUTE_US
from streams.measuring.additions import Additions
from streams.measuring.facts import Facts
from streams.measuring.sink import DeltaSink

MONEY = {FactKind.PLACED: measure.REVENUE, FactKind.REFUNDED: measure.REFUNDS, FactKind.UNMATCHED: measure.REFUNDS}
COUNTED = {FactKind.PLACED: measure.ORDERS, FactKind.UNMATCHED: measure.UNMATCHED_REFUNDS}


def book_fact(fact: OrderFact, slicing: Slicing, additions: Additions) -> None:
    """Add a fact to the measures of orders."""
    slices, minute = slicing.of(fact.segments), fact.at_us // MINUTE_US
    additions.add(slices, MONEY[fact.kind], minute, fact.minor)
    if counted := COUNTED.get(fact.kind):
        additions.add(slices, counted, minute, fact.count)


@dataclass(frozen=True, slots=True)
class BookedSink:
    """See sink.Sink: facts straight into `kpi-deltas`, without their visitors."""

    slicing: Slicing
    deltas: DeltaSink

    def empty(self) -> Facts:
        """See Sink."""
        return Facts()

    def records(self, partition: int, sums: Facts, marks: Mapping[str, Mark]) -> Iterator[Outgoing]:
        """See Sink."""
        additions = self.deltas.empty()
        additions.arrivals = sums.arrivals
        for fact in sums.facts:
            book_fact(fact, self.slicing, additions)
        return self.deltas.records(partition, additions, marks)

"""The booking of orders alone, without a ledger: events in, facts and reasons out."""

import json
from collections import Counter
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from flow import at, text
from models.fx import Rates
from models.order import AnyOrderEvent, decode_order
from models.order_fact import FactKind, OrderFact
from models.outcome import Invalid, Outcome
from streams.measuring.facts import Facts
from streams.measuring.orders import OrderBooking, Orders

Told = tuple[str, int, int]
"""Kind, count and minor units of a fact."""


def event(kind: str, order_id: str, clock: str, **fields: Any) -> AnyOrderEvent:
    """`placed`, `refunded` or `cancelled`; `amount` is `12.50 USD`."""
    amount, currency = fields.pop("amount", " ").split(" ")
    said = {"event_type": f"order_{kind}", "order_id": order_id, "event_id": "e", "timestamp": text(clock), **fields}
    if amount:
        said |= {"amount": amount, "currency": currency}
    found = decode_order((fields.get("customer_id") or order_id).encode(), json.dumps(said).encode())
    assert not isinstance(found, Invalid), found
    return found


@dataclass
class Desk:
    """One task. `took` answers what became of an event, and `facts` are all of them."""

    reporting: str = "GBP"
    retention_us: int | None = None
    facts: Facts = field(default_factory=Facts)

    def __post_init__(self) -> None:
        self.rates = Rates(self.reporting)
        self.booking = OrderBooking(self.rates, 10**15, self.retention_us)
        self.orders: Orders = self.booking.table()

    def rate(self, currency: str, clock: str, rate: str) -> None:
        """As a record of fx-rates would."""
        self.rates.add(currency, at(clock), Decimal(rate))

    def took(self, kind: str, order_id: str, clock: str, **fields: Any) -> str:
        """A reason, `duplicate` or `counted`: check and book, as the stage does."""
        one = event(kind, order_id, clock, **fields)
        refused = self.booking.check(self.orders, one) or self.booking.book(self.orders, one, one.at_us, self.facts, 0)
        if refused is None:
            return "counted"
        return refused.value if isinstance(refused, Outcome) else refused.reason.value

    def told(self) -> list[Told]:
        """The facts since the last call."""
        facts, self.facts = self.facts.facts, Facts()
        return [(fact.kind.value, fact.count, fact.minor) for fact in facts]


def net(facts: list[OrderFact]) -> dict[tuple[FactKind, str], tuple[int, int]]:
    """By kind and order: count and minor units that remain."""
    counts: Counter[tuple[FactKind, str]] = Counter()
    minor: Counter[tuple[FactKind, str]] = Counter()
    for fact in facts:
        counts[fact.kind, fact.order_id] += fact.count
        minor[fact.kind, fact.order_id] += fact.minor
    return {key: (counts[key], minor[key]) for key in counts if counts[key] or minor[key]}

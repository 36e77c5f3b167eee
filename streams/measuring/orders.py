"""What becomes of an order event: facts for the visitor it belongs to; and what is kept to tell.

A refund that comes before its order is booked at once as unmatched, and again when the order comes: the first fact is
taken back. It is then bounded by what is left of the order like any other, in the order in which they came.
"""

from collections.abc import Sequence
from collections.abc import Set as AbstractSet
from decimal import Decimal
from typing import NamedTuple, assert_never

import msgspec

from models import money, order
from models.dimension import FieldDimension, segments_of
from models.fx import ONE, Rates
from models.order import AnyOrderEvent, OrderCancelled, OrderPlaced, OrderRefunded, decode_order
from models.order_fact import FactKind, OrderFact, erased
from models.order_state import ORDER_CODEC, REFUNDS_CODEC, Order, Refund, Refunds
from models.outcome import Invalid, Outcome, Reason
from models.table import Table
from models.table_ttl import Ttl
from streams.measuring.facts import Facts

Refusal = Invalid | Outcome | None
LOOKS = 2_000
"""Rows a step looks at to see whether they are past, a few ms."""


class Orders(NamedTuple):
    """The tables of a task, by order id."""

    placed: Table[str, Order]
    unmatched: Table[str, Refunds]


class OrderBooking:
    """How order events are booked; see measuring.stage.Booking."""

    topic = order.TOPIC
    decode = staticmethod(decode_order)

    def __init__(
        self,
        rates: Rates,
        horizon_us: int,
        retention_us: int | None = None,
        defined: Sequence[FieldDimension] = (),
    ) -> None:
        """`rates`: the shell's, which goes on adding what it reads; `retention_us`: event time, None for ever.

        `defined`: dimensions of kpis.yaml.
        """
        self._defined = defined
        self.horizon_us = horizon_us
        self._rates = rates
        self._retention_us = retention_us
        self._digits = money.exponent(rates.reporting) or 0

    def table(self) -> Orders:
        """Orders, and refunds without one, kept until the retention after their latest event."""
        keep_us = self._retention_us
        placed: Ttl[Order] | None = None if keep_us is None else Ttl(keep_us, _last_us)
        unmatched: Ttl[Refunds] | None = None if keep_us is None else Ttl(keep_us, _last_us)
        return Orders(Table("orders", ORDER_CODEC, placed), Table("unmatched_refunds", REFUNDS_CODEC, unmatched))

    def check(self, orders: Orders, event: AnyOrderEvent) -> Invalid | None:
        """What makes an event invalid whenever it comes."""
        placed = orders.placed.rows.get(event.order_id)
        if isinstance(event, OrderCancelled):
            missing = Invalid(Reason.UNKNOWN_ORDER, "no order_placed with this order_id came before")
            return missing if placed is None else None
        if money.exponent(event.currency) is None:
            return Invalid(Reason.UNKNOWN_CURRENCY, f"{event.currency!r} is no ISO 4217 currency")
        if placed is None or isinstance(event, OrderPlaced):
            return self._check_worth(event)
        if event.currency != placed.currency:
            return Invalid(Reason.CURRENCY_MISMATCH, f"the order is in {placed.currency}")
        return None

    def book(self, orders: Orders, event: AnyOrderEvent, at_us: int, sums: Facts, _late_us: int) -> Refusal:
        """Add the facts of a counted order event, or say what it is instead."""
        match event:
            case OrderPlaced():
                return self._place(orders, event, at_us, sums)
            case OrderRefunded():
                return self._refund(orders, event, at_us, sums)
            case OrderCancelled():
                self._take_back(orders, event.order_id, None, at_us, sums)
                return None
            case _:
                assert_never(event)

    def erase(self, orders: Orders, customers: AbstractSet[str], facts: Facts) -> None:
        """Forget customers, and tell the stages behind. Their orders are a guest's from now on.

        A refund of theirs whose order is not known stays booked as it is: it is not matched any more. Looks at every
        row (some 70 ms a million): erasures are few, and an index by customer would be paid by every order.
        """
        for name, row in orders.placed.rows.items():
            if row.customer_id in customers:
                row.customer_id = None
                orders.placed.touch(name)
        for name, refunds in list(orders.unmatched.rows.items()):
            rest = [its for its in refunds.its if its.fact.customer_id not in customers]
            if not rest:
                orders.unmatched.delete(name)
            elif len(rest) < len(refunds.its):
                orders.unmatched.put(name, Refunds(rest))
        for customer_id in sorted(customers):
            facts.add(erased(customer_id))

    def expire(self, orders: Orders, watermark_us: int) -> None:
        """See Booking."""
        for table in orders:
            table.expire(watermark_us, LOOKS)

    def _check_worth(self, event: OrderPlaced | OrderRefunded) -> Invalid | None:
        """An amount that needs a rate of its own; in the reporting currency none is too large (models.order.Amount)."""
        rate = self._rates.at(event.currency, event.at_us)
        if rate is None:
            what = f"no rate from {event.currency} to {self._rates.reporting} at or before {event.timestamp}"
            return Invalid(Reason.NO_FX_RATE, what)
        if rate is not ONE and self._minor(Decimal(event.amount), rate) > money.MAX_MINOR:
            return Invalid(Reason.ILL_TYPED_FIELD, f"the amount is worth more than {money.MAX_MINOR} minor units")
        return None

    def _place(self, orders: Orders, event: OrderPlaced, at_us: int, facts: Facts) -> Refusal:
        if event.order_id in orders.placed.rows:
            return Outcome.DUPLICATE
        amount, rate = Decimal(event.amount), self._rate(event, at_us)
        minor = self._minor(amount, rate)
        who = event.customer_id, event.visitor_id or None, event.session_id or None
        segments = segments_of(event, self._defined)
        orders.placed.put(event.order_id, Order(event.currency, amount, rate, minor, segments, *who, at_us))
        facts.add(_fact(FactKind.PLACED, event, segments, at_us, minor))
        self._match(orders, event.order_id, facts)
        return None

    def _refund(self, orders: Orders, event: OrderRefunded, at_us: int, facts: Facts) -> Refusal:
        amount, placed = Decimal(event.amount), orders.placed.rows.get(event.order_id)
        if placed is None:
            minor = self._minor(amount, self._rate(event, at_us))
            fact = _fact(FactKind.UNMATCHED, event, segments_of(event, self._defined), at_us, minor)
            refunds = orders.unmatched.rows.get(event.order_id) or Refunds([])
            if refunds.keep(Refund(event.currency, amount, fact)):
                orders.unmatched.put(event.order_id, refunds)
            facts.add(fact)
            return None
        if amount > placed.left:
            return Invalid(Reason.OVER_REFUND, f"{placed.left} {placed.currency} is left of the order")
        self._take_back(orders, event.order_id, amount, at_us, facts)
        return None

    def _match(self, orders: Orders, order_id: str, facts: Facts) -> None:
        """The order of refunds has come. One in another currency, or of more than is left, stays as it is booked."""
        if order_id not in orders.unmatched.rows:
            return
        placed = orders.placed.rows[order_id]
        for refund in orders.unmatched.rows[order_id].its:
            if refund.currency == placed.currency and refund.amount <= placed.left:
                facts.add(msgspec.structs.replace(refund.fact, count=-1, minor=-refund.fact.minor))
                self._take_back(orders, order_id, refund.amount, refund.fact.at_us, facts)
        orders.unmatched.delete(order_id)

    def _take_back(self, orders: Orders, order_id: str, amount: Decimal | None, at_us: int, facts: Facts) -> None:
        """Money back from a known order, None: all that is left of it; on the order's segments."""
        placed = orders.placed.rows[order_id]
        minor = placed.take(placed.left if amount is None else amount, at_us, self._digits)
        orders.placed.touch(order_id)
        facts.add(
            OrderFact(
                kind=FactKind.REFUNDED,
                order_id=order_id,
                at_us=at_us,
                count=1,
                minor=minor,
                customer_id=placed.customer_id,
                visitor_id=placed.visitor_id,
                session_id=placed.session_id,
                segments=placed.segments,
            )
        )

    def _minor(self, amount: Decimal, rate: Decimal) -> int:
        return money.to_minor(amount, rate, self._digits)

    def _rate(self, event: OrderPlaced | OrderRefunded, at_us: int) -> Decimal:
        rate = self._rates.at(event.currency, at_us)
        assert rate is not None, f"{event.currency} was checked"
        return rate


def _fact(
    kind: FactKind, event: OrderPlaced | OrderRefunded, segments: tuple[str | None, ...], at_us: int, minor: int
) -> OrderFact:
    return OrderFact(
        kind=kind,
        order_id=event.order_id,
        at_us=at_us,
        count=1,
        minor=minor,
        customer_id=event.customer_id,
        visitor_id=event.visitor_id or None,
        session_id=event.session_id or None,
        segments=segments,
    )


def _last_us(row: Order | Refunds) -> int:
    return row.last_us

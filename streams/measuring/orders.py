"""What an order event adds: orders and revenue when placed, refunds when money goes back."""

from decimal import Decimal
from typing import assert_never

from models import money, order
from models.order import AnyOrderEvent, Order, OrderCancelled, OrderPlaced, OrderRefunded, decode_order
from models.order_fact import FactKind, OrderFact
from models.outcome import Invalid, Outcome, Reason
from models.table import Table, packed_codec
from streams.measuring.facts import Facts

Orders = Table[str, Order]
Refusal = Invalid | Outcome | None
ONE = Decimal(1)


class OrderBooking:
    """How order events are booked; see measuring.stage.Booking."""

    topic = order.TOPIC
    decode = staticmethod(decode_order)

    def __init__(self, horizon_us: int, currency: str) -> None:
        """`currency`: the reporting currency, the only one with a rate."""
        self.horizon_us = horizon_us
        self._currency = currency
        self._digits = money.exponent(currency) or 0

    def table(self) -> Orders:
        """Orders by id, kept for ever."""
        return Table("orders", packed_codec(Order, str))

    def check(self, orders: Orders, event: AnyOrderEvent) -> Invalid | None:
        """What makes an event invalid whenever it comes."""
        placed = orders.rows.get(event.order_id)
        if isinstance(event, OrderCancelled):
            missing = Invalid(Reason.UNKNOWN_ORDER, "no order_placed with this order_id came before")
            return missing if placed is None else None
        if wrong := self._check_currency(event.currency):
            return wrong
        if isinstance(event, OrderRefunded) and placed is not None and event.currency != placed.currency:
            return Invalid(Reason.CURRENCY_MISMATCH, f"the order is in {placed.currency}")
        return None

    def book(self, orders: Orders, event: AnyOrderEvent, at_us: int, facts: Facts) -> Refusal:
        """Add a counted order event, or say what it is instead."""
        match event:
            case OrderPlaced():
                return self._place(orders, event, at_us, facts)
            case OrderRefunded():
                return self._refund(orders, event, at_us, facts)
            case OrderCancelled():
                self._cancel(orders, event, at_us, facts)
                return None
            case _:
                assert_never(event)

    def expire(self, orders: Orders, watermark_us: int) -> None:
        """Orders are kept for ever: a refund may come years later."""

    def _place(self, orders: Orders, event: OrderPlaced, at_us: int, facts: Facts) -> Refusal:
        if event.order_id in orders.rows:
            return Outcome.DUPLICATE
        amount = Decimal(event.amount)
        orders.put(event.order_id, Order(event.currency, amount, event.segments))
        facts.add(self._fact(FactKind.PLACED, event, at_us, amount))
        return None

    def _refund(self, orders: Orders, event: OrderRefunded, at_us: int, facts: Facts) -> Refusal:
        amount, placed = Decimal(event.amount), orders.rows.get(event.order_id)
        if placed is None:
            facts.add(self._fact(FactKind.UNMATCHED, event, at_us, amount))
            return None
        if amount > placed.left:
            return Invalid(Reason.OVER_REFUND, f"{placed.left} {placed.currency} is left of the order")
        self._take_back(orders, event, amount, at_us, facts)
        return None

    def _cancel(self, orders: Orders, event: OrderCancelled, at_us: int, facts: Facts) -> None:
        self._take_back(orders, event, orders.rows[event.order_id].left, at_us, facts)

    def _take_back(self, orders: Orders, event: AnyOrderEvent, amount: Decimal, at_us: int, facts: Facts) -> None:
        """What is left of the order shrinks."""
        orders.rows[event.order_id].left -= amount
        orders.touch(event.order_id)
        facts.add(self._fact(FactKind.REFUNDED, event, at_us, amount))

    def _fact(self, kind: FactKind, event: AnyOrderEvent, at_us: int, amount: Decimal) -> OrderFact:
        return OrderFact(
            kind=kind,
            order_id=event.order_id,
            at_us=at_us,
            count=1,
            minor=self._minor(amount),
            customer_id=event.customer_id,
            visitor_id=event.visitor_id,
            session_id=event.session_id,
            segments=event.segments,
        )

    def _minor(self, amount: Decimal) -> int:
        return money.to_minor(amount, ONE, self._digits)

    def _check_currency(self, currency: str) -> Invalid | None:
        if money.exponent(currency) is None:
            return Invalid(Reason.UNKNOWN_CURRENCY, f"{currency!r} is no ISO 4217 currency")
        if currency != self._currency:
            return Invalid(Reason.NO_FX_RATE, f"no rate from {currency} to {self._currency}")
        return None

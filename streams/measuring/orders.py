"""What an order event adds: orders and revenue when placed, refunds when money goes back."""

from decimal import Decimal
from typing import assert_never

from models import measure, money, order
from models.kpi import Catalogue
from models.order import AnyOrderEvent, Order, OrderCancelled, OrderPlaced, OrderRefunded, decode_order
from models.outcome import Invalid, Outcome, Reason
from models.slices import Slicing
from models.table import Table, packed_codec
from models.window import MINUTE_US
from streams.measuring.additions import Additions

Orders = Table[str, Order]
Refusal = Invalid | Outcome | None
ONE = Decimal(1)


class OrderBooking:
    """How order events are booked; see measuring.stage.Booking."""

    topic = order.TOPIC
    decode = staticmethod(decode_order)

    def __init__(self, catalogue: Catalogue, horizon_us: int, currency: str) -> None:
        """`currency`: the reporting currency, the only one with a rate."""
        self.horizon_us = horizon_us
        self._slicing = Slicing(order.DIMENSIONS, catalogue.dimensions_of_feed(order.TOPIC))
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

    def book(self, orders: Orders, event: AnyOrderEvent, at_us: int, additions: Additions, _late_us: int) -> Refusal:
        """Add a counted order event, or say what it is instead."""
        match event:
            case OrderPlaced():
                return self._place(orders, event, at_us, additions)
            case OrderRefunded():
                return self._refund(orders, event, at_us, additions)
            case OrderCancelled():
                self._cancel(orders, event, at_us, additions)
                return None
            case _:
                assert_never(event)

    def expire(self, orders: Orders, watermark_us: int) -> None:
        """Orders are kept for ever: a refund may come years later."""

    def _place(self, orders: Orders, event: OrderPlaced, at_us: int, additions: Additions) -> Refusal:
        if event.order_id in orders.rows:
            return Outcome.DUPLICATE
        amount = Decimal(event.amount)
        orders.put(event.order_id, Order(event.currency, amount, event.segments))
        slices = self._slicing.of(event.segments)
        minute = at_us // MINUTE_US
        additions.add(slices, measure.ORDERS, minute, 1)
        additions.add(slices, measure.REVENUE, minute, self._minor(amount))
        return None

    def _refund(self, orders: Orders, event: OrderRefunded, at_us: int, additions: Additions) -> Refusal:
        amount, placed = Decimal(event.amount), orders.rows.get(event.order_id)
        if placed is None:
            slices = self._slicing.of(event.segments)
            minute = at_us // MINUTE_US
            additions.add(slices, measure.UNMATCHED_REFUNDS, minute, 1)
            additions.add(slices, measure.REFUNDS, minute, self._minor(amount))
            return None
        if amount > placed.left:
            return Invalid(Reason.OVER_REFUND, f"{placed.left} {placed.currency} is left of the order")
        self._take_back(orders, event.order_id, amount, at_us, additions)
        return None

    def _cancel(self, orders: Orders, event: OrderCancelled, at_us: int, additions: Additions) -> None:
        self._take_back(orders, event.order_id, orders.rows[event.order_id].left, at_us, additions)

    def _take_back(self, orders: Orders, order_id: str, amount: Decimal, at_us: int, additions: Additions) -> None:
        """Book on the segments of the order; what is left of it shrinks."""
        placed = orders.rows[order_id]
        placed.left -= amount
        orders.touch(order_id)
        slices = self._slicing.of(placed.segments)
        additions.add(slices, measure.REFUNDS, at_us // MINUTE_US, self._minor(amount))

    def _minor(self, amount: Decimal) -> int:
        return money.to_minor(amount, ONE, self._digits)

    def _check_currency(self, currency: str) -> Invalid | None:
        if money.exponent(currency) is None:
            return Invalid(Reason.UNKNOWN_CURRENCY, f"{currency!r} is no ISO 4217 currency")
        if currency != self._currency:
            return Invalid(Reason.NO_FX_RATE, f"no rate from {currency} to {self._currency}")
        return None

"""What is kept of an order, and of refunds whose order is not known.

Money is rounded once an event: each refund is converted by itself, at its order's rate, half-even. So that the minor
units of an order add up all the same, no event takes more of them than are left, and the one that takes the last of
the order takes all that are left:

    order    3 x 0.333 USD = 0.999    at 0.5 GBP: 0.4995    booked 0.50    left 0.999 USD    0.50 GBP
    refund   0.333 USD                        0.1665           0.17         0.666        0.33
    refund   0.333                            0.1665           0.17         0.333        0.16
    refund   0.333                            the last         0.16         0            0
"""

from decimal import Decimal

import msgspec

from models import money
from models.fx import ONE
from models.order_fact import OrderFact
from models.table import packed_codec, packed_older

NEVER_US = 2**62
"""The time of an order of which the first format did not keep any: it is not forgotten."""

MAX_REFUNDS, MAX_REFUNDS_BYTES = 100, 256 * 1024
"""Of one order id that are kept until it comes: a client that names the same one always must not fill a record."""


class Order(msgspec.Struct, array_like=True):
    """A placed order. `left`: what may still be refunded, exact, in the order's own `currency`.

    `rate`: reporting units for one unit, from when it was placed; `left_minor`: what is left of the booked amount,
    minor units of the reporting currency; `last_us`: event time of its latest event, us since 1970 UTC.
    """

    currency: str
    left: Decimal
    rate: Decimal
    left_minor: int
    segments: tuple[str | None, ...]
    customer_id: str | None
    visitor_id: str | None
    session_id: str | None
    last_us: int

    def take(self, amount: Decimal, at_us: int, digits: int) -> int:
        """Refund an amount of at most `left`; the minor units (of so many `digits`) that go back."""
        assert amount <= self.left, f"{amount} of {self.left} {self.currency}"
        self.left -= amount
        minor = min(money.to_minor(amount, self.rate, digits), self.left_minor) if self.left else self.left_minor
        self.left_minor -= minor
        self.last_us = max(self.last_us, at_us)
        return minor


class Refund(msgspec.Struct, array_like=True, frozen=True):
    """A refund whose order is not known: what it says, and the fact it was booked by."""

    currency: str
    amount: Decimal
    fact: OrderFact


class Refunds(msgspec.Struct, array_like=True):
    """The unmatched refunds of an order id, in order of arrival."""

    its: list[Refund]

    def keep(self, refund: Refund) -> bool:
        """One more, to be matched when the order comes; False: there are too many, it stays as it was booked."""
        fits = sum(its.fact.most_bytes for its in (*self.its, refund)) <= MAX_REFUNDS_BYTES
        if fits and len(self.its) < MAX_REFUNDS:
            self.its.append(refund)
            return True
        return False

    @property
    def last_us(self) -> int:
        """Event time of the latest, us since 1970 UTC."""
        return max(refund.fact.at_us for refund in self.its)


class OrderOfOneCurrency(msgspec.Struct, array_like=True):
    """The first format of Order, of a time when every order was in the reporting currency."""

    currency: str
    left: Decimal
    segments: tuple[str | None, ...]


def _lift(row: OrderOfOneCurrency) -> Order:
    left_minor = money.to_minor(row.left, ONE, money.exponent(row.currency) or 0)
    return Order(row.currency, row.left, ONE, left_minor, row.segments, None, None, None, NEVER_US)


ORDER_CODEC = packed_codec(Order, str, 2, {1: packed_older(OrderOfOneCurrency, _lift)})
REFUNDS_CODEC = packed_codec(Refunds, str)

"""Customers erased on request: a record on `orders` that travels in the order of their own orders.

    orders            forgets whose orders these were, and tells every visitors' task
    visitors          each hands the orders it still held back to the customer first, then the erasure
    customers         forgets the customer when the last visitors' task has passed it on

A customer's orders come by way of many visitors' tasks, of which one may be behind another. What one of them passed on
before the erasure is of the customer that goes, what it passes on after it is of one that is new: kept apart until all
have passed it.
"""

import msgspec

from models.customer import Customer
from models.order_fact import OrderFact
from models.stage import Incoming
from models.table import Table, packed_codec
from streams.measuring.additions import Additions
from streams.measuring.customers import CustomerBooking, Customers

HEADER = "kpi-erase"
"""Of a record of `orders` that is keyed by the customer to erase; it has no value and counts as no event."""

TABLE = "erasures"


def of(record: Incoming) -> str | None:
    """The customer that a record erases, if it does."""
    if not record.key or all(name != HEADER for name, _ in record.headers):
        return None
    try:
        return record.key.decode()
    except UnicodeDecodeError:
        return None


class Erasing(msgspec.Struct, array_like=True):
    """Erasures of a customer that some of the visitors' tasks have passed on, and others not yet.

    `passed`: how many, by task; `later`: what came behind the first of them, the second, and so on.
    """

    passed: list[int]
    later: list[Customer]


Erasures = Table[str, Erasing]
"""By customer; empty but for seconds."""


class ErasureBooking:
    """Facts of customers, some of whom are being erased. `tasks`: of the visitors."""

    def __init__(self, booking: CustomerBooking, tasks: int) -> None:
        self._booking = booking
        self._tasks = tasks

    def table(self) -> Erasures:
        """None under way."""
        return Table(TABLE, packed_codec(Erasing, str))

    def book(
        self, rows: Customers, erasures: Erasures, fact: OrderFact, task: int, additions: Additions, passed_us: int
    ) -> None:
        """Add a fact that a visitors' task passed on to the customer it is of, see CustomerBooking.book."""
        key = fact.customer_id or ""
        under_way = erasures.rows.get(key)
        if under_way is None or not under_way.passed[task]:
            self._booking.book(rows, fact, additions, passed_us)
        else:
            self._booking.add(under_way.later[under_way.passed[task] - 1], fact, additions, passed_us)
            erasures.touch(key)

    def erase(self, rows: Customers, erasures: Erasures, customer_id: str, task: int) -> None:
        """A visitors' task has passed an erasure on. The sums stay; a later order is a first one."""
        under_way = erasures.rows.get(customer_id) or Erasing([0] * self._tasks, [])
        under_way.passed[task] += 1
        if under_way.passed[task] > len(under_way.later):
            under_way.later.append(Customer())
        erasures.put(customer_id, under_way)
        if all(under_way.passed):
            self._forget(rows, erasures, customer_id, under_way)

    def _forget(self, rows: Customers, erasures: Erasures, customer_id: str, under_way: Erasing) -> None:
        self._booking.erase(rows, customer_id)
        following = under_way.later.pop(0)
        if following.known:
            rows.put(customer_id, following)
        under_way.passed = [n - 1 for n in under_way.passed]
        if not any(under_way.passed):
            erasures.delete(customer_id)

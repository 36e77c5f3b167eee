"""Facts in any order, and taken back, give what a search through all facts gives."""

from collections import Counter
from datetime import datetime
from typing import NamedTuple

from hypothesis import given
from hypothesis import strategies as st

from customer_facts import DAY_US, WARSAW, Sums, at, booking, fact, sums
from models import measure
from models.order_fact import FactKind, OrderFact
from models.slices import NOT_SET
from models.window import MINUTE_US
from streams.measuring.additions import Additions
from streams.measuring.customers import Customers

REFUNDED, UNMATCHED = FactKind.REFUNDED, FactKind.UNMATCHED
HOUR_US = 3_600_000_000
START = at("2026-02-20 00:00")


def booked(facts: list[OrderFact], reach_us: int) -> tuple[Sums, Customers]:
    customers, additions = booking(reach_us), Additions()
    rows = customers.table()
    for one in facts:
        customers.book(rows, one, additions)
    return sums(additions), rows


class Drawn(NamedTuple):
    """A fact; `arrival` of any unit, and how long after it the fact is taken back, if it is."""

    hour: int
    kind: FactKind
    minor: int
    channel: str | None
    customer: str
    arrival: int
    back: int | None

    def fact(self, number: int, count: int = 1) -> OrderFact:
        at_us = START + self.hour * HOUR_US
        return fact(at_us, self.minor, f"o{number}", self.kind, count, self.customer, self.channel)


HOURS = st.integers(0, 24 * 100)  # over the change of the clock on 29 March
KINDS = st.sampled_from([FactKind.PLACED, FactKind.PLACED, REFUNDED, UNMATCHED])
CHANNELS = st.sampled_from(["Direct", "Email", None])
TIMES = st.integers(0, 100)
FACTS = st.lists(
    st.builds(
        Drawn, HOURS, KINDS, st.integers(0, 500), CHANNELS, st.sampled_from("ab"), TIMES, st.none() | st.integers(1, 50)
    ),
    max_size=14,
)


@given(FACTS)
def test_any_order_of_facts_and_of_those_taken_back_gives_the_same_sums(drawn: list[Drawn]) -> None:
    come = [(one.arrival, one.fact(i)) for i, one in enumerate(drawn)]
    gone = [(one.arrival + one.back, one.fact(i, -1)) for i, one in enumerate(drawn) if one.back]
    arrivals = sorted([*come, *gone], key=lambda event: event[0])
    found, rows = booked([one for _, one in arrivals], 200 * DAY_US)
    left = [one.fact(i) for i, one in enumerate(drawn) if not one.back]
    assert found == searched(left)
    assert {str(one.customer_id) for one in left} == set(rows.rows)
    for key, row in rows.rows.items():
        its = [one for one in left if one.customer_id == key]
        assert row.orders == sum(one.kind is FactKind.PLACED for one in its)
        assert row.net_minor == sum(one.minor if one.kind is FactKind.PLACED else -one.minor for one in its)


@given(FACTS, st.integers(0, 20))
def test_disorder_within_reach_is_exact_whatever_has_been_settled(drawn: list[Drawn], days: int) -> None:
    facts = [one.fact(i) for i, one in enumerate(drawn)]
    delays_us = [one.arrival * days * DAY_US // 100 for one in drawn]
    arrivals = sorted(zip(facts, delays_us, strict=True), key=lambda event: event[0].at_us + event[1])
    found, rows = booked([one for one, _ in arrivals], days * DAY_US)
    assert found == searched(facts)
    assert len(rows) == len({one.customer_id for one in facts})


class Placed(NamedTuple):
    at_us: int
    order_id: str
    channel: str | None


def month(at_us: int, later: int = 0) -> datetime:
    local = datetime.fromtimestamp(at_us / 1e6, WARSAW)
    number = local.year * 12 + local.month - 1 + later
    return datetime(number // 12, number % 12 + 1, 1, tzinfo=WARSAW)


def searched(facts: list[OrderFact]) -> Sums:
    found: Sums = Counter()
    for customer in {one.customer_id for one in facts}:
        its = [one for one in facts if one.customer_id == customer]
        orders = sorted(Placed(f.at_us, f.order_id, f.segments[0]) for f in its if f.kind is FactKind.PLACED)
        for one in its:
            n = one.minor if one.kind is FactKind.PLACED else -one.minor
            acquired = bool(orders) and one.at_us >= orders[0].at_us
            _count(found, measure.CUSTOMER_NET_REVENUE, one.at_us, orders if acquired else [], n)
        if orders:
            _count_orders(found, orders)
    return Counter({key: n for key, n in found.items() if n})


def _count_orders(found: Sums, orders: list[Placed]) -> None:
    first = orders[0].at_us
    _count(found, measure.NEW_CUSTOMERS, first, orders)
    _count(found, measure.CUSTOMERS, first, orders)
    _count(found, measure.COHORT_SIZE, month(first, 1), orders)
    if len(orders) > 1:
        _count(found, measure.REPEAT_CUSTOMERS, orders[1].at_us, orders)
    months = {month(order.at_us) for order in orders}
    for one in months:
        at_us = round(one.timestamp() * 1e6)
        _count(found, measure.PREVIOUS_MONTH_CUSTOMERS, month(at_us, 1), orders)
        if one > month(first):
            _count(found, measure.COHORT_ACTIVE, one, orders)
        if month(at_us, -1) in months:
            _count(found, measure.RETURNING_CUSTOMERS, one, orders)


def _count(found: Sums, name: str, when: int | datetime, orders: list[Placed], n: int = 1) -> None:
    at_us = when if isinstance(when, int) else round(when.timestamp() * 1e6)
    first = orders[0] if orders else None
    cohort = f"{month(first.at_us):%Y-%m}" if first else NOT_SET
    channel = (first.channel if first else None) or NOT_SET
    for piece in (("all", "all"), ("channel", channel), ("campaign", NOT_SET), ("cohort", cohort)):
        found[name, at_us // MINUTE_US, *piece] += n

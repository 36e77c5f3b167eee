"""Customers that are erased: what each stage forgets, and that the figures stay exact whatever comes by which way."""

import random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from customer_facts import booking, fact, of, sums
from flow import Flow, Sent, at, order
from models import measure
from models.order_fact import BY_CUSTOMER, FactKind, OrderFact, decode_facts, erased
from models.table import Table
from order_desk import Desk
from streams.measuring import erasure
from streams.measuring.additions import Additions
from streams.measuring.customers import ALL_PASSED_US, Customers
from streams.measuring.erasure import ErasureBooking, Erasures
from streams.measuring.facts import Facts, FactSink
from streams.measuring.hearing import first_time_us

BOOKING = booking()


def erase(customer: str, key: bytes | None = None) -> Sent:
    return Sent("orders", customer.encode() if key is None else key, None, ((erasure.HEADER, b""),))


@pytest.mark.parametrize(
    ("record", "found"),
    [
        pytest.param(erase("k-3"), "k-3", id="by its key"),
        pytest.param(erase("żółw"), "żółw", id="UTF-8"),
        pytest.param(erase("", key=b""), None, id="of nobody"),
        pytest.param(erase("", key=b"\xff"), None, id="no text"),
        pytest.param(Sent("orders", b"k-3", None), None, id="no header"),
        pytest.param(Sent("orders", b"k-3", b"{}", (("trace", b"1"),)), None, id="another header"),
    ],
)
def test_a_record_that_erases(record: Sent, found: str | None) -> None:
    assert erasure.of(record) == found


def test_orders_forget_whose_they_were_and_their_refunds_are_a_guests() -> None:
    desk = Desk()
    for name, customer in (("o1", "a"), ("o2", "b")):
        assert desk.took("placed", name, "12:00:00", amount="10.00 GBP", customer_id=customer) == "counted"
    desk.told()
    desk.booking.erase(desk.orders, {"a"}, desk.facts)
    assert [(one.kind, one.customer_id) for one in desk.facts.facts] == [(FactKind.ERASED, "a")]
    for name, customer in (("o1", "a"), ("o2", "b")):
        desk.took("refunded", name, "12:01:00", amount="4.00 GBP", customer_id=customer)
    assert [(one.minor, one.customer_id) for one in desk.facts.facts[1:]] == [(400, None), (400, "b")]
    assert {bytes(key): value is not None for key, value in desk.orders.placed.drain()} == {
        b"\xa2o1": True,
        b"\xa2o2": True,
    }


def test_a_refund_of_an_erased_customer_stays_unmatched_and_others_are_matched() -> None:
    """Two refunds of one order that is not known, of two customers: 3 of the erased one, 4 of the other."""
    desk = Desk()
    for amount, customer in (("3.00 GBP", "a"), ("4.00 GBP", "b")):
        desk.took("refunded", "o1", "12:00:00", amount=amount, customer_id=customer)
    desk.took("refunded", "o2", "12:00:00", amount="5.00 GBP", customer_id="a")
    desk.booking.erase(desk.orders, {"a", "nobody"}, desk.facts)
    assert {name: [its.fact.customer_id for its in row.its] for name, row in desk.orders.unmatched.rows.items()} == {
        "o1": ["b"]
    }
    desk.told()
    desk.took("placed", "o1", "12:01:00", amount="10.00 GBP", customer_id="b")
    assert desk.told() == [("placed", 1, 1000), ("unmatched", -1, -400), ("refunded", 1, 400)]


def test_an_erasure_goes_to_every_task_in_its_place_and_has_no_time() -> None:
    facts = Facts()
    first, last = fact("2026-01-05 09:00", 1, "o1"), fact("2026-01-05 10:00", 2, "o1")
    for one in (first, erased("c"), last):
        facts.add(one)
    sent = {one.partition: one.value or b"" for one in FactSink("t", 3).records(0, facts, {})}
    told = {target: [one.kind.value for one in decode_facts(value).facts] for target, value in sent.items()}
    assert sorted(told) == [0, 1, 2]
    assert sorted(told.values()) == [["erased"], ["erased"], ["placed", "erased", "placed"]]
    times = sorted(str(first_time_us(Sent("t", None, value))) for value in sent.values())
    assert times == sorted(["None", "None", str(first.at_us)])


class Keeper:
    """The customers of one task behind some visitors' tasks."""

    def __init__(self, tasks: int) -> None:
        self.booking = ErasureBooking(BOOKING, tasks)
        self.rows: Customers = BOOKING.table()
        self.erasures: Erasures = self.booking.table()
        self.additions = Additions()

    def take(self, one: OrderFact, task: int) -> None:
        if one.kind is FactKind.ERASED:
            self.booking.erase(self.rows, self.erasures, one.customer_id or "", task)
        else:
            self.booking.book(self.rows, self.erasures, one, task, self.additions, ALL_PASSED_US)

    def restart(self) -> None:
        """What was committed is read back."""
        before = self.rows, self.erasures
        self.rows, self.erasures = BOOKING.table(), self.booking.table()
        _restore(before[0], self.rows)
        _restore(before[1], self.erasures)


def _restore(before: Table[str, Any], after: Table[str, Any]) -> None:
    for customer in before.rows:
        before.touch(customer)
    for key, value in before.drain():
        after.restore(key, value)
    assert after.rows == before.rows


def test_an_old_order_by_a_slow_way_is_of_the_customer_that_goes() -> None:
    """Erased after o1 and o2, before o3. The way of o2 is slow: the erasure and o3 have come by another one before."""
    keeper = Keeper(tasks=2)
    keeper.take(fact("2026-01-05 09:00", 100, "o1"), 0)
    keeper.take(erased("c"), 0)
    keeper.take(fact("2026-01-07 09:00", 400, "o3"), 0)
    assert keeper.rows.rows["c"].orders == 1
    keeper.take(fact("2026-01-06 09:00", 200, "o2"), 1)
    assert keeper.rows.rows["c"].orders == 2
    keeper.restart()
    keeper.take(erased("c"), 1)
    assert (keeper.rows.rows["c"].orders, keeper.rows.rows["c"].net_minor) == (1, 400)
    assert keeper.erasures.rows == {}
    found = sums(keeper.additions)
    new = {"2026-01-05 09:00": 1, "2026-01-07 09:00": 1}
    assert of(found, measure.NEW_CUSTOMERS) == new
    assert of(found, measure.REPEAT_CUSTOMERS) == {"2026-01-06 09:00": 1}
    assert sum(of(found, measure.CUSTOMER_NET_REVENUE).values()) == 700


def test_an_erasure_of_nobody_leaves_nothing_but_its_tombstone() -> None:
    keeper = Keeper(tasks=2)
    keeper.take(erased("c"), 1)
    keeper.take(erased("c"), 0)
    assert (keeper.rows.rows, keeper.erasures.rows) == ({}, {})
    assert [value for _, value in keeper.erasures.drain()] == [None]


@given(st.integers(1, 3), st.lists(st.sampled_from(["order", "order", "erase"]), max_size=12), st.randoms())
def test_by_whatever_ways_orders_and_erasures_come_they_are_as_if_by_one(
    tasks: int, kinds: list[str], chance: random.Random
) -> None:
    log = [
        erased("c") if kind == "erase" else fact(f"2026-01-{i + 1:02} 09:00", 2**i, f"o{i}", channel=f"ch{i % 3}")
        for i, kind in enumerate(kinds)
    ]
    single, many = Keeper(1), Keeper(tasks)
    ways: list[list[OrderFact]] = [[] for _ in range(tasks)]
    for one in log:
        single.take(one, 0)
        for way in ways if one.kind is FactKind.ERASED else [chance.choice(ways)]:
            way.append(one)
    while any(ways):
        task = chance.choice([task for task, way in enumerate(ways) if way])
        many.take(ways[task].pop(0), task)
        if chance.random() < 0.2:
            many.restart()
    assert many.rows.rows == single.rows.rows
    assert sums(many.additions) == sums(single.additions)
    assert many.erasures.rows == {}


def test_waiting_orders_go_ahead_of_the_erasure_and_others_wait_on() -> None:
    """An order waits for its session until the watermark has passed it by a minute; the erasure does not."""
    flow = Flow(now_us=at("12:10:05"))
    flow.read(order("12:00:00", "10.00", "o1", customer_id="a"), order("12:00:01", "20.00", "o2", customer_id="b"))
    assert handed(flow) == []
    flow.read(erase("a"))
    assert [(one.kind.value, one.customer_id) for one in handed(flow)] == [("placed", "a"), ("erased", "a")]
    waiting = flow.tables["visitors"][0].orders.rows
    assert {name: len(row.waiting) for name, row in waiting.items()} == {"o1": 0, "o2": 1}
    flow.read(order("12:10:00", "1.00", "o3", customer_id="d"))
    assert [one.order_id for one in handed(flow)] == ["o1", "", "o2"]


def handed(flow: Flow) -> list[OrderFact]:
    """What the visitors have passed on to the customers."""
    records = [record.value or b"" for record in flow.passed if record.topic == BY_CUSTOMER]
    return [one for record in records for one in decode_facts(record).facts]

"""Orders find their session, find another one, and are fixed; what was booked is always taken back exactly."""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import msgspec

from models import measure
from models.order_fact import FactKind, OrderFact
from models.order_state import NEVER_US
from models.slices import Slicing
from models.window import MINUTE_US
from streams.measuring.additions import Additions
from streams.measuring.attribution import (
    LOOKS,
    Attributed,
    AttributedForEver,
    Attribution,
    SessionName,
    attributions,
)

LATENESS_US = 60_000_000
SLICING = Slicing(("channel", "country", "campaign"), ("channel", "country"))
EMAIL, DIRECT = ("v", "s1"), ("v", "s2")
SEGMENTS: dict[SessionName, tuple[str | None, ...]] = {
    EMAIL: ("Email", "PL", None),
    DIRECT: ("Direct", "DE", "spring"),
}
Booked = Mapping[tuple[str, tuple[str, str]], int]


@dataclass
class OneVisitor:
    """Who has one session at a time; an order is of that one."""

    now: SessionName | None = EMAIL
    joined: Counter[tuple[SessionName, int]] = field(default_factory=Counter)
    segments: dict[SessionName, tuple[str | None, ...]] = field(default_factory=lambda: SEGMENTS)
    fixed_us: int | None = None

    def fixed(self, rows: None, before_us: int) -> None:
        self.fixed_us = before_us

    def session_of(self, rows: None, visitor_id: str, session_id: str | None, at_us: int) -> SessionName | None:
        return self.now

    def segments_of(self, rows: None, session: SessionName) -> tuple[str | None, ...]:
        return self.segments[session]

    def join(self, rows: None, session: SessionName, at_us: int, count: int, additions: Additions) -> None:
        self.joined[session, at_us] += count


class Till:
    """An attribution and what it has booked."""

    def __init__(self) -> None:
        self.sessions = OneVisitor()
        self.attribution: Attribution[None] = Attribution(self.sessions, SLICING, LATENESS_US)
        self.orders = attributions()
        self.additions = Additions()

    def book(self, fact: OrderFact) -> OrderFact | None:
        return self.attribution.book(self.orders, None, fact, self.additions)

    def fix(self, order_id: str = "o1") -> list[OrderFact]:
        return self.attribution.fix(self.orders, None, order_id, self.additions)

    @property
    def booked(self) -> Booked:
        found: Counter[tuple[str, tuple[str, str]]] = Counter()
        for slices, sums in self.additions.by_slices.items():
            for (name, *_), n in sums.items():
                for piece in slices.pairs:
                    found[name, piece] += n
        return {key: n for key, n in found.items() if n}


def fact(kind: FactKind, minor: int, at_minute: int = 1, count: int = 1, **fields: Any) -> OrderFact:
    known: dict[str, Any] = {
        "order_id": "o1",
        "customer_id": "c",
        "visitor_id": "v",
        "session_id": None,
        "segments": (None,) * 3,
    }
    made = {"kind": kind, "at_us": at_minute * MINUTE_US, "count": count, "minor": minor, **known, **fields}
    return OrderFact(**made)


def sums(channel: str, country: str, **of: int) -> Booked:
    pieces = (("all", "all"), ("channel", channel), ("country", country))
    return {(name, piece): n for name, n in of.items() for piece in pieces}


def test_an_order_takes_the_segments_of_its_session_where_it_names_none() -> None:
    till = Till()
    assert till.book(fact(FactKind.PLACED, 500, segments=("Affiliates", None, None))) is None
    assert till.booked == sums("Affiliates", "PL", orders=1, revenue=500)
    assert till.sessions.joined == {(EMAIL, MINUTE_US): 1}


def test_it_is_booked_on_another_session_when_that_turns_out_to_be_its_own() -> None:
    till = Till()
    till.book(fact(FactKind.PLACED, 500))
    till.book(fact(FactKind.REFUNDED, 200, at_minute=2))
    till.sessions.now = DIRECT
    handed = till.fix()
    assert till.booked == sums("Direct", "DE", orders=1, revenue=500, refunds=200)
    assert +till.sessions.joined == {(DIRECT, MINUTE_US): 1}
    assert [(one.kind, one.segments) for one in handed] == [
        (FactKind.PLACED, SEGMENTS[DIRECT]),
        (FactKind.REFUNDED, SEGMENTS[DIRECT]),
    ]


def test_it_moves_with_its_session_when_that_turns_out_to_begin_otherwise() -> None:
    till = Till()
    till.book(fact(FactKind.PLACED, 500))
    till.sessions.segments = SEGMENTS | {EMAIL: ("Paid Search", "FR", None)}  # an earlier first event has come
    [handed] = till.fix()
    assert till.booked == sums("Paid Search", "FR", orders=1, revenue=500)
    assert +till.sessions.joined == {(EMAIL, MINUTE_US): 1}
    assert handed.segments == ("Paid Search", "FR", None)


def test_events_are_asked_for_until_the_orders_are_fixed() -> None:
    till = Till()
    till.attribution.passed(None, 10 * MINUTE_US)
    assert till.sessions.fixed_us == 10 * MINUTE_US - LATENESS_US


def test_fixed_it_stays_and_a_refund_follows_it() -> None:
    till = Till()
    till.book(fact(FactKind.PLACED, 500))
    till.fix()
    till.sessions.now = DIRECT
    handed = till.book(fact(FactKind.REFUNDED, 200, at_minute=9, visitor_id=None))
    assert till.booked == sums("Email", "PL", orders=1, revenue=500, refunds=200)
    assert handed is not None
    assert handed.segments == SEGMENTS[EMAIL]


def test_without_a_session_it_is_unattributed_until_one_is_found() -> None:
    till = Till()
    till.sessions.now = None
    till.book(fact(FactKind.PLACED, 500))
    assert till.booked[measure.UNATTRIBUTED_ORDERS, ("all", "all")] == 1
    till.sessions.now = EMAIL
    till.fix()
    assert till.booked == sums("Email", "PL", orders=1, revenue=500)


def test_an_unmatched_refund_counts_on_its_own_segments_and_can_be_taken_back() -> None:
    till = Till()
    credit = fact(FactKind.UNMATCHED, 300, segments=("Email", "FR", None))
    assert till.book(credit) == credit
    assert till.booked == sums("Email", "FR", refunds=300, unmatched_refunds=1)
    till.book(fact(FactKind.UNMATCHED, -300, count=-1, segments=("Email", "FR", None)))
    assert till.booked == {}


def test_it_is_fixed_once_the_watermark_has_passed_it_by_the_allowed_lateness() -> None:
    till = Till()
    till.book(fact(FactKind.PLACED, 500))
    assert till.attribution.due_us(till.orders.rows["o1"]) == MINUTE_US + LATENESS_US


def kept(keep_us: int, *facts: OrderFact) -> Till:
    till = Till()
    till.attribution = Attribution(till.sessions, SLICING, LATENESS_US, keep_us)
    till.orders = till.attribution.table()
    for one in facts:
        till.book(one)
    till.fix()
    return till


def test_an_order_is_forgotten_so_long_after_its_latest_fact_and_a_refund_comes_too_late() -> None:
    till = kept(10 * MINUTE_US, fact(FactKind.PLACED, 500, at_minute=1))
    till.book(fact(FactKind.REFUNDED, 100, at_minute=5))
    till.attribution.expire(till.orders, 15 * MINUTE_US)
    assert till.orders.rows["o1"].last_us == 5 * MINUTE_US
    till.attribution.expire(till.orders, 17 * MINUTE_US)
    assert list(till.orders.rows) == []
    assert [value for _, value in till.orders.drain()] == [None], "the changelog forgets it, too"


def test_without_a_retention_orders_are_known_for_ever() -> None:
    till = Till()
    till.book(fact(FactKind.PLACED, 500))
    till.fix()
    till.attribution.expire(till.orders, 10**18)
    till.attribution.expire(till.orders, None)
    assert list(till.orders.rows) == ["o1"]


def test_rows_of_the_first_format_are_read_and_those_that_are_fixed_are_not_forgotten() -> None:
    orders, placed = attributions(keep_us=0), fact(FactKind.PLACED, 500, at_minute=3)
    for name, waiting in (("fixed", []), ("waits", [placed])):
        old = AttributedForEver(("Email", None, None), EMAIL, waiting)
        orders.restore(msgspec.msgpack.encode(name), b"\x01" + msgspec.msgpack.encode(old))
    assert orders.rows == {
        "fixed": Attributed(("Email", None, None), EMAIL, [], NEVER_US),
        "waits": Attributed(("Email", None, None), EMAIL, [placed], 3 * MINUTE_US),
    }
    for _ in range(2):  # restored rows are filed by the first look
        orders.expire(10 * MINUTE_US, LOOKS)
    assert list(orders.rows) == ["fixed"]

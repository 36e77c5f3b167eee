"""What orders add to the measures over customers, by hand and against a search through all facts."""

from collections import Counter
from datetime import date, datetime

import pytest

from customer_facts import DAY_US, Sums, at, booking, fact, of, sums
from models import measure
from models.order_fact import FactKind, OrderFact
from models.slices import NOT_SET
from models.window import MINUTE_US
from streams.measuring.additions import Additions
from streams.measuring.customers import MAX_RECENT, Customers

REFUNDED, UNMATCHED = FactKind.REFUNDED, FactKind.UNMATCHED


def booked(*facts: OrderFact, reach_us: int = 14 * DAY_US) -> tuple[Sums, Customers]:
    customers, additions = booking(reach_us), Additions()
    rows = customers.table()
    for one in facts:
        customers.book(rows, one, additions)
    return sums(additions), rows


def test_a_first_order_makes_a_customer_of_its_channel_campaign_and_month() -> None:
    """Half past midnight in Warsaw is still March in Greenwich: the month is the business's."""
    found, _ = booked(fact("2026-04-01 00:30", 5_000, "o1", channel="Email", campaign="spring"))
    once = {"2026-04-01 00:30": 1}
    for piece in (("all", "all"), ("channel", "Email"), ("campaign", "spring"), ("cohort", "2026-04")):
        assert once == of(found, measure.NEW_CUSTOMERS, *piece)
        assert once == of(found, measure.CUSTOMERS, *piece)
        assert of(found, measure.CUSTOMER_NET_REVENUE, *piece) == {"2026-04-01 00:30": 5_000}
    assert of(found, measure.REPEAT_CUSTOMERS) == {}


def test_the_life_of_a_customer_by_months() -> None:
    """Orders in January (two), February and April: back in February, lost in March, back again in April."""
    found, _ = booked(
        fact("2026-01-10 12:00", 1_000, "o1"),
        fact("2026-01-20 12:00", 2_000, "o2", channel="Email"),
        fact("2026-02-28 12:00", 3_000, "o3"),
        fact("2026-04-30 23:59", 4_000, "o4"),
    )
    january = ("cohort", "2026-01")
    assert of(found, measure.REPEAT_CUSTOMERS, "channel", "Direct") == {"2026-01-20 12:00": 1}
    assert of(found, measure.RETURNING_CUSTOMERS) == {"2026-02-01 00:00": 1}
    months = {"2026-02-01 00:00": 1, "2026-03-01 00:00": 1, "2026-05-01 00:00": 1}
    assert months == of(found, measure.PREVIOUS_MONTH_CUSTOMERS)
    assert of(found, measure.COHORT_ACTIVE, *january) == {"2026-02-01 00:00": 1, "2026-04-01 00:00": 1}
    assert of(found, measure.COHORT_SIZE, *january) == {"2026-02-01 00:00": 1}
    assert sum(of(found, measure.CUSTOMER_NET_REVENUE, "channel", "Direct").values()) == 10_000
    assert of(found, measure.CUSTOMER_NET_REVENUE, "channel", "Email") == {}


def test_what_goes_back_counts_for_the_channel_of_the_first_order_and_before_it_for_none() -> None:
    found, _ = booked(
        fact("2026-01-10 12:00", 1_000, "o1", channel="Email"),
        fact("2026-01-11 12:00", 400, "o1", REFUNDED),
        fact("2026-01-09 12:00", 70, "o0", UNMATCHED),
    )
    assert of(found, measure.CUSTOMER_NET_REVENUE, "channel", NOT_SET) == {"2026-01-09 12:00": -70}
    kept = {"2026-01-10 12:00": 1_000, "2026-01-11 12:00": -400}
    assert kept == of(found, measure.CUSTOMER_NET_REVENUE, "channel", "Email")


def test_a_cancelled_order_is_an_order() -> None:
    found, rows = booked(fact("2026-01-10 12:00", 1_000, "o1"), fact("2026-01-10 12:05", 1_000, "o1", REFUNDED))
    assert of(found, measure.CUSTOMERS) == {"2026-01-10 12:00": 1}
    assert (rows.rows["c"].orders, rows.rows["c"].net_minor) == (1, 0)


def test_an_earlier_order_that_comes_late_is_the_first_one() -> None:
    late = [fact("2026-02-02 12:00", 900, "o2", channel="Email"), fact("2026-01-30 12:00", 100, "o1", channel="Direct")]
    found, _ = booked(*late)
    assert booked(*reversed(late))[0] == found
    assert of(found, measure.NEW_CUSTOMERS, "channel", "Direct") == {"2026-01-30 12:00": 1}
    assert of(found, measure.NEW_CUSTOMERS, "channel", "Email") == {}
    assert of(found, measure.COHORT_ACTIVE, "cohort", "2026-01") == {"2026-02-01 00:00": 1}


def test_a_fact_taken_back_leaves_nothing() -> None:
    """An attribution that changed: the same order on another channel. Then all is taken back, and the row is gone."""
    first, again = fact("2026-01-10 12:00", 100, "o1", channel=None), fact("2026-01-10 12:00", 100, "o1")
    back, gone = (
        fact("2026-01-10 12:00", 100, "o1", count=-1, channel=None),
        fact("2026-01-10 12:00", 100, "o1", count=-1),
    )
    assert booked(first, back, again)[0] == booked(again)[0]
    assert booked(first, again, back)[0] == booked(again)[0]
    nothing, rows = booked(first, back, again, gone)
    assert (nothing, len(rows)) == (Counter(), 0)


def test_an_erased_customer_leaves_the_sums_and_comes_back_as_a_new_one() -> None:
    customers, additions = booking(), Additions()
    rows = customers.table()
    customers.book(rows, fact("2026-01-10 12:00", 100, "o1"), additions)
    list(rows.drain())
    before = sums(additions)
    customers.erase(rows, "c")
    customers.erase(rows, "somebody else")
    assert [value for _, value in rows.drain()] == [None]
    assert sums(additions) == before
    customers.book(rows, fact("2026-01-11 12:00", 100, "o1", REFUNDED), additions)
    refunded = sums(additions)
    assert of(refunded, measure.CUSTOMER_NET_REVENUE, "channel", NOT_SET) == {"2026-01-11 12:00": -100}
    assert of(before, measure.CUSTOMERS) == of(refunded, measure.CUSTOMERS)
    customers.book(rows, fact("2026-03-11 12:00", 100, "o9"), additions)
    assert sum(of(sums(additions), measure.NEW_CUSTOMERS).values()) == 2


def test_a_row_stays_short_and_exact() -> None:
    """A customer that orders every minute: what is settled still tells the first, the second and the months."""
    start = at("2026-01-31 20:00")
    many = [fact(start + i * MINUTE_US, 1, f"o{i:04}") for i in range(3 * MAX_RECENT)]
    found, rows = booked(*many)
    row = rows.rows["c"]
    assert (len(row.recent), row.orders, row.net_minor) == (MAX_RECENT, len(many), len(many))
    assert of(found, measure.REPEAT_CUSTOMERS) == {"2026-01-31 20:01": 1}
    assert of(found, measure.RETURNING_CUSTOMERS) == {"2026-02-01 00:00": 1}


def test_a_row_survives_the_changelog() -> None:
    facts = [fact(f"2026-0{month}-05 12:00", 10 * month, f"o{month}") for month in range(1, 8)]
    _, rows = booked(*facts)
    restored = booking().table()
    for key, value in rows.drain():
        restored.restore(key, value)
    assert restored.rows == rows.rows


@pytest.mark.parametrize(
    ("now", "expected"),
    [
        pytest.param("2026-01-04", None, id="before the first order"),
        pytest.param("2026-01-05", (0, 0.0, 0.0, 0.0), id="the first day, two orders: one transaction"),
        pytest.param("2026-01-13", (1, 1.0, 8 / 7, 300.0), id="back after a week"),
        pytest.param("2026-01-20", (2, 2.0, 15 / 7, 350.0), id="300 and 500, and 100 of them back"),
        pytest.param("2026-02-20", (2, 2.0, 46 / 7, 350.0), id="settled, and a month older"),
    ],
)
def test_recency_frequency_and_value_of_a_day_long_past(now: str, expected: tuple[float, ...] | None) -> None:
    facts = [
        fact("2026-01-05 09:00", 50, "o1"),
        fact("2026-01-05 18:00", 60, "o2"),
        fact("2026-01-12 09:00", 300, "o3"),
        fact("2026-01-19 09:00", 500, "o4"),
        fact("2026-01-20 09:00", 100, "o4", REFUNDED),
    ]
    if now == "2026-02-20":
        facts.append(fact("2026-02-21 09:00", 999, "o5"))
    _, rows = booked(*facts)
    end_us, today = at(f"{now} 00:00") + DAY_US, datetime.fromisoformat(now).toordinal()
    rfm = rows.rows["c"].rfm(end_us, today)
    assert (rfm and (rfm.frequency, rfm.recency_weeks, rfm.age_weeks, rfm.value)) == expected


def test_an_order_from_before_all_reach_still_moves_all_but_settled_money() -> None:
    """January and March are settled when one of December comes, then one of January."""
    found, rows = booked(
        fact("2026-01-01 12:00", 1_000, "o1", channel="Email"),
        fact("2026-03-01 12:00", 2_000, "o2"),
        fact("2026-04-01 12:00", 4_000, "o3"),
        fact("2026-04-30 12:00", 8_000, "o4"),
        fact("2025-12-31 23:59", 500, "o0", channel="Direct"),
        fact("2026-01-15 12:00", 300, "o9"),
    )
    assert of(found, measure.NEW_CUSTOMERS, "channel", "Direct") == {"2025-12-31 23:59": 1}
    assert of(found, measure.NEW_CUSTOMERS, "channel", "Email") == {}
    assert of(found, measure.REPEAT_CUSTOMERS) == {"2026-01-01 12:00": 1}
    months = {"2026-01-01 00:00": 1, "2026-03-01 00:00": 1, "2026-04-01 00:00": 1}
    assert of(found, measure.COHORT_ACTIVE, "cohort", "2025-12") == months
    assert of(found, measure.RETURNING_CUSTOMERS) == {"2026-01-01 00:00": 1, "2026-04-01 00:00": 1}
    assert sum(of(found, measure.CUSTOMER_NET_REVENUE).values()) == 15_800 == rows.rows["c"].net_minor
    assert sum(of(found, measure.CUSTOMER_NET_REVENUE, "channel", "Email").values()) == 7_000


def test_a_late_second_order_moves_the_repeat_though_the_first_ones_are_settled() -> None:
    found, _ = booked(
        fact("2026-01-01 12:00", 1, "o1"),
        fact("2026-03-01 12:00", 1, "o2"),
        fact("2026-04-01 12:00", 1, "o3"),
        fact("2026-01-15 12:00", 1, "o9"),
        fact("2026-04-02 12:00", 1, "o5"),
        fact("2026-01-20 12:00", 1, "o8"),
        fact("2026-04-03 12:00", 1, "o6"),
    )
    assert of(found, measure.REPEAT_CUSTOMERS) == {"2026-01-15 12:00": 1}


def test_an_order_by_a_slow_way_months_later_is_counted_on_its_day() -> None:
    """A replay: June has come by one way when March comes by another; the watermark of both is still in January."""
    shop, found = booking(), Additions()
    rows, january = shop.table(), at("2026-01-10 00:00")
    for local, order in (("2026-01-05 09:00", "o1"), ("2026-06-05 09:00", "o3"), ("2026-03-05 09:00", "o2")):
        shop.book(rows, fact(local, 300, order), found, january)
    assert len(rows.rows["c"].recent) == 3
    shop.book(rows, fact("2026-06-06 09:00", 300, "o4"), found, at("2026-06-06 00:00"))
    assert len(rows.rows["c"].recent) == 2
    rfm = rows.rows["c"].rfm(at("2026-06-07 00:00"), date(2026, 6, 6).toordinal())
    assert rfm is not None
    assert (rfm.frequency, rfm.value) == (3, 300.0)

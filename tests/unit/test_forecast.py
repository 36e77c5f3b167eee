"""The predictions of a day: all of its customers, once, whatever the size of the steps."""

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from customer_facts import CDNOW, DAY_US, WARSAW, Sums, at, booking, fact, of, sums
from models import measure
from models.bg_nbd import BgNbd
from models.clv import ClvParameters, Rfm, predicted_minor
from models.order_fact import OrderFact
from models.window import DayGrid
from streams.measuring.additions import Additions
from streams.measuring.customers import Customers
from streams.measuring.forecast import Forecast

LATENESS_US = 60_000_000
BOOKING = booking()


def customers(*facts: OrderFact) -> Customers:
    rows = BOOKING.table()
    for one in facts:
        BOOKING.book(rows, one, Additions())
    return rows


def forecast(done: str = "2026-01-09") -> Forecast:
    found = Forecast(BOOKING, DayGrid(WARSAW), LATENESS_US)
    found.state.row.done = date.fromisoformat(done).toordinal()
    return found


def passed(one: Forecast, rows: Customers, local: str, looks: int = 1_000, model: ClvParameters | None = CDNOW) -> Sums:
    """All that is booked until the watermark needs nothing more."""
    additions = Additions()
    while one.step(rows, model, at(local), looks, additions):
        pass
    return sums(additions)


def test_a_customer_of_the_paper_by_hand() -> None:
    """Customer 0001 of CDNOW, 39 more weeks: 1.226 transactions of 24.66 are 30.23 dollars."""
    found = predicted_minor(Rfm(2, 30.43, 38.86, 2_235.0), CDNOW, horizon_weeks=39.0)
    assert found == pytest.approx(3_023, abs=2)
    assert isinstance(found, int)


def test_all_customers_of_a_day_are_booked_in_its_last_minute_by_their_channel() -> None:
    """Two of Email on the day itself (once as new as the other), one of Direct a week ago that came back."""
    rows = customers(
        fact("2026-01-10 09:00", 100, "o1", customer="a", channel="Email"),
        fact("2026-01-10 23:59", 100, "o2", customer="b", channel="Email"),
        fact("2026-01-03 09:00", 100, "o3", customer="d"),
        fact("2026-01-06 09:00", 4_000, "o4", customer="d"),
        fact("2026-01-11 00:00", 100, "o5", customer="the next day's"),
    )
    found = passed(forecast(), rows, "2026-01-11 00:01")
    new, back = Rfm(0, 0.0, 0.0, 0.0), Rfm(1, 3 / 7, 1.0, 4_000.0)
    last = "2026-01-10 23:59"
    assert of(found, measure.PREDICTED_CUSTOMERS) == {last: 3}
    assert of(found, measure.PREDICTED_CUSTOMERS, "channel", "Email") == {last: 2}
    assert of(found, measure.PREDICTED_VALUE, "channel", "Email") == {last: 2 * predicted_minor(new, CDNOW)}
    assert of(found, measure.PREDICTED_VALUE, "channel", "Direct") == {last: predicted_minor(back, CDNOW)}


def test_a_day_is_due_when_it_has_ended_and_its_late_events_have_come() -> None:
    rows, one = customers(fact("2026-01-10 09:00", 100, "o1")), forecast()
    assert passed(one, rows, "2026-01-11 00:00") == {}
    assert one.holds_us == at("2026-01-11 00:01") - 1
    assert of(passed(one, rows, "2026-01-11 00:01"), measure.PREDICTED_CUSTOMERS) == {"2026-01-10 23:59": 1}
    assert one.holds_us == at("2026-01-12 00:01") - 1
    assert passed(one, rows, "2026-01-11 00:02") == {}


def test_a_watermark_that_jumps_makes_every_day_up_at_its_own_age() -> None:
    """Over the night of 29 March, an hour short: each day has the predictions of its end."""
    rows, one = customers(fact("2026-03-27 09:00", 100, "o1")), forecast("2026-03-26")
    found = of(passed(one, rows, "2026-03-30 12:00"), measure.PREDICTED_VALUE)
    ages = {"2026-03-27 23:59": 0, "2026-03-28 23:59": 1, "2026-03-29 23:59": 2}
    assert found == {when: predicted_minor(Rfm(0, 0.0, days / 7, 0.0), CDNOW) for when, days in ages.items()}


def test_the_first_watermark_begins_with_its_own_day() -> None:
    rows, one = customers(fact("2026-01-10 09:00", 100, "o1")), Forecast(BOOKING, DayGrid(WARSAW), LATENESS_US)
    assert one.holds_us is None
    assert passed(one, rows, "2026-01-10 12:00") == {}
    assert of(passed(one, rows, "2026-01-11 12:00"), measure.PREDICTED_CUSTOMERS) == {"2026-01-10 23:59": 1}


def test_without_a_fit_a_day_has_no_predictions_and_holds_nothing() -> None:
    rows, one = customers(fact("2026-01-10 09:00", 100, "o1")), forecast()
    assert passed(one, rows, "2026-01-13 12:00", model=None) == {}
    assert one.holds_us == at("2026-01-14 00:01") - 1


@given(st.integers(1, 30), st.integers(0, 12), st.integers(1, 7))
def test_the_size_of_the_steps_and_a_restart_change_nothing(n: int, steps: int, looks: int) -> None:
    rows = customers(*(fact(f"2026-01-0{i % 9 + 1} 09:00", i, f"o{i}", customer=f"c{i}") for i in range(n)))
    whole = passed(forecast("2026-01-08"), rows, "2026-01-11 12:00")
    first, committed = forecast("2026-01-08"), Additions()
    for _ in range(steps):
        first.step(rows, CDNOW, at("2026-01-11 12:00"), looks, committed)
    restarted = Forecast(BOOKING, DayGrid(WARSAW), LATENESS_US)
    first.state.touch()
    for key, value in first.state.drain():
        restarted.state.restore(key, value)
    assert sums(committed) + passed(restarted, rows, "2026-01-11 12:00", looks) == whole


def test_a_step_looks_at_no_more_than_it_may() -> None:
    rows = customers(*(fact("2026-01-05 09:00", i, f"o{i}", customer=f"c{i}") for i in range(25)))
    one, additions = forecast(), Additions()
    more = [one.step(rows, CDNOW, at("2026-01-11 12:00"), 10, additions) for _ in range(3)]
    assert more == [True, True, False]


def test_a_pass_keeps_the_fit_it_began_with_and_takes_no_erased_customer() -> None:
    rows = customers(*(fact("2026-01-10 09:00", i, f"o{i}", customer=f"c{i}") for i in range(3)))
    one, additions = forecast(), Additions()
    assert one.step(rows, CDNOW, at("2026-01-11 12:00"), 1, additions)
    BOOKING.erase(rows, "c0")
    other = ClvParameters(BgNbd(1.0, 1.0, 1.0, 1.0), CDNOW.values, 5)
    assert not one.step(rows, other, at("2026-01-11 12:00"), 10, additions)
    found, value = sums(additions), predicted_minor(Rfm(0, 0.0, 0.0, 0.0), CDNOW)
    assert list(of(found, measure.PREDICTED_CUSTOMERS).values()) == [2]
    assert list(of(found, measure.PREDICTED_VALUE).values()) == [2 * value]


def test_what_has_been_settled_is_predicted_as_well() -> None:
    """A repeat of a year ago, and a fact of yesterday that made it settle."""
    rows = customers(
        fact("2025-01-01 09:00", 100, "o1"), fact("2025-02-05 09:00", 700, "o2"), fact("2026-01-10 09:00", 300, "o3")
    )
    assert rows.rows["c"].settled is not None
    found = passed(forecast(), rows, "2026-01-11 12:00")
    days = (at("2026-01-10 00:00") - at("2025-01-01 00:00")) // DAY_US
    expected = predicted_minor(Rfm(2, days / 7, days / 7, 500.0), CDNOW)
    assert list(of(found, measure.PREDICTED_VALUE).values()) == [expected]

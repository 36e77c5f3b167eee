"""Stock measures: what a window says is everything that was booked up to its end."""

from collections import defaultdict
from collections.abc import Mapping

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models.errors import DefinitionError
from models.kpis_file import load_kpis
from models.window import DAY_US, MINUTE_US, Window
from monitor import TOTAL, Monitor, day

KPIS = """
kpis:
  customers:
    help: Customers up to the window's end
    numerator: customers
    windows: [1d, 7d, 30d, 1M]
    by: [channel]
  new_customers:
    help: Customers by their first order
    numerator: new_customers
    windows: [1d]
    by: [channel]
  customer_value_to_date:
    help: Net revenue of customers / customers
    numerator: customer_net_revenue
    denominator: customers
    windows: [1d]
    by: [channel]
  new_customer_rate:
    help: A flow over a stock
    numerator: new_customers
    denominator: customers
    windows: [1d]
    by: [channel]
  cohort_retention:
    help: Share of a cohort that orders in a month
    numerator: cohort_active
    denominator: cohort_size
    proportion: true
    windows: [1M]
    by: [cohort]
"""
EMAIL, DIRECT = ("channel", "Email"), ("channel", "Direct")
PROVISIONAL, FINAL, CORRECTED = "provisional", "final", "corrected"


def test_a_day_without_bookings_still_has_the_value() -> None:
    monitor = Monitor(KPIS)
    monitor.book("customers", day(0.5), 3, channel="Email")
    monitor.book("customers", day(2.5), 2, channel="Direct")
    monitor.mark(customers=day(4.1))
    assert monitor.closed("customers", "1d") == {day(0): 3, day(1): 3, day(2): 5, day(3): 5}
    assert monitor.closed("customers", "1d", EMAIL) == {day(0): 3, day(1): 3, day(2): 3, day(3): 3}
    assert monitor.closed("customers", "1d", DIRECT) == {day(2): 2, day(3): 2}


def test_a_hopping_window_has_what_was_booked_up_to_its_end() -> None:
    #       day -6        0      1            windows of 7 days
    #            [--------------)             ends with day 0: 3
    #                 [----------------)     ends with day 1: 5
    monitor = Monitor(KPIS)
    monitor.book("customers", day(0.5), 3)
    monitor.book("customers", day(1.5), 2)
    monitor.mark(customers=day(3.1))
    assert monitor.closed("customers", "7d") == {day(-6): 3, day(-5): 5, day(-4): 5}


def test_a_late_booking_corrects_its_window_and_all_later_ones() -> None:
    monitor = Monitor(KPIS)
    monitor.book("customers", day(0.5), 3, channel="Email")
    monitor.mark(customers=day(2.5))
    monitor.tick(61)
    monitor.book("customers", day(0.7), 1, channel="Email")
    monitor.mark(customers=day(2.5))
    for piece in (TOTAL, EMAIL):
        assert monitor.history("customers", "1d", day(0), piece) == [(3, FINAL), (4, CORRECTED)]
        assert monitor.history("customers", "1d", day(1), piece) == [(3, FINAL), (4, CORRECTED)]
        assert monitor.history("customers", "1d", day(2), piece) == [(3, PROVISIONAL), (4, PROVISIONAL)]


def test_a_booking_of_a_window_that_is_gone_counts_in_those_that_are_kept() -> None:
    monitor = Monitor(KPIS)
    monitor.book("customers", day(0.5), 3)
    monitor.mark(customers=day(10.5))  # orders are corrected for 7 days: the first day kept is day 3
    monitor.book("customers", day(0.6), 1)
    monitor.mark(customers=day(10.5))
    assert monitor.closed("customers", "1d") == {day(n): 3 if n < 3 else 4 for n in range(10)}


def test_a_stock_over_a_stock_and_a_flow_over_a_stock_are_of_one_window() -> None:
    monitor = Monitor(KPIS)
    monitor.book("customers", day(0.5), 4, channel="Email")
    monitor.book("new_customers", day(0.5), 4, channel="Email")
    monitor.book("customer_net_revenue", day(0.5), 10_000, channel="Email")
    monitor.book("customer_net_revenue", day(1.5), -2_000, channel="Email")
    monitor.mark(customers=day(2.1))
    for piece in (TOTAL, EMAIL):
        assert monitor.closed("customer_value_to_date", "1d", piece) == {day(0): 25.0, day(1): 20.0}
        assert monitor.closed("new_customer_rate", "1d", piece) == {day(0): 1.0, day(1): 0.0}
    assert monitor.closed("new_customers", "1d") == {day(0): 4, day(1): 0}


def test_a_cohort_has_a_rate_in_every_month_after_its_own() -> None:
    monitor, cohort = Monitor(KPIS), ("cohort", "2026-02")
    monitor.book("cohort_size", day(0), 8, cohort="2026-02")  # from March on
    monitor.book("cohort_active", day(3), 2, cohort="2026-02")
    monitor.mark(customers=day(70))
    march, april = day(-1), day(30)
    assert monitor.closed("cohort_retention", "1M", cohort) == {march: 0.25, april: 0.0}


def test_what_was_taken_back_altogether_has_no_series() -> None:
    monitor = Monitor(KPIS)
    monitor.book("customers", day(0.5), 1, channel="Email")
    monitor.mark(customers=day(0.6))
    monitor.book("customers", day(0.5), -1, channel="Email")
    monitor.book("customers", day(0.5), 1, channel="Direct")
    monitor.mark(customers=day(2.1))
    assert monitor.closed("customers", "1d", DIRECT) == {day(0): 1, day(1): 1}
    assert [one for one, _ in monitor.history("customers", "1d", day(1), EMAIL)] == []


def test_what_was_published_and_then_taken_back_is_closed_without_a_value() -> None:
    monitor, cohort = Monitor(KPIS), ("cohort", "2026-02")
    monitor.book("cohort_size", day(0), 1, cohort="2026-02")
    monitor.mark(customers=day(1))
    monitor.book("cohort_size", day(0), -1, cohort="2026-02")  # the customer had come before
    monitor.mark(customers=day(40))
    assert monitor.history("cohort_retention", "1M", day(-1), cohort) == [(0.0, PROVISIONAL), (None, FINAL)]
    assert monitor.closed("cohort_retention", "1M", cohort) == {day(-1): None}


def test_a_stock_in_a_window_below_a_day_is_refused() -> None:
    with pytest.raises(DefinitionError, match='"1h" is no window of customers, which has no value of less than a day'):
        load_kpis(KPIS.replace("[1d, 7d, 30d, 1M]", "[1h, 1d]"), "kpis.yaml")


KINDS = ("1d", "7d", "30d", "1M")
END = day(80)
Booking = tuple[int, str, int]
"""Day, channel and how many."""


class BruteForce:
    """Adds a booking to every window it is in, one by one: those that may be corrected, 7 days and a minute long."""

    def __init__(self, kinds: Mapping[str, Window]) -> None:
        self.kinds = {name: kinds[name] for name in KINDS}
        self.first: dict[str, int] = {}
        self.sums: defaultdict[tuple[str, int, tuple[str, str]], int] = defaultdict(int)

    def book(self, booking: Booking, watermark_us: int | None) -> None:
        at, channel, n = booking
        for name, window in self.kinds.items():
            first = window.earliest_open(day(at))
            if watermark_us is not None:
                first = max(first, window.earliest_open(watermark_us - 7 * DAY_US - MINUTE_US))
            self.first[name] = min(first, self.first.get(name, first))
            for number in range(first, window.earliest_open(END - MINUTE_US)):
                self.sums[name, number, TOTAL] += n
                self.sums[name, number, ("channel", channel)] += n

    def closed(self, name: str, piece: tuple[str, str]) -> dict[int, int]:
        window = self.kinds[name]
        numbers = range(self.first[name], window.earliest_open(END - MINUTE_US)) if name in self.first else ()
        return {window.start_us(number): self.sums[name, number, piece] for number in numbers}


BOOKINGS = st.tuples(st.integers(0, 30), st.sampled_from(["Email", "Direct"]), st.sampled_from([1, 2, 4, -100]))
"""What cancels out within a commit is never sent: these do not."""
COMMITS = st.tuples(st.lists(BOOKINGS, max_size=5), st.integers(0, 31), st.booleans())


@given(st.lists(COMMITS, max_size=8))
@settings(max_examples=40)
def test_in_any_order_and_wherever_it_restarts_the_values_are_those_of_brute_force(
    commits: list[tuple[list[Booking], int, bool]],
) -> None:
    monitor, watermark_us = Monitor(KPIS), None
    oracle = BruteForce(monitor.stage.windows)
    for bookings, at, restarts in commits:
        for booking in bookings:
            oracle.book(booking, watermark_us)
            monitor.book("customers", day(booking[0]), booking[2], channel=booking[1])
        watermark_us = max(day(at), watermark_us or 0)
        monitor.mark(customers=watermark_us)
        if restarts:
            monitor.restart()
    monitor.mark(customers=END)
    for name in KINDS:
        assert monitor.closed("customers", name) == oracle.closed(name, TOTAL)
        for piece in (EMAIL, DIRECT):
            found, expected = monitor.closed("customers", name, piece), oracle.closed(name, piece)
            assert found.keys() <= expected.keys()
            assert {at: found.get(at, 0) for at in expected} == expected  # what is 0 may have no series

"""`__other__`: of each dimension the first segments of a day have series, the rest is counted together."""

from collections import defaultdict

from hypothesis import given
from hypothesis import settings as hypothesis_settings
from hypothesis import strategies as st

from models.settings import Settings
from models.slices import OTHER
from models.window import HOUR_US
from monitor import TOTAL, Monitor, day

KPIS = """
kpis:
  orders:
    help: Orders
    numerator: orders
    windows: [1h, 1d, 7d]
    by: [channel, country]
  conversion_rate:
    help: Orders of sessions, of two feeds
    numerator: orders
    denominator: sessions
    windows: [1d]
    by: [channel]
  customers:
    help: A stock
    numerator: customers
    windows: [1d]
    by: [channel]
"""
SETTINGS = Settings(max_segments=2)
REST = ("channel", OTHER)


def channel(name: str) -> tuple[str, str]:
    return "channel", name


def test_the_first_segments_of_a_day_have_series_and_the_rest_is_counted_together() -> None:
    monitor = Monitor(KPIS, SETTINGS)
    for name in ("c", "a", "b", "d", "a", "b"):
        monitor.book("orders", day(0.5), channel=name, country="PL")
    monitor.mark(orders=day(1.1))
    found = {name: monitor.closed("orders", "1d", channel(name)) for name in ("a", "b", "c", "d", OTHER)}
    assert found == {"a": {day(0): 2}, "c": {day(0): 1}, OTHER: {day(0): 3}, "b": {}, "d": {}}
    assert monitor.closed("orders", "1d") == {day(0): 6}
    assert monitor.closed("orders", "1d", ("country", "PL")) == {day(0): 6}
    folded = 2 * (1 + 12 + 7)  # b and d, once a window: the commit has added them up
    assert monitor.tables.cells.folded == {"channel": folded}
    assert monitor.tables.segments.fullest() == {"channel": 2, "country": 1}


def test_the_next_day_has_segments_of_its_own() -> None:
    monitor = Monitor(KPIS, SETTINGS)
    for name in ("a", "b", "c"):
        monitor.book("orders", day(0.5), channel=name)
        monitor.mark(orders=day(0.6))
    for name in ("c", "b", "a"):
        monitor.book("orders", day(1.5), channel=name)
        monitor.mark(orders=day(1.6))
    monitor.mark(orders=day(2.1))
    assert monitor.closed("orders", "1d", channel("a")) == {day(0): 1}
    assert monitor.closed("orders", "1d", channel("b")) == {day(0): 1, day(1): 1}
    assert monitor.closed("orders", "1d", channel("c")) == {day(1): 1}
    assert monitor.closed("orders", "1d", REST) == {day(0): 1, day(1): 1}


def test_a_correction_of_yesterday_meets_yesterdays_segments_after_a_restart_too() -> None:
    monitor = Monitor(KPIS, SETTINGS)
    for name in ("a", "b", "c"):
        monitor.book("orders", day(0.5), channel=name)
        monitor.mark(orders=day(1.5))
    monitor.restart()
    for name in ("c", "d", "e"):
        monitor.book("orders", day(1.5), channel=name)
        monitor.mark(orders=day(1.6))
    for name in ("a", "c", "d"):
        monitor.book("orders", day(0.5), channel=name)
        monitor.mark(orders=day(1.6))
    assert monitor.closed("orders", "1d", channel("a")) == {day(0): 2}
    assert monitor.closed("orders", "1d", REST) == {day(0): 3}


def test_a_window_takes_its_segments_from_the_day_in_which_it_starts() -> None:
    #       day 0            day 1           the window of 1h that starts at 23:30 is in both
    #       a b              c d
    monitor = Monitor(KPIS, SETTINGS)
    for name, hours in (("a", 23.6), ("b", 23.6), ("c", 24.2), ("d", 24.2)):
        monitor.book("orders", day(0) + round(hours * HOUR_US), channel=name)
        monitor.mark(orders=day(1.1))
    late, early = day(1) - HOUR_US // 2, day(1)
    assert monitor.closed("orders", "1h", channel("a"))[late] == 1
    assert monitor.closed("orders", "1h", REST)[late] == 2
    assert late not in monitor.closed("orders", "1h", channel("c"))
    assert monitor.closed("orders", "1h", channel("c"))[early] == 1
    monitor.mark(orders=day(8.1))
    week = {name: monitor.closed("orders", "7d", channel(name)).get(day(0)) for name in ("a", "b", "c", "d", OTHER)}
    assert week == {"a": 1, "b": 1, "c": None, "d": None, OTHER: 2}


def test_both_sides_of_a_ratio_are_in_one_segment() -> None:
    monitor = Monitor(KPIS, SETTINGS)
    for name in ("a", "b", "c", "d"):
        monitor.book("sessions", day(0.5), 4, channel=name)
        monitor.mark(clickstream=day(0.6))
    for name in ("d", "c", "b"):
        monitor.book("orders", day(0.5), 1, channel=name)
        monitor.mark(orders=day(0.6))
    monitor.mark(orders=day(1.1), clickstream=day(1.1))
    found = {name: monitor.closed("conversion_rate", "1d", channel(name)) for name in ("a", "b", OTHER)}
    assert found == {"a": {day(0): 0.0}, "b": {day(0): 0.25}, OTHER: {day(0): 0.25}}


def test_the_segments_of_a_stock_are_the_first_ones_ever() -> None:
    monitor = Monitor(KPIS, SETTINGS)
    for at, name in enumerate(("a", "b", "c", "d", "a")):
        monitor.book("customers", day(at + 0.5), channel=name)
        monitor.mark(customers=day(at + 0.6))
        monitor.restart()
    monitor.mark(customers=day(5.1))
    assert monitor.closed("customers", "1d", channel("a")) == {day(0): 1, day(1): 1, day(2): 1, day(3): 1, day(4): 2}
    assert monitor.closed("customers", "1d", REST) == {day(2): 1, day(3): 2, day(4): 2}
    assert monitor.closed("customers", "1d") == {day(0): 1, day(1): 2, day(2): 3, day(3): 4, day(4): 5}


def test_segments_of_days_that_can_not_be_corrected_any_more_are_let_go() -> None:
    monitor = Monitor(KPIS.replace(", 7d", ""), SETTINGS)
    monitor.book("orders", day(0.5), channel="a")
    monitor.mark(orders=day(1.1), clickstream=day(1.1), customers=day(1.1))
    assert len(monitor.tables.segments) == len(monitor.log["segments"]) == 2  # the country is (not set)
    monitor.mark(orders=day(9.1), clickstream=day(9.1), customers=day(9.1))
    assert monitor.log["segments"] == {}


EVENTS = st.lists(
    st.tuples(st.integers(0, 60), st.sampled_from("abcdef"), st.integers(1, 3), st.booleans()), max_size=30
)


@given(EVENTS)
@hypothesis_settings(max_examples=30)
def test_totals_are_exact_and_no_segment_is_split_within_a_window(events: list[tuple[int, str, int, bool]]) -> None:
    """Hours of three days in any order: every window has its first two segments whole, and the rest in one."""
    monitor = Monitor(KPIS, SETTINGS)
    sums: defaultdict[int, defaultdict[str, int]] = defaultdict(lambda: defaultdict(int))
    named: defaultdict[int, list[str]] = defaultdict(list)
    for hour, name, n, restarts in events:
        monitor.book("orders", day(0) + hour * HOUR_US, n, channel=name)
        monitor.mark(orders=day(0))
        start = day(hour // 24)
        for first in {start, day((60 * hour - 55) // 1440)}:  # in the first hour of a day windows of the last one too
            if name not in named[first] and len(named[first]) < 2:
                named[first].append(name)
        sums[start][name if name in named[start] else OTHER] += n
        if restarts:
            monitor.restart()
    monitor.mark(orders=day(4))
    for name in (*"abcdef", OTHER):
        expected = {start: segments[name] for start, segments in sums.items() if name in segments}
        assert monitor.closed("orders", "1d", channel(name)) == expected
    totals = {start: value for start, value in monitor.closed("orders", "1d", TOTAL).items() if value}
    assert totals == {start: sum(segments.values()) for start, segments in sums.items()}

"""What was seen of series before."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerting.reference import Figure
from models.kpi_value import Series
from models.window import DAY_US, HOUR_US, MINUTE_US
from streams.monitoring.history import History, Need, earlier

WARSAW = ZoneInfo("Europe/Warsaw")
ORDERS = Series("orders", "1m", "all", "all")
KIND = ORDERS[:3]


def us(local: str) -> int:
    return round(datetime.fromisoformat(local).replace(tzinfo=WARSAW).timestamp() * 1e6)


@pytest.mark.parametrize(
    ("now", "ago_us", "then"),
    [
        pytest.param("2026-03-31T09:00", 7 * DAY_US, "2026-03-24T09:00", id="a week of 167 hours"),
        pytest.param("2026-10-27T09:00", 7 * DAY_US, "2026-10-20T09:00", id="a week of 169 hours"),
        pytest.param("2026-03-30T00:00", DAY_US, "2026-03-29T00:00", id="a day of 23 hours ends at midnight"),
        pytest.param("2026-03-29T04:30", HOUR_US, "2026-03-29T03:30", id="an hour is an hour"),
        pytest.param("2026-03-29T03:30", HOUR_US, "2026-03-29T01:30", id="... also over the change"),
    ],
)
def test_days_go_by_the_local_calendar_and_hours_by_the_clock(now: str, ago_us: int, then: str) -> None:
    assert us(then) == earlier(us(now), ago_us, WARSAW)


@given(at_us=st.integers(0, 2**51).map(lambda us: us // MINUTE_US * MINUTE_US), days=st.integers(1, 100))
def test_days_ago_is_on_a_whole_minute_and_within_hours_of_so_many_days(at_us: int, days: int) -> None:
    then = earlier(at_us + 200 * DAY_US, days * DAY_US, WARSAW)
    assert then % MINUTE_US == 0
    assert abs(at_us + 200 * DAY_US - then - days * DAY_US) <= 2 * HOUR_US


def history(need: Need) -> History[Figure]:
    found: History[Figure] = History("pasts", Figure)
    found.suit({KIND: need})
    return found


def test_a_window_is_known_by_its_end_and_corrected() -> None:
    pasts = history(Need(HOUR_US))
    pasts.note(ORDERS, 5 * MINUTE_US, Figure(1.0))
    pasts.note(ORDERS, 5 * MINUTE_US, Figure(2.0))
    assert (pasts.of(ORDERS, 5 * MINUTE_US), pasts.of(ORDERS, 6 * MINUTE_US)) == (Figure(2.0), None)


def test_what_is_the_same_is_not_written_again() -> None:
    pasts = history(Need(HOUR_US))
    for _ in range(2):
        pasts.note(ORDERS, 5 * MINUTE_US, Figure(1.0))
        written = list(pasts.drain())
    assert written == []


def test_only_what_is_needed_is_kept() -> None:
    pasts = history(Need(HOUR_US, step_us=5 * MINUTE_US))
    pasts.note(ORDERS._replace(kpi="visits"), 5 * MINUTE_US, Figure(1.0))
    for minute in range(1, 11):
        pasts.note(ORDERS, minute * MINUTE_US, Figure(float(minute)))
    assert pasts.hour(ORDERS, 0, 1) == [Figure(5.0), Figure(10.0)]
    assert len(pasts) == 1


def test_it_is_let_go_by_event_time_and_a_late_correction_does_not_bring_it_back() -> None:
    pasts = history(Need(2 * HOUR_US, groups=frozenset("ab")))
    for hour in range(5):
        pasts.note(ORDERS, hour * HOUR_US, Figure(float(hour)))
    pasts.release({"a": 9 * HOUR_US, "b": 4 * HOUR_US, "c": 0})  # b is the slower one of its own
    pasts.note(ORDERS, HOUR_US, Figure(9.0))
    assert [pasts.of(ORDERS, hour * HOUR_US) for hour in range(5)] == [None, None, Figure(2), Figure(3), Figure(4)]


def test_it_is_read_back_from_what_was_written() -> None:
    pasts, again = history(Need(HOUR_US)), history(Need(HOUR_US))
    pasts.note(ORDERS, 5 * MINUTE_US, Figure(0.5, 10, (0.2, 0.8)))
    for key, value in pasts.drain():
        again.restore(key, value)
    again.suit({KIND: Need(HOUR_US, groups=frozenset("a"))})
    assert again.of(ORDERS, 5 * MINUTE_US) == Figure(0.5, 10, (0.2, 0.8))
    again.release({"a": 10 * HOUR_US})
    assert len(again) == 0


def test_needs_of_two_rules_are_one_that_does_for_both() -> None:
    assert Need(5, 300) | Need(9, 300) == Need(9, 300)
    one, other = Need(5, 300, frozenset("a")), Need(9, 1, frozenset("b"))
    assert one | other == Need(9, 1, frozenset("ab"))

"""A week of values."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.tools.week import WEEK_MIN, Week

MINUTE_US = 60_000_000
WEEK_US = WEEK_MIN * MINUTE_US


def test_a_value_is_found_a_week_later() -> None:
    week = Week()
    week.put(0, 1.5)
    week.put(WEEK_US - MINUTE_US, 7.0)
    assert week.before(WEEK_US) == 1.5
    assert week.before(WEEK_US + MINUTE_US) is None


def test_a_correction_counts_and_a_deletion_takes_it_away() -> None:
    week = Week()
    week.put(0, 1.0)
    week.put(MINUTE_US, 3.0)
    week.put(0, 2.0)
    assert week.before(WEEK_US) == 2.0
    week.put(0, None)
    assert week.before(WEEK_US) is None


def test_what_is_older_than_a_week_is_forgotten() -> None:
    week = Week()
    week.put(0, 1.0)
    week.put(2 * WEEK_US, 2.0)
    week.put(MINUTE_US, 3.0)  # a correction of a year ago, say
    assert week.before(WEEK_US) is None
    assert week.before(WEEK_US + MINUTE_US) is None
    assert week.before(3 * WEEK_US) == 2.0


@pytest.mark.parametrize(("days", "found"), [(True, 4.0), (False, None)])
def test_days_alone_are_looked_for_an_hour_beside(days: bool, found: float | None) -> None:  # noqa: FBT001
    week = Week()
    week.put(60 * MINUTE_US, 4.0)
    assert week.before(WEEK_US, days=days) == found
    assert week.before(WEEK_US + 120 * MINUTE_US, days=days) == found


@given(st.lists(st.tuples(st.integers(0, 3 * WEEK_MIN), st.floats(-1e6, 1e6)), max_size=30))
def test_it_knows_what_a_dictionary_knows_of_the_last_week(puts: list[tuple[int, float]]) -> None:
    week, known, newest = Week(), dict[int, float](), 0
    for minute, value in puts:
        newest = max(newest, minute)
        known[minute] = value
        week.put(minute * MINUTE_US, value)
    within = {minute: value for minute, value in known.items() if minute > newest - WEEK_MIN}
    assert {minute: week.before((minute + WEEK_MIN) * MINUTE_US) for minute in within} == within

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerting.baseline import band


def test_the_median_and_the_scaled_median_deviation() -> None:
    found = band([[10.0, 12.0], [11.0], [9.0, 30.0]], min_weeks=3)  # sorted 9 10 11 12 30; deviations 0 1 1 2 19
    assert found is not None
    assert found == pytest.approx((11.0, 1.4826))


def test_one_day_off_among_many_moves_neither() -> None:
    assert band([[10.0], [11.0], [12.0], [0.0], [11.0]], 3) == band([[10.0], [11.0], [12.0], [10.0], [11.0]], 3)


def test_silent_until_it_has_enough_weeks() -> None:
    assert band([[10.0], [], [12.0]], min_weeks=3) is None
    assert band([[10.0], [], [12.0]], min_weeks=2) is not None


@given(st.lists(st.lists(st.floats(-1e9, 1e9), max_size=5), max_size=6))
def test_the_band_lies_within_what_was_seen(weeks: list[list[float]]) -> None:
    values = [value for week in weeks for value in week]
    found = band(weeks, min_weeks=1)
    if not values:
        assert found is None
        return
    assert found is not None
    assert min(values) <= found.median <= max(values)
    assert 0 <= found.deviation <= 1.4826 * (max(values) - min(values))

"""Quantiles as histogram_quantile of Prometheus gives them."""

from math import inf

import pytest

from streams.tools.quantile import quantile, since

DELAYS = {0.1: 50.0, 0.2: 90.0, 0.5: 100.0, inf: 100.0}


@pytest.mark.parametrize(
    ("q", "expected"),
    [
        pytest.param(0.5, 0.1, id="at the bound of a bucket"),
        pytest.param(0.25, 0.05, id="the first bucket begins at 0"),
        pytest.param(0.7, 0.15, id="evenly spread within a bucket"),
        pytest.param(0.99, 0.47, id="in the last finite one"),
    ],
)
def test_interpolates_within_a_bucket(q: float, expected: float) -> None:
    assert quantile(q, DELAYS) == pytest.approx(expected)


def test_beyond_the_last_finite_bound_it_is_that_bound() -> None:
    assert quantile(0.99, {0.1: 1.0, inf: 100.0}) == 0.1


@pytest.mark.parametrize("buckets", [{}, {0.1: 0.0, inf: 0.0}])
def test_there_is_none_without_observations(buckets: dict[float, float]) -> None:
    assert quantile(0.5, buckets) is None


def test_what_was_before_does_not_count() -> None:
    assert since({0.1: 5.0, inf: 9.0}, {0.1: 4.0, inf: 4.0}) == {0.1: 1.0, inf: 5.0}


def test_a_restarted_worker_counts_anew() -> None:
    assert since({0.1: 2.0, inf: 3.0}, {0.1: 4.0, inf: 4.0}) == {0.1: 2.0, inf: 3.0}

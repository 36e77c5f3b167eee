"""Expected transactions: published figures, the defining integral, and no overflow at the ends."""

from math import isfinite, log

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import special

from models.bg_nbd import BgNbd, expected_transactions
from models.hypergeometric import hyp2f1

CDNOW = BgNbd(0.24259, 4.41360, 0.79292, 2.42591)


@pytest.mark.parametrize(
    ("frequency", "recency", "age", "expected"),
    [
        pytest.param(2, 30.43, 38.86, 1.226, id="customer 0001 of the paper's spreadsheet: 39 more weeks"),
        pytest.param(0, 0.0, 38.86, 0.195, id="never came back"),
    ],
)
def test_the_published_expectations(frequency: int, recency: float, age: float, expected: float) -> None:
    assert expected == pytest.approx(expected_transactions(CDNOW, frequency, recency, age, 39.0), abs=5e-4)


def by_the_paper(model: BgNbd, x: int, recency: float, age: float, weeks: float) -> float:
    """Equation 10 as it is printed, with scipy's 2F1."""
    r, alpha, a, b = model.r, model.alpha, model.a, model.b
    z = weeks / (alpha + age + weeks)
    series = special.hyp2f1(r + x, b + x, a + b + x - 1, z)
    bought = (a + b + x - 1) / (a - 1) * (1 - ((alpha + age) / (alpha + age + weeks)) ** (r + x) * series)
    odds = a / (b + x - 1) * ((alpha + age) / (alpha + recency)) ** (r + x) if x else 0.0
    return float(bought / (1 + odds))


PARAMETERS = st.builds(
    BgNbd,
    st.floats(0.1, 3),
    st.floats(0.5, 50),
    st.floats(0.05, 8).filter(lambda a: abs(a - 1) > 0.01),
    st.floats(1, 8),
)


@given(PARAMETERS, st.integers(0, 20), st.floats(0, 1), st.floats(0, 200), st.floats(0.1, 104))
def test_it_is_the_formula_of_the_paper(model: BgNbd, x: int, share: float, age: float, weeks: float) -> None:
    recency = share * age if x else 0.0
    expected = by_the_paper(model, x, recency, age, weeks)
    assert expected == pytest.approx(expected_transactions(model, x, recency, age, weeks), rel=1e-7, abs=1e-9)


@given(
    st.builds(BgNbd, st.floats(1e-3, 1e3), st.floats(0.1, 1e3), st.floats(1e-3, 1e3), st.floats(1e-3, 1e3)),
    st.integers(0, 10_000),
    st.floats(0, 1),
    st.floats(0, 1_000),
)
def test_whatever_was_fitted_a_prediction_is_a_number(model: BgNbd, x: int, share: float, age: float) -> None:
    """A transaction is a day with orders, so there are at most seven a week."""
    x = min(x, int(7 * age))
    found = expected_transactions(model, x, share * age if x else 0.0, age, 52.0)
    assert isfinite(found)
    assert found > -1e-6


@pytest.mark.parametrize("a", [1 - 1e-7, 1.0, 1 + 1e-7])
def test_the_limit_at_a_pole_is_met(a: float) -> None:
    around = [expected_transactions(BgNbd(0.24, 4.4, a + d, 2.4), 2, 30.0, 38.0, 39.0) for d in (-1e-4, 1e-4)]
    found = expected_transactions(BgNbd(0.24, 4.4, a, 2.4), 2, 30.0, 38.0, 39.0)
    assert sum(around) / 2 == pytest.approx(found, abs=1e-6)


def test_the_limit_without_a_repeat_where_a_and_b_add_up_to_one() -> None:
    around = [expected_transactions(BgNbd(0.24, 4.4, 0.4, 0.6 + d), 0, 0.0, 38.0, 39.0) for d in (-1e-4, 1e-4)]
    found = expected_transactions(BgNbd(0.24, 4.4, 0.4, 0.6), 0, 0.0, 38.0, 39.0)
    assert sum(around) / 2 == pytest.approx(found, abs=1e-5)


@given(st.floats(-3, 6), st.floats(-1, 6), st.floats(0.1, 12), st.floats(0, 0.95))
def test_the_series_is_scipys(a: float, b: float, c: float, z: float) -> None:
    assert float(special.hyp2f1(a, b, c, z)) == pytest.approx(hyp2f1(a, b, c, z), rel=1e-9, abs=1e-9)


def test_a_factor_goes_through_the_series() -> None:
    assert 3 * hyp2f1(1, 1, 2, 0.5) == pytest.approx(hyp2f1(1, 1, 2, 0.5, log_factor=log(3)))
    assert hyp2f1(2_000, 1, 1, 0.9, log_factor=2_000 * log(0.1)) == pytest.approx(1.0)  # (1 - z) ** -a
    assert hyp2f1(1, 1, 2, 0.5) == pytest.approx(1.3862943611198906)  # -ln(1 - z) / z

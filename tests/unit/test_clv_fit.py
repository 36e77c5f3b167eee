"""The fits: on the CDNOW sample what was published, and no model where there is too little to say."""

import csv
import io
import random
import zipfile
from pathlib import Path

import numpy as np
import pytest

from models import clv_fit
from models.bg_nbd import BgNbd
from models.clv import ClvParameters, NoFit, NoFitReason, Rfm, predicted_minor
from models.clv_fit import bg_nbd_log_likelihood, fit, fit_values, gamma_gamma_log_likelihood
from models.gamma_gamma import GammaGamma, expected_value


@pytest.fixture(scope="module")
def cdnow(lifetimes: Path) -> list[Rfm]:
    """The 1/10 sample: 2,357 customers, 39 weeks."""
    return _rows(lifetimes)


def _rows(wheel: Path) -> list[Rfm]:
    with zipfile.ZipFile(wheel) as archive:
        text = archive.read("lifetimes/datasets/cdnow_customers_summary_with_transactions.csv").decode()
    rows = csv.DictReader(io.StringIO(text))
    return [Rfm(int(row["x"]), float(row["t_x"]), float(row["T"]), float(row["zbar"])) for row in rows]


@pytest.fixture(scope="module")
def fitted(cdnow: list[Rfm]) -> ClvParameters:
    found = fit(cdnow)
    assert isinstance(found, ClvParameters)
    return found


def test_bg_nbd_on_cdnow_is_the_published_fit(fitted: ClvParameters) -> None:
    """Fader, Hardie and Lee (2005)."""
    found = fitted.transactions
    assert pytest.approx([0.24259, 4.41360, 0.79292, 2.42591], abs=1e-3) == [found.r, found.alpha, found.a, found.b]


def test_gamma_gamma_on_cdnow_is_the_published_fit(fitted: ClvParameters) -> None:
    found = fitted.values
    assert pytest.approx([6.2496, 3.7442, 15.4435], abs=1e-2) == [found.p, found.q, found.v]


def test_the_log_likelihood_of_cdnow_is_the_published_one(cdnow: list[Rfm]) -> None:
    x, recency, age = (np.array([row[i] for row in _tuples(cdnow)]) for i in range(3))
    found = bg_nbd_log_likelihood((0.24259, 4.41360, 0.79292, 2.42591), x, recency, age)
    assert found == pytest.approx(-9582.429, abs=0.01)


def test_the_likelihood_of_one_customer_by_hand() -> None:
    """All parameters 1, T = 1: no repeat 1/2; one at once, still active 1/2 * 1/4, or gone since 1/2."""
    one = np.array([1.0])
    assert np.exp(bg_nbd_log_likelihood((1, 1, 1, 1), one * 0, one * 0, one)) == pytest.approx(1 / 2)
    assert np.exp(bg_nbd_log_likelihood((1, 1, 1, 1), one, one * 0, one)) == pytest.approx(1 / 8 + 1 / 2)


def test_the_density_of_one_mean_by_hand() -> None:
    """One repeat, all parameters 1: the density of the value is v / (v + m)^2, at 1 a quarter."""
    one = np.array([1.0])
    assert np.exp(gamma_gamma_log_likelihood((1, 1, 1), one, one)) == pytest.approx(1 / 4)


def test_the_value_to_expect_of_the_first_customers_of_cdnow() -> None:
    """By hand: 6.25 * (15.44 + 2 * 22.35) / (6.25 * 2 + 2.74) = 24.66; with no repeat 6.25 * 15.44 / 2.74."""
    model = GammaGamma(6.25, 3.74, 15.44)
    customers = [(2, 22.35), (1, 11.77), (0, 0.0), (7, 73.74), (1, 11.77), (2, 25.55)]
    found = [expected_value(model, frequency, value) for frequency, value in customers]
    assert pytest.approx([24.66, 18.91, 35.20, 71.45, 18.91, 27.27], abs=0.02) == found


def test_the_unit_of_money_is_that_of_the_values(cdnow: list[Rfm], fitted: ClvParameters) -> None:
    """A customer of CDNOW is expected to bring 32.13 dollars in a year, in cents here."""
    cents = [Rfm(row.frequency, row.recency_weeks, row.age_weeks, row.value * 100) for row in cdnow]
    values = fit_values([row for row in cents if row.frequency])
    assert isinstance(values, GammaGamma)
    assert values.v == pytest.approx(100 * fitted.values.v, rel=1e-4)
    in_cents = ClvParameters(fitted.transactions, values, fitted.customers)
    mean = sum(predicted_minor(row, in_cents) for row in cents) / len(cents)
    assert mean == pytest.approx(3213, abs=15)


def test_a_simulated_shop_gives_back_its_parameters() -> None:
    truth, chance = BgNbd(0.8, 6.0, 0.9, 2.5), random.Random(7)
    rows = [_simulated(truth, chance) for _ in range(20_000)]
    found = clv_fit.fit_transactions(rows)
    assert isinstance(found, BgNbd)
    assert pytest.approx([truth.r, truth.alpha, truth.a, truth.b], rel=0.12) == [found.r, found.alpha, found.a, found.b]


def _simulated(model: BgNbd, chance: random.Random) -> Rfm:
    """A customer as the model tells its life: buys, and after each purchase may leave."""
    age, rate = chance.uniform(20, 60), chance.gammavariate(model.r, 1 / model.alpha)
    leaves, repeats, last, at = chance.betavariate(model.a, model.b), 0, 0.0, chance.expovariate(rate)
    while at <= age:
        repeats, last = repeats + 1, at
        if chance.random() < leaves:
            break
        at += chance.expovariate(rate)
    return Rfm(repeats, last, age, 10.0 if repeats else 0.0)


ALIKE = Rfm(1, 10.0, 20.0, 5.0)


@pytest.mark.parametrize(
    ("rows", "reason"),
    [
        ([ALIKE] * (clv_fit.MIN_CUSTOMERS - 1), NoFitReason.FEW_CUSTOMERS),
        ([Rfm(0, 0.0, 20.0, 0.0)] * 150 + [ALIKE] * (clv_fit.MIN_REPEATERS - 1), NoFitReason.FEW_REPEATERS),
        ([Rfm(1, 1.0, 3.9, 5.0)] * 200, NoFitReason.SHORT_HISTORY),
        ([ALIKE] * 200, NoFitReason.NOT_CONVERGED),
    ],
)
def test_too_little_is_said(rows: list[Rfm], reason: NoFitReason) -> None:
    found = fit(rows)
    assert isinstance(found, NoFit)
    assert (found.reason, bool(found.detail)) == (reason, True)


def test_values_without_a_mean_are_said() -> None:
    """Customers as the model makes them, with q = 0.7: the mean over all is infinite."""
    chance = random.Random(3)
    means = [chance.gammavariate(3 * 2.0, 1 / chance.gammavariate(0.7, 1.0)) / 3 for _ in range(3_000)]
    found = fit_values([Rfm(3, 5.0, 20.0, mean) for mean in means])
    assert isinstance(found, NoFit)
    assert found.reason is NoFitReason.NO_FINITE_MEAN


def _tuples(rows: list[Rfm]) -> list[tuple[float, float, float]]:
    return [(row.frequency, row.recency_weeks, row.age_weeks) for row in rows]

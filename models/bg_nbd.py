"""BG/NBD: how often a customer will buy, from how often and how recently one bought.

While active a customer buys at a rate of his own (Gamma with shape r and rate alpha over all customers) and after each
purchase becomes inactive with a probability of his own (Beta with a and b). Source: P. Fader, B. Hardie, K. Lee,
"Counting Your Customers" the Easy Way, Marketing Science 24 (2005) 275-284. Times in weeks.
"""

from functools import lru_cache
from math import exp, log

import msgspec

from models.hypergeometric import hyp2f1

_POLE = 1e-6
"""So close to a removable singularity (a = 1; a + b = 1 with no repeat) the parameter is moved off it."""

_ALTERNATING = 5.0
"""Below minus this, a parameter of 2F1 makes large terms of both signs that cancel."""

_MAX_LOG = 700.0
"""Of a double; a customer with such odds of being inactive is."""


class BgNbd(msgspec.Struct, array_like=True, frozen=True):
    """The four parameters, all above 0; 1 / alpha is in weeks."""

    r: float
    alpha: float
    a: float
    b: float


@lru_cache(maxsize=100_000)  # days make few different ages, and most customers never came back
def expected_transactions(
    model: BgNbd, frequency: int, recency_weeks: float, age_weeks: float, horizon_weeks: float
) -> float:
    """Repeat transactions of a customer in the coming `horizon_weeks` (equation 10)."""
    x, alive_weeks = frequency, model.alpha + age_weeks
    r, a, b = model.r, _off(model.a, 1.0), model.b
    c = a + b + x - 1
    if abs(c) < _POLE:
        b, c = b + 2 * _POLE, c + 2 * _POLE
    rest = alive_weeks / (alive_weeks + horizon_weeks)
    bought = c * (1 - _power_times_2f1(r + x, b + x, c, rest)) / (a - 1)
    if x == 0:
        return bought
    odds = exp(min(_MAX_LOG, (r + x) * log(alive_weeks / (model.alpha + recency_weeks)))) * a / (b + x - 1)
    return bought / (1 + odds)


def _power_times_2f1(a: float, b: float, c: float, rest: float) -> float:
    """Value of `rest ** a * 2F1(a, b; c; 1 - rest)`.

    By Euler's transformation (Abramowitz and Stegun 15.3.3) where that has fewer terms and they do not alternate.
    """
    if -_ALTERNATING < c - a < a:
        return hyp2f1(c - a, c - b, c, 1 - rest, log_factor=(c - b) * log(rest))
    return hyp2f1(a, b, c, 1 - rest, log_factor=a * log(rest))


def _off(value: float, pole: float) -> float:
    return pole + _POLE if abs(value - pole) < _POLE else value

"""Gauss's hypergeometric function 2F1 by its power series, in plain floats."""

from math import copysign, exp, log

MAX_TERMS = 1_000_000
PRECISION = 1e-16

_LARGE = 1e250


def hyp2f1(a: float, b: float, c: float, z: float, log_factor: float = 0.0) -> float:
    """exp(`log_factor`) * 2F1(a, b; c; z) for 0 <= z < 1 and c no integer below 1; either may exceed a double.

    Exact to about 12 digits where the terms have one sign from some term on, as with a and b above -5. Takes some
    36 / (1 - z) terms. Source: Abramowitz and Stegun, Handbook of Mathematical Functions (1964), 15.1.1.
    """
    assert 0 <= z < 1, f"the series does not converge at {z}"
    total = term = 1.0
    for n in range(MAX_TERMS):
        term *= (a + n) * (b + n) / ((c + n) * (n + 1)) * z
        total += term
        size = abs(term)
        if size <= PRECISION * abs(total) and n > -c:
            break
        if size > _LARGE:
            term, total, log_factor = term / _LARGE, total / _LARGE, log_factor + log(_LARGE)
    return copysign(exp(log(abs(total)) + log_factor), total) if total else 0.0

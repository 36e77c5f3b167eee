"""Gamma-Gamma: what a transaction of a customer is worth, from what his transactions were worth.

The values of a customer's transactions are Gamma with shape p and a rate of his own, itself Gamma with shape q and
rate v over all customers; independent of how often one buys. Source: P. Fader, B. Hardie, The Gamma-Gamma Model of
Monetary Value (2013), brucehardie.com/notes/025.
"""

import msgspec


class GammaGamma(msgspec.Struct, array_like=True, frozen=True):
    """The three parameters, all above 0, q above 1 for a finite mean; v is in the unit of the values."""

    p: float
    q: float
    v: float


def expected_value(model: GammaGamma, frequency: int, value: float) -> float:
    """Mean value of a customer's transactions to come (equation 5); of all customers where there was no repeat."""
    p, q, v, x = model.p, model.q, model.v, frequency
    return p * (v + x * value) / (p * x + q - 1)

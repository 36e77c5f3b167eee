"""Money: exact decimals in, integers of the minor unit of the reporting currency inside."""

from decimal import ROUND_HALF_EVEN, Context, Decimal
from functools import lru_cache

from iso4217 import Currency

MAX_MINOR = 10**14
"""Most that one event may be worth, in minor units: the sum of 90,000 such still fits a stored integer."""

_EXACT = Context(prec=80)  # an amount has up to 22 digits and a rate up to 28: their product is rounded once, not twice


@lru_cache(maxsize=1_000)  # any three letters of a client come here
def exponent(currency: str) -> int | None:
    """Digits of the currency's minor unit (ISO 4217: JPY 0, GBP 2, KWD 3); None for an unknown code."""
    try:
        return int(Currency(currency).exponent or 0)
    except ValueError:
        return None


def to_minor(amount: Decimal, rate: Decimal, digits: int) -> int:
    """An amount converted once, at `rate` reporting units for one unit, rounded half-even to `digits`."""
    return int(_EXACT.multiply(amount, rate).scaleb(digits, _EXACT).to_integral_value(ROUND_HALF_EVEN, _EXACT))

"""Exchange rates by event time, from the topic `fx-rates`."""

from bisect import bisect_left, bisect_right
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Annotated

import msgspec
from msgspec import Meta

from models import money
from models.event import Timestamp, check_key, decode_with, to_us
from models.outcome import Invalid, Reason

TOPIC = "fx-rates"
RateText = Annotated[str, Meta(pattern=r"^[0-9]{1,10}(\.[0-9]{1,18})?\Z")]
ONE = Decimal(1)


class FxRate(msgspec.Struct, frozen=True, gc=False):
    """From `timestamp` on, one unit of `currency` is `rate` units of the reporting currency."""

    currency: Annotated[str, Meta(min_length=3, max_length=3)]
    rate: RateText
    timestamp: Timestamp

    @property
    def at_us(self) -> int:
        """Event time, us since 1970 UTC."""
        return to_us(self.timestamp)


@dataclass(slots=True)
class _History:
    """Of one currency, in the order of event time (us since 1970 UTC)."""

    times_us: list[int] = field(default_factory=list)
    rates: list[Decimal] = field(default_factory=list)

    def add(self, at_us: int, rate: Decimal) -> None:
        place = bisect_left(self.times_us, at_us)
        if self.times_us[place : place + 1] == [at_us]:
            self.rates[place] = rate
        else:
            self.times_us.insert(place, at_us)
            self.rates.insert(place, rate)

    def at(self, at_us: int) -> Decimal | None:
        place = bisect_right(self.times_us, at_us)
        return self.rates[place - 1] if place else None


class Rates:
    """All rates to the `reporting` currency that were read so far, which may come in any order."""

    def __init__(self, reporting: str) -> None:
        self.reporting = reporting
        self._histories: dict[str, _History] = {}

    def add(self, currency: str, at_us: int, rate: Decimal) -> None:
        """Take a rate that is in force from `at_us` on; of two for the same moment the later call counts."""
        self._histories.setdefault(currency, _History()).add(at_us, rate)

    def at(self, currency: str, at_us: int) -> Decimal | None:
        """The rate with the greatest time up to `at_us`; 1 for the reporting currency, None where there is none."""
        if currency == self.reporting:
            return ONE
        history = self._histories.get(currency)
        return None if history is None else history.at(at_us)


_decode = msgspec.json.Decoder(FxRate).decode


def decode_rate(key: bytes | None, raw: bytes | None) -> FxRate | Invalid:
    """A record of `fx-rates`, keyed by `currency`."""
    found = decode_with(_decode, raw)
    if isinstance(found, Invalid):
        return found
    if money.exponent(found.currency) is None:
        return Invalid(Reason.UNKNOWN_CURRENCY, f"{found.currency!r} is no ISO 4217 currency")
    if not Decimal(found.rate):
        return Invalid(Reason.ILL_TYPED_FIELD, "a rate is above 0")
    return check_key(key, found.currency, "currency") or found

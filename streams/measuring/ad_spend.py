"""What an ad-spend event adds: the difference to the revision of its period that counted before."""

from decimal import Decimal

from models import ad_spend, measure, money
from models.ad_spend import AdSpend, Spent, decode_ad_spend
from models.fx import Rates
from models.kpi import Catalogue
from models.outcome import Invalid, Outcome, Reason
from models.slices import Slicing
from models.table import Table, packed_codec
from models.window import MINUTE_US
from streams.measuring.additions import Additions

WITHOUT_END_US = 400 * 366 * 86_400_000_000
"""A horizon before the first event there can be: nothing is late."""

Period = tuple[str, str, int]
"""Source, campaign and start (us since 1970 UTC)."""

Periods = Table[Period, Spent]


class AdSpendBooking:
    """How ad spend is booked; see measuring.stage.Booking."""

    topic = ad_spend.TOPIC
    horizon_us = WITHOUT_END_US
    decode = staticmethod(decode_ad_spend)

    def __init__(self, catalogue: Catalogue, rates: Rates) -> None:
        """`rates`: the shell's, which goes on adding what it reads."""
        self._slicing = Slicing(ad_spend.DIMENSIONS, catalogue.dimensions_of_feed(ad_spend.TOPIC))
        self._digits = money.exponent(rates.reporting) or 0
        self._rates = rates

    def table(self) -> Periods:
        """What counts of every period, kept for ever: an ad platform may restate any."""
        return Table("ad-spend", packed_codec(Spent, Period))

    def check(self, _: Periods, event: AdSpend) -> Invalid | None:
        """What makes an event invalid whenever it comes."""
        if money.exponent(event.currency) is None:
            return Invalid(Reason.UNKNOWN_CURRENCY, f"{event.currency!r} is no ISO 4217 currency")
        rate = self._rates.at(event.currency, event.at_us)
        if rate is None:
            return Invalid(Reason.NO_FX_RATE, f"no rate from {event.currency} to {self._rates.reporting}")
        if money.to_minor(Decimal(event.amount), rate, self._digits) > money.MAX_MINOR:
            return Invalid(Reason.ILL_TYPED_FIELD, f"the amount is worth more than {money.MAX_MINOR} minor units")
        return None

    def book(self, periods: Periods, event: AdSpend, at_us: int, additions: Additions, _late_us: int) -> Outcome | None:
        """Replace a lower revision; a lower or equal one is a duplicate."""
        key, revision = (event.source, event.campaign, at_us), event.revision or 0
        before = periods.rows.get(key)
        if before is not None and revision <= before.revision:
            return Outcome.DUPLICATE
        rate = self._rates.at(event.currency, at_us)
        assert rate is not None, "check refuses what has no rate"
        spent = Spent(revision, money.to_minor(Decimal(event.amount), rate, self._digits), event.segments)
        periods.put(key, spent)
        minute = at_us // MINUTE_US
        if before is not None:
            additions.add(self._slicing.of(before.segments), measure.AD_SPEND, minute, -before.minor)
        additions.add(self._slicing.of(spent.segments), measure.AD_SPEND, minute, spent.minor)
        return None

    def expire(self, periods: Periods, watermark_us: int) -> None:
        """Nothing is forgotten."""

"""Where a KPI belongs and which way is good, as its measures say it: for whoever shows it."""

from collections.abc import Collection
from enum import StrEnum
from typing import Final

from models import ad_spend, click, order, social
from models.kpi import Kpi
from models.measure import (
    AD_SPEND,
    BOTH_STEPS,
    CONVERTING_SESSIONS,
    CUSTOMER_FEED,
    NEW_CUSTOMERS,
    REFUNDS,
    STEPS,
    UNATTRIBUTED_ORDERS,
    UNMATCHED_REFUNDS,
)


class Family(StrEnum):
    """What a KPI is about."""

    CONVERSION = "conversion"
    VISITS = "visits"
    ORDERS = "orders"
    SOCIAL = "social"
    ACQUISITION = "acquisition"
    CUSTOMERS = "customers"


class Good(StrEnum):
    """The way a KPI should go."""

    UP = "up"
    DOWN = "down"
    NONE = "none"


_CONVERSION: Final = frozenset((CONVERTING_SESSIONS, *STEPS, *BOTH_STEPS))
_ACQUISITION: Final = frozenset((AD_SPEND, NEW_CUSTOMERS))
_UNWANTED: Final = frozenset((REFUNDS, UNMATCHED_REFUNDS, UNATTRIBUTED_ORDERS))
_BY_FEED: Final = (
    (social.TOPIC, Family.SOCIAL),
    (CUSTOMER_FEED, Family.CUSTOMERS),
    (ad_spend.TOPIC, Family.ACQUISITION),
    (click.TOPIC, Family.VISITS),
    (order.TOPIC, Family.ORDERS),
)
"""The first feed that a KPI has decides, where its measures have not."""


def family(kpi: Kpi) -> Family:
    """By its measures, else by what feeds it."""
    for measures, found in ((_ACQUISITION, Family.ACQUISITION), (_CONVERSION, Family.CONVERSION)):
        if kpi.measures & measures:
            return found
    return _fed_by(kpi.feeds)


def good(kpi: Kpi) -> Good:
    """What is spent is neither good nor bad, what it brings is the better the cheaper."""
    added = {term.measure for term in kpi.numerator if term.sign > 0}
    if AD_SPEND in added:
        return Good.NONE if kpi.denominator is None else Good.DOWN
    gives_up = kpi.proportion and len(kpi.numerator) > 1  # whole - part: bounces, abandoned carts
    return Good.DOWN if gives_up or added & _UNWANTED else Good.UP


def _fed_by(feeds: Collection[str]) -> Family:
    return next(found for feed, found in _BY_FEED if feed in feeds)

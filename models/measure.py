"""Measures: integers that add up over events, partitions and commits. KPIs are made of nothing else."""

from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property

from models import click, order, social


class MeasureUnit(StrEnum):
    """What one of a measure is."""

    COUNT = "count"
    MONEY = "money"  # minor units of the reporting currency


@dataclass(frozen=True)
class Measure:
    """`feeds`: what adds to it; its windows close by their watermarks. The first one names its dimensions.

    `stock`: the value of a window is the sum of everything booked up to its end, not of what was booked in it.
    """

    name: str
    feeds: tuple[str, ...]
    unit: MeasureUnit
    help: str
    part_of: str | None = None  # never more than this measure, in any window and slice
    stock: bool = False

    @cached_property
    def clock(self) -> str:
        """Measures of one clock close together, and their cells are kept together."""
        return "+".join(sorted(self.feeds))

    @property
    def dimensions(self) -> tuple[str, ...]:
        """By which it is measured."""
        return FEEDS[self.feeds[0]].dimensions


@dataclass(frozen=True, slots=True)
class Feed:
    """What its watermark says: everything of an input `topic` has passed a stage. `dimensions` of its events.

    `only_corrects`: it never holds back the windows of a KPI that has other feeds.
    """

    name: str
    topic: str
    stage: str
    dimensions: tuple[str, ...]
    only_corrects: bool = False


SESSIONS = "sessions"
CONVERTING_SESSIONS = "converting_sessions"
PAGE_VIEWS = "page_views"
ORDERS = "orders"
REVENUE = "revenue"
REFUNDS = "refunds"
UNMATCHED_REFUNDS = "unmatched_refunds"
LIKES = "likes"
SHARES = "shares"
COMMENTS = "comments"
NEW_FOLLOWERS = "new_followers"
IMPRESSIONS = "impressions"
NEW_CUSTOMERS = "new_customers"
CUSTOMERS = "customers"
CUSTOMER_NET_REVENUE = "customer_net_revenue"
COHORT_ACTIVE = "cohort_active"
COHORT_SIZE = "cohort_size"

AD_SPEND = "ad_spend"

CUSTOMER_FEED, AD_SPEND_FEED = "customers", "ad-spend"

FEEDS = {
    feed.name: feed
    for feed in (
        Feed(click.TOPIC, click.TOPIC, "visitors", click.DIMENSIONS),
        Feed(order.TOPIC, order.TOPIC, "orders", order.DIMENSIONS),
        Feed(social.TOPIC, social.TOPIC, "social", social.DIMENSIONS),
        Feed(CUSTOMER_FEED, order.TOPIC, "customers", ("channel", "campaign", "cohort")),
        Feed(AD_SPEND_FEED, AD_SPEND_FEED, "ad-spend", ("channel", "campaign"), only_corrects=True),
    )
}

_COUNT, _MONEY = MeasureUnit.COUNT, MeasureUnit.MONEY
_CLICKS, _ORDERS, _SOCIAL, _CUSTOMERS = (click.TOPIC,), (order.TOPIC,), (social.TOPIC,), (CUSTOMER_FEED,)
MEASURES = {
    measure.name: measure
    for measure in (
        Measure(SESSIONS, _CLICKS, _COUNT, "sessions with an event in the window"),
        Measure(CONVERTING_SESSIONS, _CLICKS, _COUNT, "sessions with a purchase in the window", part_of=SESSIONS),
        Measure(PAGE_VIEWS, _CLICKS, _COUNT, "page_view events"),
        Measure(ORDERS, _ORDERS, _COUNT, "orders placed, cancelled ones included"),
        Measure(REVENUE, _ORDERS, _MONEY, "amounts of orders placed"),
        Measure(REFUNDS, _ORDERS, _MONEY, "amounts refunded or cancelled, at their own event time"),
        Measure(UNMATCHED_REFUNDS, _ORDERS, _COUNT, "refunds whose order is not known"),
        Measure(LIKES, _SOCIAL, _COUNT, "likes minus unlikes"),
        Measure(SHARES, _SOCIAL, _COUNT, "shares"),
        Measure(COMMENTS, _SOCIAL, _COUNT, "comments"),
        Measure(NEW_FOLLOWERS, _SOCIAL, _COUNT, "follows minus unfollows"),
        Measure(IMPRESSIONS, _SOCIAL, _COUNT, "impressions"),
        Measure(NEW_CUSTOMERS, _CUSTOMERS, _COUNT, "customers by their first order"),
        Measure(CUSTOMERS, _CUSTOMERS, _COUNT, "customers with an order up to the window's end", stock=True),
        Measure(CUSTOMER_NET_REVENUE, _CUSTOMERS, _MONEY, "their net revenue up to the window's end", stock=True),
        Measure(COHORT_ACTIVE, _CUSTOMERS, _COUNT, "customers of a cohort with an order", part_of=COHORT_SIZE),
        Measure(AD_SPEND, (AD_SPEND_FEED,), _MONEY, "what ad platforms bill for the period"),
        Measure(COHORT_SIZE, _CUSTOMERS, _COUNT, "customers of a cohort", stock=True),
    )
}
STOCKS = frozenset(measure.name for measure in MEASURES.values() if measure.stock)
"""Names of the stock measures."""

"""Measures: integers that add up over events, partitions and commits. KPIs are made of nothing else."""

from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property

from models import ad_spend, click, customer, order, social


class MeasureUnit(StrEnum):
    """What one of a measure is."""

    COUNT = "count"
    MONEY = "money"  # minor units of the reporting currency
    DURATION = "duration"  # microseconds


@dataclass(frozen=True)
class Measure:
    """`feeds`: what adds to it; its windows close by their watermarks. The first one names its dimensions.

    `stock`: the value of a window is the sum of everything booked up to its end, not only in it.
    `part_of`: measures that it is never more than, in any window and slice.
    `estimated`: nothing booked means that it is not known, and not 0.
    `only_in`: the one window in which it makes sense, where it is booked once a month or a day; None: any.
    """

    name: str
    feeds: tuple[str, ...]
    unit: MeasureUnit
    help: str
    part_of: tuple[str, ...] = ()
    stock: bool = False
    estimated: bool = False
    only_in: str | None = None

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


CUSTOMER_FEED = "customers"
"""The feed of measures of customers: orders that have reached their customer."""

SESSIONS = "sessions"
CONVERTING_SESSIONS = "converting_sessions"
PAGE_VIEWS = "page_views"
VISITORS = "visitors"
ENGAGED_SESSIONS = "engaged_sessions"
TIME_ON_SITE = "time_on_site"
SIGN_UP_SESSIONS = "sign_up_sessions"
VIEW_ITEM_SESSIONS = "view_item_sessions"
ADD_TO_CART_SESSIONS = "add_to_cart_sessions"
BEGIN_CHECKOUT_SESSIONS = "begin_checkout_sessions"
ADD_PAYMENT_INFO_SESSIONS = "add_payment_info_sessions"
PURCHASE_SESSIONS = "purchase_sessions"
VIEW_TO_CART_SESSIONS = "view_to_cart_sessions"
CART_TO_CHECKOUT_SESSIONS = "cart_to_checkout_sessions"
CART_TO_PURCHASE_SESSIONS = "cart_to_purchase_sessions"
CHECKOUT_TO_PURCHASE_SESSIONS = "checkout_to_purchase_sessions"
PAYMENT_TO_PURCHASE_SESSIONS = "payment_to_purchase_sessions"
ORDERS = "orders"
REVENUE = "revenue"
REFUNDS = "refunds"
UNMATCHED_REFUNDS = "unmatched_refunds"
UNATTRIBUTED_ORDERS = "unattributed_orders"
LIKES = "likes"
SHARES = "shares"
COMMENTS = "comments"
NEW_FOLLOWERS = "new_followers"
IMPRESSIONS = "impressions"
AD_SPEND = "ad_spend"
NEW_CUSTOMERS = "new_customers"
RETURNING_CUSTOMERS = "returning_customers"
PREVIOUS_MONTH_CUSTOMERS = "previous_month_customers"
COHORT_ACTIVE = "cohort_active"
COHORT_SIZE = "cohort_size"
CUSTOMERS = "customers"
REPEAT_CUSTOMERS = "repeat_customers"
CUSTOMER_NET_REVENUE = "customer_net_revenue"
PREDICTED_VALUE = "predicted_value"
PREDICTED_CUSTOMERS = "predicted_customers"

FEEDS = {
    feed.name: feed
    for feed in (
        Feed(click.TOPIC, click.TOPIC, "visitors", click.DIMENSIONS),
        Feed(order.TOPIC, order.TOPIC, "visitors", order.DIMENSIONS),
        Feed(social.TOPIC, social.TOPIC, "social", social.DIMENSIONS),
        Feed(ad_spend.TOPIC, ad_spend.TOPIC, "ad-spend", ad_spend.DIMENSIONS, only_corrects=True),
        Feed(CUSTOMER_FEED, order.TOPIC, "customers", customer.DIMENSIONS),
    )
}

STEPS = {
    SIGN_UP_SESSIONS: "sign_up",
    VIEW_ITEM_SESSIONS: "view_item",
    ADD_TO_CART_SESSIONS: "add_to_cart",
    BEGIN_CHECKOUT_SESSIONS: "begin_checkout",
    ADD_PAYMENT_INFO_SESSIONS: "add_payment_info",
    PURCHASE_SESSIONS: "purchase",
}
"""Measures of sessions with an event of this type in the window; a joined order is a purchase."""

BOTH_STEPS = {
    VIEW_TO_CART_SESSIONS: (VIEW_ITEM_SESSIONS, ADD_TO_CART_SESSIONS),
    CART_TO_CHECKOUT_SESSIONS: (ADD_TO_CART_SESSIONS, BEGIN_CHECKOUT_SESSIONS),
    CART_TO_PURCHASE_SESSIONS: (ADD_TO_CART_SESSIONS, PURCHASE_SESSIONS),
    CHECKOUT_TO_PURCHASE_SESSIONS: (BEGIN_CHECKOUT_SESSIONS, PURCHASE_SESSIONS),
    PAYMENT_TO_PURCHASE_SESSIONS: (ADD_PAYMENT_INFO_SESSIONS, PURCHASE_SESSIONS),
}
"""Measures of sessions with events of both steps in the window, in any order."""

_COUNT, _MONEY, _TIME = MeasureUnit.COUNT, MeasureUnit.MONEY, MeasureUnit.DURATION
_CLICKS, _ORDERS, _SOCIAL = (click.TOPIC,), (order.TOPIC,), (social.TOPIC,)
_SPEND, _CUSTOMERS = (ad_spend.TOPIC,), (CUSTOMER_FEED,)
_JOINED = (*_CLICKS, *_ORDERS)
"""An order is a conversion and a purchase of its session."""


def _step(name: str) -> Measure:
    feeds = _JOINED if name == PURCHASE_SESSIONS else _CLICKS
    return Measure(name, feeds, _COUNT, f"sessions with {STEPS[name]} in the window", (SESSIONS,))


def _both(name: str) -> Measure:
    steps = BOTH_STEPS[name]
    feeds = _JOINED if PURCHASE_SESSIONS in steps else _CLICKS
    first, second = (STEPS[step] for step in steps)
    return Measure(name, feeds, _COUNT, f"sessions with {first} and {second} in the window", (*steps, SESSIONS))


MEASURES = {
    measure.name: measure
    for measure in (
        Measure(SESSIONS, _CLICKS, _COUNT, "sessions with an event in the window"),
        Measure(CONVERTING_SESSIONS, _JOINED, _COUNT, "sessions with a conversion in the window", (SESSIONS,)),
        Measure(ENGAGED_SESSIONS, _CLICKS, _COUNT, "sessions active in the window and engaged by then", (SESSIONS,)),
        Measure(VISITORS, _CLICKS, _COUNT, "visitors with an event in the window", (SESSIONS,)),
        Measure(PAGE_VIEWS, _CLICKS, _COUNT, "page_view events"),
        Measure(TIME_ON_SITE, _CLICKS, _TIME, "from each event of the window back to the one before in its session"),
        *map(_step, STEPS),
        *map(_both, BOTH_STEPS),
        Measure(ORDERS, _ORDERS, _COUNT, "orders placed, cancelled ones included"),
        Measure(REVENUE, _ORDERS, _MONEY, "amounts of orders placed"),
        Measure(REFUNDS, _ORDERS, _MONEY, "amounts refunded or cancelled, at their own event time"),
        Measure(UNMATCHED_REFUNDS, _ORDERS, _COUNT, "refunds whose order is not known"),
        Measure(UNATTRIBUTED_ORDERS, _ORDERS, _COUNT, "orders placed whose session is not known"),
        Measure(LIKES, _SOCIAL, _COUNT, "likes minus unlikes"),
        Measure(SHARES, _SOCIAL, _COUNT, "shares"),
        Measure(COMMENTS, _SOCIAL, _COUNT, "comments"),
        Measure(NEW_FOLLOWERS, _SOCIAL, _COUNT, "follows minus unfollows"),
        Measure(IMPRESSIONS, _SOCIAL, _COUNT, "impressions"),
        Measure(AD_SPEND, _SPEND, _MONEY, "spent on ads, at the start of the period it was reported for"),
        Measure(NEW_CUSTOMERS, _CUSTOMERS, _COUNT, "customers with their first order in the window"),
        Measure(
            RETURNING_CUSTOMERS,
            _CUSTOMERS,
            _COUNT,
            "customers with an order in the month and in the one before; at its start",
            part_of=(PREVIOUS_MONTH_CUSTOMERS,),
            only_in="1M",
        ),
        Measure(
            PREVIOUS_MONTH_CUSTOMERS,
            _CUSTOMERS,
            _COUNT,
            "customers with an order in the month before; at the month's start",
            only_in="1M",
        ),
        Measure(
            COHORT_ACTIVE,
            _CUSTOMERS,
            _COUNT,
            "customers with an order in the month and their first one in an earlier; at its start",
            part_of=(COHORT_SIZE,),
            only_in="1M",
        ),
        Measure(COHORT_SIZE, _CUSTOMERS, _COUNT, "customers with their first order in an earlier month", stock=True),
        Measure(CUSTOMERS, _CUSTOMERS, _COUNT, "customers with a first order up to the window's end", stock=True),
        Measure(
            REPEAT_CUSTOMERS,
            _CUSTOMERS,
            _COUNT,
            "customers with two or more orders up to the window's end",
            part_of=(CUSTOMERS,),
            stock=True,
        ),
        Measure(
            CUSTOMER_NET_REVENUE,
            _CUSTOMERS,
            _MONEY,
            "orders minus refunds of customers, no guests, up to the window's end",
            stock=True,
        ),
        Measure(
            PREDICTED_VALUE,
            _CUSTOMERS,
            _MONEY,
            "predicted value of all customers at the end of the day",
            estimated=True,
            only_in="1d",
        ),
        Measure(
            PREDICTED_CUSTOMERS,
            _CUSTOMERS,
            _COUNT,
            "customers with a prediction at the end of the day",
            estimated=True,
            only_in="1d",
        ),
    )
}
STOCKS = frozenset(measure.name for measure in MEASURES.values() if measure.stock)
"""Names of the stock measures."""

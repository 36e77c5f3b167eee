"""Measures: integers that add up over events, partitions and commits. KPIs are made of nothing else."""

from dataclasses import dataclass
from enum import StrEnum

from models import click, order, social


class MeasureUnit(StrEnum):
    """What one of a measure is."""

    COUNT = "count"
    MONEY = "money"  # minor units of the reporting currency


@dataclass(frozen=True, slots=True)
class Measure:
    """`topic` feeds it, so its windows close by that topic's watermark."""

    name: str
    topic: str
    unit: MeasureUnit
    help: str
    part_of: str | None = None  # never more than this measure, in any window and slice


@dataclass(frozen=True, slots=True)
class Feed:
    """An input topic: the dimensions of its events and the measures they add to."""

    topic: str
    dimensions: tuple[str, ...]


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

FEEDS = {
    feed.topic: feed
    for feed in (
        Feed(click.TOPIC, click.DIMENSIONS),
        Feed(order.TOPIC, order.DIMENSIONS),
        Feed(social.TOPIC, social.DIMENSIONS),
    )
}

_COUNT, _MONEY = MeasureUnit.COUNT, MeasureUnit.MONEY
MEASURES = {
    measure.name: measure
    for measure in (
        Measure(SESSIONS, click.TOPIC, _COUNT, "sessions with an event in the window"),
        Measure(CONVERTING_SESSIONS, click.TOPIC, _COUNT, "sessions with a purchase in the window", part_of=SESSIONS),
        Measure(PAGE_VIEWS, click.TOPIC, _COUNT, "page_view events"),
        Measure(ORDERS, order.TOPIC, _COUNT, "orders placed, cancelled ones included"),
        Measure(REVENUE, order.TOPIC, _MONEY, "amounts of orders placed"),
        Measure(REFUNDS, order.TOPIC, _MONEY, "amounts refunded or cancelled, at their own event time"),
        Measure(UNMATCHED_REFUNDS, order.TOPIC, _COUNT, "refunds whose order is not known"),
        Measure(LIKES, social.TOPIC, _COUNT, "likes minus unlikes"),
        Measure(SHARES, social.TOPIC, _COUNT, "shares"),
        Measure(COMMENTS, social.TOPIC, _COUNT, "comments"),
        Measure(NEW_FOLLOWERS, social.TOPIC, _COUNT, "follows minus unfollows"),
        Measure(IMPRESSIONS, social.TOPIC, _COUNT, "impressions"),
    )
}

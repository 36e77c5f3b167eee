"""The synthetic shop: the same by seed, plausible, and all of it events the product takes."""

from collections import Counter
from decimal import Decimal
from itertools import islice
from statistics import fmean

import pytest

from models.click import Click, decode_click
from models.order import OrderPlaced, OrderRefunded, decode_order
from models.social import SocialEvent, decode_social
from streams.tools import instant
from streams.tools.delivery import LATEST_US
from streams.tools.record import Record
from streams.tools.shop import Shop, season
from streams.tools.visits import CLICKS_PER_VISIT, Outage

START_US = instant.parse("2026-11-25T09:00:00Z") or 0
MINUTE_US = 60_000_000
EVENTS = 120_000
RATE = 100.0


@pytest.fixture(scope="module")
def records() -> list[Record]:
    return list(islice(Shop(1, START_US, RATE), EVENTS))


@pytest.fixture(scope="module")
def clicks(records: list[Record]) -> list[Click]:
    decoded = [decode_click(r.key, r.value) for r in records if r.topic == "clickstream"]
    return [click for click in decoded if isinstance(click, Click)]


def sessions(clicks: list[Click], *event_types: str) -> set[str]:
    return {
        click.session_id or ""
        for click in clicks
        if click.device != "other" and (not event_types or click.event_type in event_types)
    }


def test_the_same_seed_makes_the_same_bytes() -> None:
    assert list(islice(Shop(7, START_US, 50), 2_000)) == list(islice(Shop(7, START_US, 50), 2_000))


def test_another_seed_or_start_makes_other_events() -> None:
    ids = [
        {record.value for record in islice(Shop(seed, start_us, 50), 500)}
        for seed, start_us in ((7, START_US), (8, START_US), (7, START_US + 1_000_000))
    ]
    assert ids[0].isdisjoint(ids[1] | ids[2])


def test_the_product_takes_every_event(records: list[Record]) -> None:
    decode = {"clickstream": decode_click, "orders": decode_order, "social": decode_social}
    kinds = Counter(type(decode[record.topic](record.key, record.value)) for record in records)
    assert set(kinds) == {Click, OrderPlaced, OrderRefunded, SocialEvent}


def test_events_are_out_of_order_by_less_than_five_seconds_and_seldom(records: list[Record]) -> None:
    latest_us, behind = 0, []
    for record in records:
        at_us = record.timestamp_us or 0
        latest_us = max(latest_us, at_us)
        if at_us < latest_us:
            behind.append(latest_us - at_us)
    assert max(behind) <= LATEST_US < 5_000_000
    assert 0.01 < len(behind) / len(records) < 0.05


@pytest.mark.parametrize("hour", [0, 4, 20])
def test_the_rate_is_that_of_the_start_whatever_the_hour(hour: int) -> None:
    start_us = START_US // instant.DAY_US * instant.DAY_US + hour * 60 * MINUTE_US
    times = [record.timestamp_us or 0 for record in islice(Shop(1, start_us, 200), 50_000)]
    assert sum(time_us < start_us + 2 * MINUTE_US for time_us in times) > 0.8 * 2 * 60 * 200
    settled = sum(start_us + MINUTE_US <= time_us < start_us + 3 * MINUTE_US for time_us in times)
    assert settled / 120 == pytest.approx(200, rel=0.1)


def test_evenings_are_busy_and_nights_are_quiet() -> None:
    assert season(START_US + 11 * 60 * MINUTE_US) > 2 * season(START_US + 18 * 60 * MINUTE_US)
    assert fmean(season(hour * 60 * MINUTE_US) for hour in range(24)) == pytest.approx(1)


def test_most_events_are_clicks(records: list[Record]) -> None:
    assert Counter(r.topic for r in records)["clickstream"] / len(records) == pytest.approx(0.85, abs=0.02)


def test_a_visit_has_its_mean_number_of_clicks(clicks: list[Click]) -> None:
    visits = len({click.session_id for click in clicks})
    assert len(clicks) / visits == pytest.approx(CLICKS_PER_VISIT, rel=0.04)


def test_about_four_visits_in_a_hundred_buy(clicks: list[Click]) -> None:
    assert len(sessions(clicks, "purchase")) / len(sessions(clicks)) == pytest.approx(0.043, abs=0.006)


def test_the_average_order_is_about_forty_five_pounds(records: list[Record]) -> None:
    orders = [decode_order(r.key, r.value) for r in records if r.topic == "orders"]
    amounts = [Decimal(order.amount) for order in orders if isinstance(order, OrderPlaced)]
    assert float(sum(amounts)) / len(amounts) == pytest.approx(45, abs=4)


def test_a_refund_belongs_to_an_order_and_gives_back_no_more(records: list[Record]) -> None:
    orders = [decode_order(r.key, r.value) for r in records if r.topic == "orders"]
    placed = {o.order_id: (o.customer_id, Decimal(o.amount)) for o in orders if isinstance(o, OrderPlaced)}
    refunds = [order for order in orders if isinstance(order, OrderRefunded)]
    assert refunds
    for refund in refunds:
        customer, amount = placed[refund.order_id]
        assert refund.customer_id == customer
        assert Decimal(refund.amount) <= amount


def test_about_three_interactions_come_of_a_hundred_impressions(records: list[Record]) -> None:
    counts: Counter[str] = Counter()
    for record in records:
        event = decode_social(record.key, record.value) if record.topic == "social" else None
        if isinstance(event, SocialEvent):
            counts[event.event_type] += event.count or 1
    interactions = counts["like"] - counts["unlike"] + counts["share"] + counts["comment"]
    assert interactions / counts["impression"] == pytest.approx(0.03, abs=0.004)


def test_some_clicks_come_twice_unchanged(records: list[Record]) -> None:
    times = Counter(record.value for record in records if record.topic == "clickstream")
    assert sum(1 for count in times.values() if count == 2) / len(times) == pytest.approx(0.005, abs=0.002)


def test_in_an_outage_purchases_fall_to_a_fifth() -> None:
    outage = Outage(START_US + 10 * MINUTE_US, START_US + 20 * MINUTE_US)
    shop = Shop(3, START_US, 150, outage)
    paid = {True: [0, 0], False: [0, 0]}
    for record in islice(shop, EVENTS):
        value = record.value or b""
        at_us = record.timestamp_us or 0
        if b'"add_payment_info"' in value:
            paid[outage.holds(at_us)][0] += 1
        elif b'"purchase"' in value:
            paid[outage.holds(at_us)][1] += 1
    in_outage, else_ = (paid[case][1] / paid[case][0] for case in (True, False))
    assert else_ == pytest.approx(0.86, abs=0.06)
    assert in_outage == pytest.approx(0.2 * else_, abs=0.08)

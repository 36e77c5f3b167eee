"""The whole flow on one page: stages, their topics, and what they hand to each other.

clickstream ─▶ visitors ─┐
orders ──────▶ orders ───┼─▶ kpi-deltas ─▶ monitor ─▶ kpi-values, kpi-alerts
social ──────▶ social ───┘        any of the three ─▶ kpi-dead-letters; every task ─▶ kpi-status
"""

from collections.abc import Iterable, Mapping
from functools import partial
from typing import Any
from zlib import crc32
from zoneinfo import ZoneInfo

from alerting.alert import Transition
from alerting.rule import Rule
from models import click, delta, fx, money, order, social
from models.fx import Rates
from models.kpi import Catalogue
from models.measure import FEEDS
from models.settings import Settings
from models.slices import Slicing
from models.stage import Outgoing, Stage
from models.window import Window, windows
from streams.connection import client_options, faust_credentials
from streams.engine.app import EngineApp, EngineSettings
from streams.engine.broadcast import Broadcast
from streams.engine.observer import Observer
from streams.fx_feed import FxFeed
from streams.measuring import dead_letter
from streams.measuring.booked_orders import BookedSink
from streams.measuring.deltas import Needs, partition_of
from streams.measuring.orders import OrderBooking
from streams.measuring.sessions import ClickBooking
from streams.measuring.sink import DeltaSink, Sink
from streams.measuring.social import SocialBooking
from streams.measuring.stage import Booking, MeasureStage
from streams.monitoring.alerts import RuleBook
from streams.monitoring.stage import MonitorStage, Publishing
from streams.monitoring.values import Group
from streams.publication import VALUES_TOPIC, value_record
from streams.publication_alerts import TOPIC as ALERTS_TOPIC
from streams.publication_alerts import alert_record

S_US = 1_000_000


def create_app(
    settings: Settings,
    catalogue: Catalogue,
    rules: Iterable[Rule],
    partitions: Mapping[str, int],
    observer: Observer,
    feed: FxFeed,
) -> EngineApp:
    """The app of one worker; `partitions`: the partition count of every topic; `feed` takes the rates."""
    measuring = measure_stages(settings, catalogue, partitions, feed.rates)
    stages = [*measuring, monitor_stage(settings, catalogue, rules, partitions)]
    engine = EngineSettings(
        app_id=settings.app_id,
        bootstrap=settings.broker,
        client=client_options(settings),
        credentials=faust_credentials(settings),
        instance_id=settings.instance_id,
        commit_every_s=settings.commit_every_s,
        commit_every_records=settings.commit_every_records,
        stuck_after_s=settings.stuck_after_s,
        internal=frozenset((delta.TOPIC,)),
        contiguous=frozenset(settings.contiguous_topics),
        broadcasts=(Broadcast(fx.TOPIC, partitions[fx.TOPIC], feed.take),),
    )
    return EngineApp(engine, stages, observer)


def measure_stages(
    settings: Settings, catalogue: Catalogue, partitions: Mapping[str, int], rates: Rates
) -> list[Stage[Any, Any]]:
    """Stage 1: one a topic that some KPI needs. `rates` may still grow."""
    retention_us = round(settings.session_retention_s * S_US)
    out_of_orderness_us = round(settings.out_of_orderness_s * S_US)
    horizons, kinds = horizons_us(settings), _windows(settings)
    deltas = DeltaSink(Needs.of(catalogue, kinds), partitions[delta.TOPIC])

    def measure(name: str, booking: Booking[Any, Any, Any], sink: Sink[Any] = deltas) -> MeasureStage[Any, Any, Any]:
        return MeasureStage(
            name=name,
            booking=booking,
            sink=sink,
            letter_partitions=partitions[dead_letter.TOPIC],
            out_of_orderness_us=out_of_orderness_us,
            idle_after_us=round(settings.idle_after_s * S_US),
        )

    stages: list[Stage[Any, Any]] = []
    for topic in catalogue.topics:
        horizon_us = horizons[topic]
        match topic:
            case click.TOPIC:
                stages.append(
                    measure("visitors", ClickBooking(catalogue, horizon_us, out_of_orderness_us, retention_us))
                )
            case order.TOPIC:
                slicing = Slicing(order.DIMENSIONS, catalogue.dimensions_of_feed(order.TOPIC))
                booking = OrderBooking(rates, horizon_us, _us(settings.order_retention_s))
                stages.append(measure("orders", booking, BookedSink(slicing, deltas)))
            case social.TOPIC:
                stages.append(measure("social", SocialBooking(catalogue, horizon_us)))
    return stages


def monitor_stage(
    settings: Settings, catalogue: Catalogue, rules: Iterable[Rule], partitions: Mapping[str, int]
) -> MonitorStage:
    """Stage 2."""
    horizons = horizons_us(settings)
    owners = {name: partition_of(name, partitions[VALUES_TOPIC]) for name in catalogue.dimensions}
    return MonitorStage(
        groups=tuple(Group(tuple(sorted(feeds)), kpis) for feeds, kpis in catalogue.by_feeds.items()),
        windows=_windows(settings),
        horizons_us={feed: horizons[FEEDS[feed].topic] for feed in catalogue.feeds},
        expected=frozenset((feed, p) for feed in catalogue.feeds for p in range(partitions[FEEDS[feed].topic])),
        rules=RuleBook(rules),
        publishing=Publishing(
            value=partial(value_record, partitions=owners),
            alert=partial(_alert, partitions=partitions[ALERTS_TOPIC]),
        ),
        allowed_lateness_us=round(settings.allowed_lateness_s * S_US),
        digits=money.exponent(settings.reporting_currency) or 0,
    )


def horizons_us(settings: Settings) -> dict[str, int]:
    """The correction horizon of each input topic."""
    return {
        click.TOPIC: round(settings.correction_horizon_clickstream_s * S_US),
        order.TOPIC: round(settings.correction_horizon_orders_s * S_US),
        social.TOPIC: round(settings.correction_horizon_social_s * S_US),
    }


def _us(seconds: float | None) -> int | None:
    return None if seconds is None else round(seconds * S_US)


def _windows(settings: Settings) -> dict[str, Window]:
    return windows(ZoneInfo(settings.business_timezone))


def _alert(transition: Transition, partitions: int) -> Outgoing:
    key = transition.fingerprint.encode()
    return Outgoing(ALERTS_TOPIC, crc32(key) % partitions, key, alert_record(transition))

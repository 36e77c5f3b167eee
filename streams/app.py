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
from models import click, delta, money, order, social
from models.kpi import Catalogue
from models.measure import FEEDS
from models.session import SessionRules
from models.settings import Settings
from models.stage import Outgoing, Stage
from models.window import Window, windows
from streams.connection import client_options, faust_credentials
from streams.engine.app import EngineApp, EngineSettings
from streams.engine.observer import Observer
from streams.measuring import dead_letter
from streams.measuring.deltas import Needs, partition_of
from streams.measuring.orders import OrderBooking
from streams.measuring.sessions import ClickBooking
from streams.measuring.sink import DeltaSink
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
    settings: Settings, catalogue: Catalogue, rules: Iterable[Rule], partitions: Mapping[str, int], observer: Observer
) -> EngineApp:
    """The app of one worker; `partitions`: the partition count of every topic."""
    stages = [*measure_stages(settings, catalogue, partitions), monitor_stage(settings, catalogue, rules, partitions)]
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
    )
    return EngineApp(engine, stages, observer)


def measure_stages(settings: Settings, catalogue: Catalogue, partitions: Mapping[str, int]) -> list[Stage[Any, Any]]:
    """Stage 1: one a topic that some KPI needs."""
    out_of_orderness_us = round(settings.out_of_orderness_s * S_US)
    horizons, kinds = horizons_us(settings), _windows(settings)
    deltas = DeltaSink(Needs.of(catalogue, kinds), partitions[delta.TOPIC])

    def measure(name: str, booking: Booking[Any, Any, Any]) -> MeasureStage[Any, Any, Any]:
        return MeasureStage(
            name=name,
            booking=booking,
            sink=deltas,
            letter_partitions=partitions[dead_letter.TOPIC],
            out_of_orderness_us=out_of_orderness_us,
            idle_after_us=round(settings.idle_after_s * S_US),
        )

    stages: list[Stage[Any, Any]] = []
    for topic in catalogue.topics:
        horizon_us = horizons[topic]
        match topic:
            case click.TOPIC:
                clicks = ClickBooking(catalogue, horizon_us, out_of_orderness_us, session_rules(settings))
                stages.append(measure("visitors", clicks))
            case order.TOPIC:
                booking = OrderBooking(catalogue, horizon_us, settings.reporting_currency)
                stages.append(measure("orders", booking))
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


def session_rules(settings: Settings) -> SessionRules:
    """What makes a session, and a bot."""
    return SessionRules(
        retention_us=round(settings.session_retention_s * S_US),
        gap_us=round(settings.session_gap_s * S_US),
        allowed_lateness_us=round(settings.allowed_lateness_s * S_US),
        clicks_per_minute=settings.bot_events_per_minute,
        conversion_events=settings.conversion_events,
    )


def horizons_us(settings: Settings) -> dict[str, int]:
    """The correction horizon of each input topic."""
    return {
        click.TOPIC: round(settings.correction_horizon_clickstream_s * S_US),
        order.TOPIC: round(settings.correction_horizon_orders_s * S_US),
        social.TOPIC: round(settings.correction_horizon_social_s * S_US),
    }


def _windows(settings: Settings) -> dict[str, Window]:
    return windows(ZoneInfo(settings.business_timezone))


def _alert(transition: Transition, partitions: int) -> Outgoing:
    key = transition.fingerprint.encode()
    return Outgoing(ALERTS_TOPIC, crc32(key) % partitions, key, alert_record(transition))

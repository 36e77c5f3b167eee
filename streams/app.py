"""The whole flow on one page: stages, their topics, and what they hand to each other.

clickstream ───────────────────────────────┐
orders ─▶ orders ─▶ kpi-visitor-orders ─▶ visitors ─┬─────────────────────┐
                                      kpi-customer-orders ─▶ customers ───┼─▶ kpi-deltas ─▶ monitor ─▶ kpi-values
social ─▶ social ─────────────────────────────────────────────────────────┤                       └─▶ kpi-alerts
ad-spend ─▶ ad-spend ─────────────────────────────────────────────────────┘
              what reads an input ─▶ kpi-dead-letters; what reads an input, and the monitor ─▶ kpi-status
fx-rates ─▶ every worker: the rates that money is converted by
kpi-clv-parameters ─▶ every worker: the model by which customers are predicted (`kpi clv fit` makes it)
"""

from collections.abc import Callable, Iterable, Mapping
from functools import partial
from typing import Any
from zlib import crc32
from zoneinfo import ZoneInfo

from alerting.rule import Rule
from alerting.transition import Transition
from models import ad_spend, click, clv_record, delta, fx, money, order, social
from models.clv import ClvParameters
from models.event import FUTURE_TOLERANCE_US
from models.fx import Rates
from models.kpi import Catalogue
from models.measure import CUSTOMER_FEED, FEEDS
from models.order_fact import BY_CUSTOMER, BY_VISITOR
from models.session import SessionRules
from models.settings import Settings
from models.slices import TOTAL, Slicing
from models.stage import Outgoing, Stage
from models.window import DayGrid, Window, windows
from models.window_definition import defined_windows
from streams.clv_feed import ClvFeed
from streams.connection import client_options, faust_credentials
from streams.engine.app import EngineApp, EngineSettings
from streams.engine.broadcast import Broadcast
from streams.engine.observer import Observer
from streams.fx_feed import FxFeed
from streams.measuring import dead_letter
from streams.measuring.ad_spend import AdSpendBooking
from streams.measuring.attribution import Attribution
from streams.measuring.customer_stage import CustomerStage
from streams.measuring.customers import CustomerBooking
from streams.measuring.deltas import Needs, partition_of
from streams.measuring.facts import FactSink
from streams.measuring.kernel import KernelBooking, KernelStage
from streams.measuring.order_stage import OrderStage
from streams.measuring.orders import OrderBooking
from streams.measuring.sessions import ClickBooking
from streams.measuring.sink import DeltaSink
from streams.measuring.social import SocialBooking
from streams.measuring.stage import MeasureStage
from streams.measuring.visitor_stage import VisitorStage
from streams.monitoring.alerts import Alerting
from streams.monitoring.goals import Goals
from streams.monitoring.rule_book import RuleBook, Surroundings
from streams.monitoring.stage import MonitorStage, Publishing
from streams.monitoring.values import Group
from streams.native import INSTALLED
from streams.publication import VALUES_TOPIC, value_record
from streams.publication_alerts import TOPIC as ALERTS_TOPIC
from streams.publication_alerts import alert_record
from streams.topics import OUTPUTS

S_US, DAY_US = 1_000_000, 86_400_000_000
TOLD_BY = {
    click.TOPIC: click.TOPIC,
    order.TOPIC: BY_VISITOR,
    CUSTOMER_FEED: BY_CUSTOMER,
    social.TOPIC: social.TOPIC,
    ad_spend.TOPIC: ad_spend.TOPIC,
}
"""Of a feed, the topic whose partitions have the tasks that announce its watermark to the monitor."""
DELTA_CHUNK_BYTES = 64 * 1024
"""Of a monitor step, as of EngineSettings.chunk_bytes: 8 ms, where 192 KiB took 20 at once and no less a byte."""
KERNEL_CHUNK_BYTES = 512 * 1024
"""Of a step of clicks by the kernel: some 5 ms, 15 where every click opens a session. 1 MiB took 31 of CPU at once."""


def create_app(
    settings: Settings,
    catalogue: Catalogue,
    rules: Iterable[Rule],
    partitions: Mapping[str, int],
    observer: Observer,
    feed: FxFeed,
    clv: ClvFeed,
) -> EngineApp:
    """The app of one worker; `partitions`: the partition count of every topic; `feed` takes the rates."""
    measuring = measure_stages(settings, catalogue, partitions, feed.rates, clv.parameters)
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
        internal=frozenset((delta.TOPIC, BY_VISITOR, BY_CUSTOMER)),
        contiguous=frozenset(settings.contiguous_topics),
        outputs=frozenset(OUTPUTS),
        broadcasts=(
            Broadcast(fx.TOPIC, partitions[fx.TOPIC], feed.take),
            Broadcast(clv_record.TOPIC, partitions[clv_record.TOPIC], clv.take),
        ),
        chunk_bytes={delta.TOPIC: DELTA_CHUNK_BYTES} | ({click.TOPIC: KERNEL_CHUNK_BYTES} if _native(settings) else {}),
        native=_native(settings),
    )
    return EngineApp(engine, stages, observer)


def measure_stages(
    settings: Settings,
    catalogue: Catalogue,
    partitions: Mapping[str, int],
    rates: Rates,
    parameters: Callable[[], ClvParameters | None],
) -> list[Stage[Any, Any]]:
    """Stage 1: those that some KPI needs, in the order of the flow. `rates` may still grow, `parameters` change."""
    deltas = DeltaSink(Needs.of(catalogue, _windows(settings, catalogue)), partitions[delta.TOPIC])

    common: dict[str, Any] = {
        "letter_partitions": partitions[dead_letter.TOPIC],
        "out_of_orderness_us": round(settings.out_of_orderness_s * S_US),
        "idle_after_us": round(settings.idle_after_s * S_US),
    }
    horizons, feeds = horizons_us(settings), set(catalogue.feeds)
    stages: list[Stage[Any, Any]] = []
    ordered = not feeds.isdisjoint({order.TOPIC, CUSTOMER_FEED})
    if ordered:
        defined = catalogue.defined_for(order.TOPIC)
        orders = OrderBooking(rates, horizons[order.TOPIC], _us(settings.order_retention_s), defined)
        stages.append(OrderStage("orders", orders, FactSink(BY_VISITOR, partitions[BY_VISITOR]), **common))
    if ordered or click.TOPIC in feeds:
        sessions = _sessions(settings, catalogue)
        kind = KernelStage if isinstance(sessions, KernelBooking) else MeasureStage
        clicks = kind("visitors", sessions, deltas, **common)
        attribution = _attribution(settings, catalogue, sessions)
        customers = partitions[BY_CUSTOMER] if CUSTOMER_FEED in feeds else 0
        stages.append(VisitorStage(clicks, attribution, partitions[order.TOPIC] if ordered else 0, customers))
    if CUSTOMER_FEED in feeds:
        stages.append(_customer_stage(settings, catalogue, deltas, partitions, parameters))
    if social.TOPIC in feeds:
        stages.append(MeasureStage("social", SocialBooking(catalogue, horizons[social.TOPIC]), deltas, **common))
    if ad_spend.TOPIC in feeds:
        stages.append(MeasureStage("ad-spend", AdSpendBooking(catalogue, rates), deltas, **common))
    return stages


def _native(settings: Settings) -> bool:
    return settings.native and INSTALLED


def _sessions(settings: Settings, catalogue: Catalogue) -> ClickBooking:
    out_of_orderness_us = round(settings.out_of_orderness_s * S_US)
    kind = KernelBooking if _native(settings) else ClickBooking
    return kind(catalogue, horizons_us(settings)[click.TOPIC], out_of_orderness_us, session_rules(settings))


def _attribution(settings: Settings, catalogue: Catalogue, sessions: ClickBooking) -> Attribution[Any]:
    slicing = Slicing(order.DIMENSIONS, catalogue.dimensions_of_feed(order.TOPIC))
    lateness_us, keep_us = round(settings.allowed_lateness_s * S_US), _us(settings.order_retention_s)
    if keep_us is not None:  # an order is known so long; its facts come later
        keep_us += _reach_us(settings) + lateness_us
    return Attribution(sessions, slicing, lateness_us, keep_us)


def _customer_stage(
    settings: Settings,
    catalogue: Catalogue,
    deltas: DeltaSink,
    partitions: Mapping[str, int],
    parameters: Callable[[], ClvParameters | None],
) -> CustomerStage:
    zone, lateness_us = ZoneInfo(settings.business_timezone), round(settings.allowed_lateness_s * S_US)
    booking = CustomerBooking(catalogue, zone, _reach_us(settings))
    return CustomerStage(booking, deltas, partitions[BY_VISITOR], DayGrid(zone), lateness_us, parameters)


def _reach_us(settings: Settings) -> int:
    """How much later than a newer one of its order or customer a fact comes at most.

    Orders come within their horizon, are read by tasks of which one may lag, and have clocks that are ahead.
    """
    return horizons_us(settings)[order.TOPIC] + FUTURE_TOLERANCE_US + DAY_US


def monitor_stage(
    settings: Settings, catalogue: Catalogue, rules: Iterable[Rule], partitions: Mapping[str, int]
) -> MonitorStage:
    """Stage 2."""
    horizons = horizons_us(settings)
    groups = tuple(Group(tuple(sorted(feeds)), kpis) for feeds, kpis in catalogue.by_feeds.items())
    kinds = _windows(settings, catalogue)
    owners = {name: partition_of(name, partitions[VALUES_TOPIC]) for name in catalogue.dimensions}
    return MonitorStage(
        groups=groups,
        windows=kinds,
        horizons_us={feed: horizons.get(FEEDS[feed].topic) for feed in catalogue.feeds},
        expected=frozenset((feed, task) for feed in catalogue.feeds for task in range(partitions[TOLD_BY[feed]])),
        alerting=Alerting(RuleBook(tuple(rules), Surroundings.of(settings, groups, kinds))),
        publishing=Publishing(
            value=partial(value_record, partitions=owners),
            alert=partial(_alert, partitions=partitions[ALERTS_TOPIC]),
        ),
        allowed_lateness_us=round(settings.allowed_lateness_s * S_US),
        digits=money.exponent(settings.reporting_currency) or 0,
        total_owner=partition_of(TOTAL[0], partitions[delta.TOPIC]),
        max_segments=settings.max_segments,
        goals=Goals(groups, kinds, ZoneInfo(settings.business_timezone)),
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
    """The correction horizon of each input topic that has one."""
    return {
        click.TOPIC: round(settings.correction_horizon_clickstream_s * S_US),
        order.TOPIC: round(settings.correction_horizon_orders_s * S_US),
        social.TOPIC: round(settings.correction_horizon_social_s * S_US),
    }


def _us(seconds: float | None) -> int | None:
    return None if seconds is None else round(seconds * S_US)


def _windows(settings: Settings, catalogue: Catalogue) -> dict[str, Window]:
    zone = ZoneInfo(settings.business_timezone)
    return windows(zone) | defined_windows(catalogue.windows, zone)


def _alert(transition: Transition, partitions: int) -> Outgoing:
    key = transition.fingerprint.encode()
    return Outgoing(ALERTS_TOPIC, crc32(key) % partitions, key, alert_record(transition))

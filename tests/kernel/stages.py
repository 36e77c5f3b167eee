"""The visitors' stage, by the kernel or by Python, with any rules."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import msgspec

from clicking import of_all_measures
from flow import KPIS
from kernel.chance import Chance
from models import delta
from models.fx import Rates
from models.kpi import Catalogue
from models.kpis_file import load_kpis
from models.measure import MEASURES
from models.order_fact import BY_CUSTOMER, BY_VISITOR
from models.settings import Settings
from streams.app import measure_stages
from streams.measuring import dead_letter
from streams.measuring.visitor_stage import VisitorStage
from streams.topics import INPUTS

PARTITIONS = dict.fromkeys((*INPUTS, BY_VISITOR, BY_CUSTOMER, "kpi-values", "kpi-alerts"), 1) | {
    delta.TOPIC: 3,
    dead_letter.TOPIC: 2,
}
FEW = "kpis:\n  visits: {help: x, numerator: sessions, windows: [1m], by: [channel]}\n"
TIMES = "kpis:\n  time: {help: x, numerator: time_on_site, denominator: sessions, windows: [5m, 1d], by: [device]}\n"
STEPS = """
kpis:
  cart: {help: x, numerator: add_to_cart_sessions, denominator: view_item_sessions, windows: [1h], by: [campaign]}
  left: {help: x, numerator: orders, windows: [1h]}
"""
OWN = """
windows:
  15m: {length: 15m, hop: 5m}
dimensions:
  landing_host: {topic: clickstream, field: page_url, part: host}
  source: utm_source
kpis:
  visits: {help: x, numerator: sessions, windows: [15m, 1d], by: [landing_page, landing_host, source]}
  visitors: {help: x, numerator: visitors, windows: [1m, 1d], by: [source, landing_page]}
  views: {help: x, numerator: page_views, denominator: sessions, windows: [15m], by: [landing_page]}
  revenue: {help: x, numerator: revenue, denominator: orders, windows: [1h], by: [channel]}
"""
PACKAGED = "kpis.yaml"


@dataclass(frozen=True, slots=True)
class Rules:
    """What a shop may set; `kpis`: the text of its kpis.yaml, EVERY for one KPI a measure."""

    kpis: str = PACKAGED
    changes: tuple[tuple[str, Any], ...] = ()

    @property
    def settings(self) -> Settings:
        return Settings(**dict(self.changes))

    @property
    def catalogue(self) -> Catalogue:
        if self.kpis == EVERY:
            return of_all_measures(("channel", "device", "country", "campaign", "landing_page"))
        return load_kpis(KPIS.read_text(encoding="utf-8") if self.kpis == PACKAGED else self.kpis, "kpis.yaml")

    @property
    def orders(self) -> bool:
        """Whether orders are read."""
        feeds = {feed for measure in MEASURES.values() for feed in measure.feeds}
        return not feeds.isdisjoint({*self.catalogue.feeds} - {"clickstream"})


EVERY = "every measure"
CATALOGUES = (PACKAGED, EVERY, FEW, TIMES, STEPS, OWN)
CHANGES: Mapping[str, tuple[Any, ...]] = {
    "bot_events_per_minute": (120, 120, 3, 1),
    "conversion_events": (("purchase",), ("sign_up", "purchase"), ("page_view", "zakup-ż"), ()),
    "session_gap_s": (1_800.0, 60.0),
    "session_retention_s": (86_400.0, 86_400.0, 3_600.0),
    "correction_horizon_clickstream_s": (3_600.0, 600.0, 86_400.0),
    "allowed_lateness_s": (60.0, 10.0),
    "out_of_orderness_s": (5.0, 0.0),
    "order_retention_s": (None, 3_600.0),
}


def some_rules(chance: Chance) -> Rules:
    """Mostly those a shop has by itself."""
    changes = {name: chance.choice(values) for name, values in CHANGES.items() if chance.random() < 0.3}
    return Rules(chance.choice(CATALOGUES), tuple(changes.items()))


@lru_cache(maxsize=64)
def stage_of(rules: Rules, *, native: bool) -> VisitorStage[Any]:
    """As `streams.app` makes it."""
    settings, catalogue = msgspec.structs.replace(rules.settings, native=native), rules.catalogue
    rates = Rates(settings.reporting_currency)
    made = measure_stages(settings, catalogue, PARTITIONS, rates, lambda: None)
    return next(stage for stage in made if isinstance(stage, VisitorStage))

"""The KPIs of the simulation: as they are configured, and as the oracle reckons them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

KPIS = """
kpis:
  conversion_rate:
    help: converting sessions / sessions
    numerator: converting_sessions
    denominator: sessions
    proportion: true
    windows: [1m, 5m]
    by: [channel]
  page_views:
    help: page views
    numerator: page_views
    windows: [1m]
    by: [channel]
  net_average_order_value:
    help: net revenue / orders
    numerator: revenue - refunds
    denominator: orders
    windows: [5m, 1d]
    by: [channel]
  unmatched_refunds:
    help: refunds of unknown orders
    numerator: unmatched_refunds
    windows: [1m]
  new_customers:
    help: customers with their first order in the window
    numerator: new_customers
    windows: [5m, 1d]
    by: [channel]
  interactions:
    help: likes + shares + comments
    numerator: likes + shares + comments
    windows: [1m, 1d]
    by: [platform]
"""

Cell = Mapping[str, int]


@dataclass(frozen=True)
class Formula:
    numerator: Callable[[Cell], int]
    denominator: Callable[[Cell], int] | None
    windows: tuple[str, ...]
    dimension: str | None


FORMULAS = {
    "conversion_rate": Formula(lambda m: m["converting"], lambda m: m["sessions"], ("1m", "5m"), "channel"),
    "page_views": Formula(lambda m: m["page_views"], None, ("1m",), "channel"),
    "net_average_order_value": Formula(
        lambda m: m["revenue"] - m["refunds"], lambda m: m["orders"], ("5m", "1d"), "channel"
    ),
    "unmatched_refunds": Formula(lambda m: m["unmatched"], None, ("1m",), None),
    "new_customers": Formula(lambda m: m["new_customers"], None, ("5m", "1d"), "channel"),
    "interactions": Formula(lambda m: m["interactions"], None, ("1m", "1d"), "platform"),
}

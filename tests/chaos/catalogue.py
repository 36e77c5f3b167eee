"""The KPIs of the chaos runs, as the file the workers read and as the expressions the oracle computes.

A sum of measures is written the same in kpis.yaml and in SQL, so both are made from one line.
"""

from collections.abc import Mapping
from dataclasses import dataclass

WINDOWS = {"1m": (60, 60), "5m": (300, 60), "1h": (3_600, 300), "1d": (86_400, 86_400)}
"""Length and hop of each kind, seconds, aligned to 1970 UTC; as the product's contract has them."""


@dataclass(frozen=True, slots=True)
class Kpi:
    """Measures joined by + and -; `by`: dimensions beside the total."""

    numerator: str
    denominator: str | None = None
    by: tuple[str, ...] = ()
    windows: tuple[str, ...] = tuple(WINDOWS)


Catalogue = Mapping[str, Kpi]

SHOP: Catalogue = {
    "conversion_rate": Kpi("converting_sessions", "sessions", ("channel", "device")),
    "views": Kpi("page_views", by=("country",)),
    "orders": Kpi("orders", by=("country",)),
    "average_order_value": Kpi("revenue", "orders", ("channel",)),
    "net_revenue": Kpi("revenue - refunds", by=("channel",)),
    "interactions": Kpi("likes + shares + comments", by=("platform",)),
    "new_followers": Kpi("new_followers", by=("platform",)),
}
MANY_SEGMENTS: Catalogue = {"views": Kpi("page_views", by=("campaign",), windows=("1m", "1d"))}


def kpis_yaml(catalogue: Catalogue) -> str:
    """The text of kpis.yaml."""
    lines = ["kpis:"]
    for name, kpi in catalogue.items():
        lines += [f"  {name}:", "    help: x", f"    numerator: {kpi.numerator}"]
        lines += [f"    denominator: {kpi.denominator}"] if kpi.denominator else []
        lines += [f"    windows: [{', '.join(kpi.windows)}]", f"    by: [{', '.join(kpi.by)}]"]
    return "\n".join(lines) + "\n"

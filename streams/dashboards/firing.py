"""The alerts that fire, as panels."""

from grafana_foundation_sdk.builders import stat, table
from grafana_foundation_sdk.models.dashboard import Threshold

from streams.dashboards.panels import rows, tile
from streams.dashboards.queries import Query

_LABELS = ("level", "rule", "kpi", "window", "dimension", "segment", "state")
_ABOUT = "Alerts that fire now, and those whose values stay away (no_data)."


def firing(of: str = "") -> str:
    """One series an alert; `of`: labels of those to show."""
    return f"max by ({', '.join(_LABELS)}) (kpi_alert_firing{{{of}}})"


def alerts_tile() -> stat.Panel:
    """How many; nothing where no worker answers, for that is no good news."""
    expr = f"count({firing()}) or 0 * count(kpi_freshness_seconds)"
    steps = (Threshold(None, "green"), Threshold(1, "red"))
    return tile("Alerts", _ABOUT, "short", Query(expr, "firing"), steps=steps, none="no worker answers")


def alerts_table(title: str = "Firing now", of: str = "") -> table.Panel:
    """Which."""
    columns = {label: label.capitalize() for label in _LABELS}
    return rows(title, _ABOUT, "short", Query(firing(of), table=True), columns=columns, none="nothing")

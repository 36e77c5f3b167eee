"""How Grafana writes a KPI."""

from collections.abc import Iterable

from models.kpi import Kpi
from models.kpi_value import Unit


def unit_of(kpi: Kpi, currency: str) -> str:
    """Grafana's unit; `currency`: ISO 4217. A share is written in per cent: a proportion, or a rate."""
    match kpi.unit:
        case Unit.MONEY:
            return f"currency:{currency} "
        case Unit.SECONDS:
            return "s"
        case Unit.COUNT:
            return "short"
        case Unit.RATIO:
            return "percentunit" if kpi.is_share else "short"


def by_unit(kpis: Iterable[Kpi], currency: str) -> dict[str, list[Kpi]]:
    """The KPIs of each of Grafana's units."""
    found: dict[str, list[Kpi]] = {}
    for kpi in kpis:
        found.setdefault(unit_of(kpi, currency), []).append(kpi)
    return found

"""PromQL of the dashboards. Every query is of all workers: while a partition moves, two export one series for a moment.

So `instance` goes, and with it `pod`, which Kubernetes adds and which says the same.
"""

from dataclasses import dataclass
from typing import Final

WEEK: Final = " offset 1w"
NOW: Final = ""
WORKERS: Final = "max without (instance, pod)"

CHOSEN: Final = 'window="$window"'
TOTAL: Final = 'dimension="all"'
SEGMENTS: Final = 'dimension="$dimension"'
SEGMENT: Final = 'dimension="$dimension",segment="$segment"'

ANY_KPI: Final = '__name__=~"kpi_${kpi}(_ratio|_seconds)?"'
"""The metric of the KPI that is chosen: its name, with its unit as suffix or without one."""


@dataclass(frozen=True, slots=True)
class Query:
    """`legend`: Grafana's format, names of labels in double braces. `table`: the last value of each series, as rows."""

    expr: str
    legend: str = ""
    table: bool = False


def shown(metric: str, labels: str, when: str = NOW) -> str:
    """What Prometheus shows of a metric, `when`: now or an offset."""
    return f"{WORKERS} ({metric}{{{labels}}}{when})"


def against(now: str, before: str) -> str:
    """The relative change: 0.1 is a tenth more."""
    return f"{now} / ({before} != 0) - 1"


def by_name(names: str, labels: str, when: str = NOW) -> str:
    """Several KPIs at once, their names as the label `kpi`; `names`: a pattern of metrics."""
    selector = f'{{__name__=~"{names}",{labels}}}{when}'
    named = f'label_replace({selector}, "kpi", "$1", "__name__", "kpi_(.+?)(_ratio|_seconds)?")'
    return f"max by (kpi, window, dimension, segment) ({named})"


def numerator(labels: str) -> str:
    """Of the KPI chosen: value x denominator, or the value of a sum."""
    value = shown("", f"{ANY_KPI},{labels}")
    over = shown("kpi_denominator", f'kpi="$kpi",{labels}')
    return (
        f"{value} * on (window, dimension, segment) {over} or ({value} unless on (window, dimension, segment) {over})"
    )

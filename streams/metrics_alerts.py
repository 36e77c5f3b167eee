"""The alerts that fire, as a metric: what a dashboard marks on its charts and lists beside them."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from prometheus_client.core import GaugeMetricFamily, Metric

from alerting.lifecycle import ALARMED
from streams.monitoring.alert_tables import AlertTables


class Firing(NamedTuple):
    """An alert that fires, as its receivers know it; its fields are the labels of `kpi_alert_firing`."""

    rule: str
    level: str
    state: str
    kpi: str
    window: str
    dimension: str
    segment: str


def firing(tables: AlertTables) -> Iterator[Firing]:
    """Those of one task."""
    for (rule, segment), state in tables.states.rows.items():
        told_as = state.identity
        if state.state in ALARMED and state.level is not None and told_as is not None:
            level, what = state.level.value, state.state.value
            yield Firing(rule, level, what, told_as.kpi, told_as.window, told_as.dimension, segment)


def alert_metrics(alerts: Iterable[Firing]) -> Iterator[Metric]:
    """One series an alert, as long as it fires."""
    text = "1 for every alert that fires, or whose values stay away (state no_data); no series when it is over"
    family = GaugeMetricFamily("kpi_alert_firing", text, labels=Firing._fields)
    for alert in alerts:
        family.add_metric(alert, 1)
    yield family

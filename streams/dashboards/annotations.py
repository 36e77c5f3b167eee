"""What is marked on the charts: alerts, starts of workers, and releases of the shop."""

from grafana_foundation_sdk.builders.dashboard import AnnotationQuery
from grafana_foundation_sdk.cog.builder import Builder
from grafana_foundation_sdk.cog.runtime import UnknownDataquery
from grafana_foundation_sdk.cog.variants import Dataquery
from grafana_foundation_sdk.models.common import DataSourceRef
from grafana_foundation_sdk.models.dashboard import AnnotationQuery as Built

from streams.dashboards.variables import PROMETHEUS

Annotation = Builder[Built]

RELEASE_TAG = "release"
"""A release of the shop posts an annotation with this tag to Grafana's own store: docs/dashboards.md."""


def alerts(of: str = "") -> Annotation:
    """From when an alert begins to when it ends; `of`: labels of those to show."""
    expr = f"max by (rule, level, kpi, dimension, segment) (kpi_alert_firing{{{of}}})"
    marked = _prometheus("Alerts", expr, "red").title_format("{{rule}} ({{level}})").tag_keys("kpi,level")
    return marked.text_format("{{kpi}} of {{dimension}} {{segment}}").step("15s")


def starts() -> Annotation:
    """When a worker was started: a deployment of the monitor, or a fault."""
    started = "max by (instance) (process_start_time_seconds and on (instance, job) kpi_freshness_seconds) * 1000"
    marked = _prometheus("Starts of workers", started, "blue").use_value_for_time(use_value_for_time=True)
    return marked.title_format("worker started").text_format("{{instance}}").step("60s")


def releases() -> Annotation:
    """Those that were posted to Grafana."""
    own = DataSourceRef("grafana", "-- Grafana --")
    return AnnotationQuery().name("Releases").datasource(own).enable(enable=True).icon_color("purple").target(_Tagged())


class _Tagged(Builder[Dataquery]):
    """The query of Grafana's own store, for which the SDK has no builder that fits."""

    def build(self) -> Dataquery:
        """Those with the tag."""
        return UnknownDataquery({"type": "tags", "tags": [RELEASE_TAG], "limit": 100, "matchAny": False})


def _prometheus(name: str, expr: str, colour: str) -> AnnotationQuery:
    return AnnotationQuery().name(name).datasource(PROMETHEUS).enable(enable=True).icon_color(colour).expr(expr)

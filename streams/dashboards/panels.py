"""The panels of the house: all with a title, what they mean, a unit, and queries of the Prometheus that is chosen."""

from collections.abc import Mapping, Sequence
from typing import TypeVar

from grafana_foundation_sdk.builders import bargauge, common, prometheus, stat, table, timeseries
from grafana_foundation_sdk.builders.dashboard import DashboardLink, ThresholdsConfig
from grafana_foundation_sdk.cog.builder import Builder
from grafana_foundation_sdk.models import dashboard
from grafana_foundation_sdk.models.common import (
    BarGaugeDisplayMode,
    BigValueColorMode,
    BigValueGraphMode,
    BigValueTextMode,
    GraphThresholdsStyleMode,
    LegendDisplayMode,
    LegendPlacement,
    LineInterpolation,
    SortOrder,
    StackingMode,
    TooltipDisplayMode,
    VisibilityMode,
    VizOrientation,
)
from grafana_foundation_sdk.models.dashboard import (
    DashboardLinkType,
    DataTransformerConfig,
    DynamicConfigValue,
    Threshold,
    ThresholdsMode,
)
from grafana_foundation_sdk.models.prometheus import PromQueryFormat

from streams.dashboards.queries import Query
from streams.dashboards.variables import PROMETHEUS

Panel = Builder[dashboard.Panel]
P = TypeVar("P", stat.Panel, timeseries.Panel, bargauge.Panel, table.Panel)

NEUTRAL = (Threshold(None, "blue"),)
_DASHED = {"fill": "dash", "dash": [6, 6]}


def tile(
    title: str, about: str, unit: str, *queries: Query, steps: Sequence[Threshold] = NEUTRAL, none: str = "no value"
) -> stat.Panel:
    """The value now, big; `steps`: its colours, `none`: what is said without a value.

    Asked for this moment: the last of a range would go on showing what a dead worker said.
    """
    last = common.ReduceDataOptions().calcs(["lastNotNull"]).fields("").values(values=False)
    panel = stat.Panel().reduce_options(last).graph_mode(BigValueGraphMode.NONE)
    panel = panel.color_mode(BigValueColorMode.VALUE).text_mode(BigValueTextMode.VALUE_AND_NAME)
    panel = panel.thresholds(_steps(steps)).no_value(none)
    return _dressed(panel, title, about, unit, queries, now=True)


def chart(
    title: str, about: str, unit: str, *queries: Query, steps: Sequence[Threshold] = NEUTRAL, stacked: bool = False
) -> timeseries.Panel:
    """Lines over time; `steps` with a limit are drawn as lines."""
    legend = common.VizLegendOptions().show_legend(show_legend=True).display_mode(LegendDisplayMode.LIST)
    tooltip = common.VizTooltipOptions().mode(TooltipDisplayMode.MULTI).sort(SortOrder.DESCENDING)
    panel = timeseries.Panel().legend(legend.placement(LegendPlacement.BOTTOM).calcs([])).tooltip(tooltip)
    panel = panel.line_interpolation(LineInterpolation.STEP_AFTER).show_points(VisibilityMode.NEVER)
    panel = panel.line_width(2).fill_opacity(10 if stacked else 0)
    drawn = GraphThresholdsStyleMode.LINE if len(steps) > 1 else GraphThresholdsStyleMode.OFF
    panel = panel.thresholds_style(common.GraphThresholdsStyleConfig().mode(drawn)).thresholds(_steps(steps))
    if stacked:
        panel = panel.stacking(common.StackingConfig().mode(StackingMode.NORMAL).group("A"))
    return _dressed(panel, title, about, unit, queries)


def bars(title: str, about: str, unit: str, query: Query) -> bargauge.Panel:
    """One bar a segment, as long as it is now."""
    last = common.ReduceDataOptions().calcs(["lastNotNull"]).fields("").values(values=False)
    panel = bargauge.Panel().reduce_options(last).orientation(VizOrientation.HORIZONTAL)
    panel = panel.display_mode(BarGaugeDisplayMode.BASIC).show_unfilled(show_unfilled=True).thresholds(_steps(NEUTRAL))
    return _dressed(panel, title, about, unit, [query], now=True)


def rows(title: str, about: str, unit: str, *queries: Query, columns: Mapping[str, str], none: str) -> table.Panel:
    """A table; `columns`: heads by field, in their order: labels, and `Value #A` of query A. The rest is hidden.

    `none`: what is said of a cell without a value.
    """
    order = {field: index for index, field in enumerate(columns)}
    organize = {"indexByName": order, "renameByName": dict(columns), "includeByName": dict.fromkeys(columns, True)}
    panel = table.Panel().show_header(show_header=True).no_value(none)
    panel = panel.with_transformation(DataTransformerConfig(id_val="merge", options={}))
    panel = panel.with_transformation(DataTransformerConfig(id_val="organize", options=organize))
    return _dressed(panel, title, about, unit, queries, now=True)


def before(panel: timeseries.Panel, name: str) -> timeseries.Panel:
    """A line of the past: thin, grey, dashed."""
    return panel.override_by_name(
        name,
        [
            DynamicConfigValue("color", {"mode": "fixed", "fixedColor": "text"}),
            DynamicConfigValue("custom.lineStyle", _DASHED),
            DynamicConfigValue("custom.lineWidth", 1),
        ],
    )


def band(panel: timeseries.Panel, upper: str, lower: str) -> timeseries.Panel:
    """An interval: what is between its ends is filled."""
    faint = [
        DynamicConfigValue("custom.lineWidth", 0),
        DynamicConfigValue("color", {"mode": "fixed", "fixedColor": "blue"}),
    ]
    filled = [DynamicConfigValue("custom.fillBelowTo", lower), DynamicConfigValue("custom.fillOpacity", 15)]
    return panel.override_by_name(upper, [*faint, *filled]).override_by_name(lower, faint)


def change(panel: stat.Panel, name: str) -> stat.Panel:
    """A value that is a relative change, beside one in another unit: without colours of its own."""
    neutral = {"mode": "absolute", "steps": [{"value": None, "color": "text"}]}
    return panel.override_by_name(
        name, [DynamicConfigValue("unit", "percentunit"), DynamicConfigValue("thresholds", neutral)]
    )


def units(panel: P, by_pattern: Mapping[str, str]) -> P:
    """Units of the fields whose names match a pattern, for a panel whose KPI is chosen by the reader."""
    for pattern, unit in by_pattern.items():
        panel.override_by_regexp(pattern, [DynamicConfigValue("unit", unit)])
    return panel


def link(title: str, url: str) -> DashboardLink:
    """To another dashboard, from a panel or from one of its values."""
    return DashboardLink(title).type(DashboardLinkType.LINK).url(url)


def _dressed(panel: P, title: str, about: str, unit: str, queries: Sequence[Query], *, now: bool = False) -> P:
    panel.title(title).description(about).unit(unit).datasource(PROMETHEUS)
    for letter, query in zip("ABCDEFGH", queries, strict=False):
        target = prometheus.Dataquery().expr(query.expr).ref_id(letter).legend_format(query.legend)
        target = target.format(PromQueryFormat.TABLE if query.table else PromQueryFormat.TIME_SERIES)
        panel.with_target(target.instant() if now else target.range())
    return panel


def _steps(steps: Sequence[Threshold]) -> ThresholdsConfig:
    return ThresholdsConfig().mode(ThresholdsMode.ABSOLUTE).steps(list(steps))

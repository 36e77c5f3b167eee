"""One segment: all of its KPIs, beside last week and beside the total."""

from collections.abc import Iterator

from grafana_foundation_sdk.models.dashboard import Dashboard

from models.kpi_value import Unit
from streams.dashboards import annotations, variables
from streams.dashboards.defined import Defined
from streams.dashboards.firing import alerts_table
from streams.dashboards.frame import EXPLORE, INCIDENT, Placed, Row, framed
from streams.dashboards.panels import chart, link, rows, units
from streams.dashboards.queries import CHOSEN, SEGMENT, TOTAL, WEEK, Query, against, by_name

ALL = "kpi_.+"
OTHERS = "kpi_(denominator|alert_firing|interval_lower_ratio|interval_upper_ratio)"
"""Of the metrics with the same labels, those that are no KPI."""

ITS = f'{CHOSEN},{SEGMENT},__name__!~"{OTHERS}"'


def build(defined: Defined) -> Dashboard:
    """The dashboard `kpi-explore`."""
    first = defined.windows[-1]
    of = f'{{{CHOSEN},dimension="$dimension"}}'
    return framed(
        EXPLORE,
        "KPI / Explore a segment",
        "All KPIs of a channel, a device, a campaign: now, last week, and its share of the total.",
        variables=[
            variables.datasource(),
            variables.choice("window", "Window", "Length of the windows, event time", defined.all_windows, first),
            variables.choice("dimension", "Dimension", "Those of some KPI", defined.dimensions, defined.dimensions[0]),
            variables.labels("segment", "Segment", "Those that have values", of, "(not set)"),
        ],
        annotations=[annotations.alerts('dimension="$dimension",segment="$segment"'), annotations.starts()],
        rows=[
            Row("$segment, $window", list(_table(defined))),
            Row("Over time", list(_charts(defined))),
            Row("Alerts of $segment", [Placed(alerts_table("Firing now of $segment", SEGMENT), 24, 6)]),
        ],
    )


def _table(defined: Defined) -> Iterator[Placed]:
    now, ago = by_name(ALL, ITS), by_name(ALL, ITS, WEEK)
    denominator = f"max by (kpi, window, dimension, segment) (kpi_denominator{{{CHOSEN},{SEGMENT}}})"
    columns = {
        "kpi": "KPI",
        "Value #A": "Now",
        "Value #B": "Last week",
        "Value #C": "Change",
        "Value #D": "Denominator",
    }
    about = (
        "Every KPI of the segment in its own unit: shares as 0 to 1, times in seconds, money in major units. A ratio "
        "over few (denominator) says little."
    )
    queries = (Query(expr, table=True) for expr in (now, ago, against(now, ago), denominator))
    table = rows("KPIs of $segment", about, "none", *queries, columns=columns, none="a sum, or new")
    to = f"/d/{INCIDENT}?var-kpi=${{__data.fields.KPI}}&" + variables.queryparams(("datasource", "window", "dimension"))
    yield Placed(units(table, {"/^Change$/": "percentunit"}).data_links([link("Incident", to)]), 14, 12)
    about = "Of what adds up, counts and money: the part of the total that this segment is. Visitors overlap."
    sums = "|".join(
        kpi.metric for kpi in defined.kpis if kpi.by and kpi.unit in {Unit.COUNT, Unit.MONEY} and not kpi.denominator
    )
    of, total = by_name(sums, f"{CHOSEN},{SEGMENT}"), by_name(sums, f"{CHOSEN},{TOTAL}")
    share = f"{of} / on (kpi) ({total} != 0)"
    yield Placed(chart("Share of the total", about, "percentunit", Query(share, "{{kpi}}")), 10, 12)


_HEADS = {"percentunit": "Shares", "s": "Times", "short": "Counts and ratios"}


def _charts(defined: Defined) -> Iterator[Placed]:
    for unit, metrics in defined.metrics_by_unit.items():
        head = _HEADS.get(unit, "Money")
        about = (
            f"{head} of the segment over time, in {defined.currency if head == 'Money' else 'the unit of the axis'}."
        )
        query = Query(by_name(metrics, f"{CHOSEN},{SEGMENT}"), "{{kpi}}")
        yield Placed(chart(head, about, unit, query), 12, 9)

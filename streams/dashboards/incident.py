"""What happened to one KPI: how sure is it, over how much, against last week, and which segments did it."""

from collections.abc import Iterator

from grafana_foundation_sdk.models.dashboard import Dashboard

from streams.dashboards import annotations, contributions, variables
from streams.dashboards.defined import Defined
from streams.dashboards.firing import alerts_table
from streams.dashboards.frame import EXPLORE, INCIDENT, Placed, Row, framed
from streams.dashboards.panels import band, bars, before, change, chart, link, rows, tile, units
from streams.dashboards.queries import ANY_KPI, CHOSEN, SEGMENTS, TOTAL, WEEK, Query, against, numerator, shown

SEGMENTS_SHOWN = 12
OF_KPI = 'kpi="$kpi"'
NOW, AGO = "$kpi", "$kpi last week"
LOWER, UPPER = "$kpi lower", "$kpi upper"
VALUE, BEFORE = (shown("", f"{ANY_KPI},{CHOSEN},{TOTAL}", when) for when in ("", WEEK))
DENOMINATOR = shown("kpi_denominator", f"{OF_KPI},{CHOSEN},{TOTAL}")


def build(defined: Defined) -> Dashboard:
    """The dashboard `kpi-incident`."""
    of_metric = f"{{{ANY_KPI}}}"
    first = defined.kpis[0]
    return framed(
        INCIDENT,
        "KPI / Incident",
        "One KPI: what it is made of, how sure it is, and which segments changed it since last week.",
        variables=[
            variables.datasource(),
            variables.choice("kpi", "KPI", "Those of kpis.yaml", [kpi.name for kpi in defined.kpis], first.name),
            variables.labels("window", "Window", "Those of the KPI", of_metric, first.windows[-1]),
            variables.labels(
                "dimension", "By", "What its segments are of", f'{{{ANY_KPI},dimension!="all"}}', first.by[0]
            ),
        ],
        annotations=[annotations.alerts(OF_KPI), annotations.starts(), annotations.releases()],
        rows=[
            Row("$kpi, $window", list(_total(defined))),
            Row("By $dimension", list(_segments(defined))),
            Row("Alerts of $kpi", [Placed(alerts_table("Firing now of $kpi", OF_KPI), 24, 6)]),
        ],
    )


def _total(defined: Defined) -> Iterator[Placed]:
    patterns = defined.unit_patterns
    about = "The total now, and its relative change since the same moment of last week."
    now = tile("$kpi", about, "short", Query(VALUE, NOW), Query(against(VALUE, BEFORE), "change"))
    yield Placed(change(units(now, patterns), "change"), 6, 6)
    about = (
        "What the value is over: events, sessions or customers. None of a sum. Few of them make a ratio jump by chance."
    )
    yield Placed(tile("Denominator", about, "short", Query(DENOMINATOR, "over"), none="it is a sum"), 6, 6)
    ends = (shown(f"kpi_interval_{end}_ratio", f"{OF_KPI},{CHOSEN},{TOTAL}") for end in ("lower", "upper"))
    lower, upper = (Query(expr, name) for expr, name in zip(ends, (LOWER, UPPER), strict=True))
    about = "Ends of the 95 % Wilson interval, of a KPI that is a share: a change within it may be chance."
    yield Placed(tile("Interval", about, "percentunit", lower, upper, none="it is no share"), 6, 6)
    about = "Numerator in the unit of the KPI: value x denominator; of a sum its value."
    parts = chart("Numerator", about, "short", Query(numerator(f"{CHOSEN},{TOTAL}"), f"{NOW} numerator"))
    yield Placed(units(parts, _of_numerators(defined)), 6, 6)
    about = "The total with its interval, and the same moment of last week."
    over = chart("$kpi over time", about, "short", Query(VALUE, NOW), Query(BEFORE, AGO), lower, upper)
    yield Placed(band(before(units(over, patterns), AGO), UPPER, LOWER), 16, 9)
    about = "The denominator now and last week: whether there is more or less of what the KPI is over."
    ago = shown("kpi_denominator", f"{OF_KPI},{CHOSEN},{TOTAL}", WEEK)
    volume = chart("Denominator over time", about, "short", Query(DENOMINATOR, "now"), Query(ago, "last week"))
    yield Placed(before(volume, "last week"), 8, 9)


def _of_numerators(defined: Defined) -> dict[str, str]:
    """A share's numerator is a count."""
    return {pattern: unit for pattern, unit in defined.unit_patterns.items() if unit not in {"percentunit", "short"}}


def _segments(defined: Defined) -> Iterator[Placed]:
    patterns = defined.unit_patterns
    to = f"/d/{EXPLORE}?var-segment=${{__field.labels.segment}}&" + variables.queryparams(
        ("datasource", "window", "dimension")
    )
    about = "The greatest segments of $dimension; the choice is made anew at every moment."
    by = f"topk({SEGMENTS_SHOWN}, {shown('', f'{ANY_KPI},{CHOSEN},{SEGMENTS}')})"
    over = units(chart("$kpi by $dimension", about, "short", Query(by, "$kpi {{segment}}")), patterns)
    yield Placed(over.data_links([link("Explore this segment", to)]), 12, 10)
    about = (
        "What each segment adds to the change of the total since last week, shares as 0 to 1. Of a ratio it has "
        "two parts: rate, the segment itself changed; mix, its weight did. A ratio with more than a hundred segments "
        "has none here: `kpi alerts --why` tells."
    )
    columns = {"segment": "Segment", "Value #A": "Change", "Value #B": "Rate", "Value #C": "Mix"}
    parts = (contributions.change(), contributions.rate(), contributions.mix())
    table = rows(
        "Contribution by $dimension",
        about,
        "none",
        *(Query(part, table=True) for part in parts),
        columns=columns,
        none="no parts",
    )
    yield Placed(table, 12, 10)
    about = "The contributions as bars: the greatest pull the total up or down."
    most = bars(
        "Contribution, greatest", about, "short", Query(f"topk(6, {contributions.change()})", "$kpi {{segment}}")
    )
    yield Placed(units(most, patterns), 12, 7)
    least = bars(
        "Contribution, least", about, "short", Query(f"bottomk(6, {contributions.change()})", "$kpi {{segment}}")
    )
    yield Placed(units(least, patterns), 12, 7)

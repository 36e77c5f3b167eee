"""Is the business well? Every KPI now, against its goal and last week, and by channel; a row a family."""

from collections.abc import Iterator

from grafana_foundation_sdk.builders import bargauge, stat, timeseries
from grafana_foundation_sdk.models.dashboard import Dashboard, Threshold

from models.goal import GoalKind, GoalKpi, goals_of
from models.kpi import Kpi
from streams.dashboards import annotations, variables
from streams.dashboards.defined import Defined
from streams.dashboards.families import families
from streams.dashboards.firing import alerts_table, alerts_tile
from streams.dashboards.frame import BUSINESS, EXPLORE, INCIDENT, Placed, Row, framed
from streams.dashboards.panels import bars, before, change, chart, link, tile
from streams.dashboards.pipeline import freshness_tile
from streams.dashboards.queries import NOW, TOTAL, WEEK, Query, against, by_name, shown
from streams.dashboards.thresholds import thresholds

OPEN = 2  # rows of families that are open at first: what is closed asks nothing
HEIGHT = 6
SEGMENTS_SHOWN = 10
LAST_WEEK, CHANGE = "last week", "against last week"
REACHED = (Threshold(None, "red"), Threshold(0.9, "orange"), Threshold(1, "green"))
"""Of an attainment at the end of its window; in the middle of one the expected line says more."""


def build(defined: Defined) -> Dashboard:
    """The dashboard `kpi-business`."""
    groups = families(defined.kpis).items()
    rows = (
        Row(family.value, list(_family(defined, kpis)), closed=number >= OPEN)
        for number, (family, kpis) in enumerate(groups)
    )
    windows = defined.windows
    about = (
        "The total of the window that was open at the time: a day is the day so far, beside last week's at that hour."
    )
    return framed(
        BUSINESS,
        "KPI / Business",
        about,
        variables=[
            variables.datasource(),
            variables.choice("window", "Window", "Length of the windows, event time", windows, windows[-1]),
        ],
        annotations=[annotations.alerts(), annotations.starts(), annotations.releases()],
        rows=[Row("At a glance", list(_glance())), *rows],
    )


def _glance() -> Iterator[Placed]:
    yield Placed(alerts_tile(), 4, HEIGHT)
    yield Placed(freshness_tile(), 4, HEIGHT)
    about = "What of each target is reached, in its window: a day or a month so far. Targets are set in kpis.yaml."
    reached = by_name("kpi_.+_attainment_ratio", TOTAL)
    goals = bars("Goals reached", about, "percentunit", Query(reached, "{{kpi}} {{window}}"))
    yield Placed(goals.no_value("no KPI has a target"), 6, HEIGHT)
    yield Placed(alerts_table(), 10, HEIGHT)


def _family(defined: Defined, kpis: list[Kpi]) -> Iterator[Placed]:
    for kpi in kpis:
        by, goals = _dimension(kpi), list(goals_of(kpi))
        yield Placed(_now(defined, kpi), 4, HEIGHT)
        if goals:
            yield Placed(_goal(kpi, goals), 4, HEIGHT)
        yield Placed(_over_time(defined, kpi, goals), (12 if by else 20) - (4 if goals else 0), HEIGHT)
        if by:
            yield Placed(_by(defined, kpi, by), 8, HEIGHT)


def _now(defined: Defined, kpi: Kpi) -> stat.Panel:
    now, ago = (shown(kpi.metric, f"{_window(defined, kpi)},{TOTAL}", when) for when in (NOW, WEEK))
    steps = thresholds(kpi, defined.fixed_window(kpi), defined.rules)
    queries = (Query(now, "now"), Query(against(now, ago), CHANGE))
    panel = tile(_title(defined, kpi), defined.about(kpi), defined.unit(kpi), *queries, steps=steps)
    window = f"var-window={fixed}" if (fixed := defined.fixed_window(kpi)) else "${window:queryparam}"
    handed = variables.queryparams(["datasource"])
    return change(panel, CHANGE).links([link("Incident", f"/d/{INCIDENT}?var-kpi={kpi.name}&{window}&{handed}")])


def _goal(kpi: Kpi, goals: list[GoalKpi]) -> stat.Panel:
    """In the first window that has a target."""
    window, metrics = goals[0].windows[0], {goal.kind: goal.metric for goal in goals}
    labels = f'window="{window}",{TOTAL}'
    reached = Query(shown(metrics[GoalKind.ATTAINMENT], labels), "of the target")
    ahead = against(shown(kpi.metric, labels), shown(metrics[GoalKind.EXPECTED], labels))
    about = (
        f"Target of {kpi.name} in {window}: what of it is reached, and how far it is ahead of what is expected by now."
    )
    queries = (reached, Query(ahead, "against expected"))
    return tile(f"{_words(kpi)}, goal {window}", about, "percentunit", *queries, steps=REACHED)


def _over_time(defined: Defined, kpi: Kpi, goals: list[GoalKpi]) -> timeseries.Panel:
    labels, unit = f"{_window(defined, kpi)},{TOTAL}", defined.unit(kpi)
    queries = [Query(shown(kpi.metric, labels), "now"), Query(shown(kpi.metric, labels, WEEK), LAST_WEEK)]
    for goal in goals:
        if goal.kind in {GoalKind.TARGET, GoalKind.EXPECTED}:
            expr = shown(goal.metric, f'window="{goal.windows[0]}",{TOTAL}')
            queries.append(Query(expr, f"{goal.kind.value} {goal.windows[0]}"))
    steps = thresholds(kpi, defined.fixed_window(kpi), defined.rules)
    title = f"{_title(defined, kpi)} over time"
    return before(chart(title, defined.about(kpi), unit, *queries, steps=steps), LAST_WEEK)


def _by(defined: Defined, kpi: Kpi, dimension: str) -> bargauge.Panel:
    labels = f'{_window(defined, kpi)},dimension="{dimension}"'
    query = Query(f"topk({SEGMENTS_SHOWN}, {shown(kpi.metric, labels)})", "{{segment}}")
    about = f"{defined.about(kpi)} The {SEGMENTS_SHOWN} greatest."
    panel = bars(f"{_title(defined, kpi)} by {dimension}", about, defined.unit(kpi), query)
    handed = variables.queryparams(["datasource", "window"])
    segment = f"var-dimension={dimension}&var-segment=${{__field.labels.segment}}"
    return panel.data_links([link("Explore this segment", f"/d/{EXPLORE}?{segment}&{handed}")])


def _dimension(kpi: Kpi) -> str | None:
    """The one to show it by."""
    return "channel" if "channel" in kpi.by else next(iter(kpi.by), None)


def _window(defined: Defined, kpi: Kpi) -> str:
    return f'window="{defined.fixed_window(kpi) or "$window"}"'


def _title(defined: Defined, kpi: Kpi) -> str:
    return f"{_words(kpi)}, {defined.fixed_window(kpi) or '$window'}"


def _words(kpi: Kpi) -> str:
    return kpi.name.replace("_", " ").capitalize()

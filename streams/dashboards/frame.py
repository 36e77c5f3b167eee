"""What every dashboard has: a uid that stays, the links to the others, and panels on a grid of 24 columns."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from grafana_foundation_sdk.builders.dashboard import Dashboard, DashboardLink
from grafana_foundation_sdk.builders.dashboard import Row as RowBuilder
from grafana_foundation_sdk.models import dashboard
from grafana_foundation_sdk.models.dashboard import DashboardCursorSync, DashboardLinkType, GridPos, RowPanel

from streams.dashboards.annotations import Annotation
from streams.dashboards.panels import Panel
from streams.dashboards.variables import Variable

TAG: Final = "kpi"
COLUMNS: Final = 24

BUSINESS, INCIDENT, PIPELINE, EXPLORE = "kpi-business", "kpi-incident", "kpi-pipeline", "kpi-explore"
"""Uids: links and bookmarks hold on to them."""


@dataclass(frozen=True, slots=True)
class Placed:
    """A panel with its width in columns and its height in grid units (30 pixels)."""

    panel: Panel
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class Row:
    """Panels from left to right and on below; those of a `closed` row ask nothing before it is opened."""

    title: str
    panels: Sequence[Placed]
    closed: bool = False


def framed(
    uid: str,
    title: str,
    about: str,
    *,
    variables: Iterable[Variable],
    annotations: Iterable[Annotation],
    rows: Iterable[Row],
    since: str = "now-24h",
) -> dashboard.Dashboard:
    """A whole dashboard; `since`: the time it shows at first."""
    made = Dashboard(title).uid(uid).description(about).tags([TAG]).time(since, "now").refresh("30s")
    made = made.tooltip(DashboardCursorSync.CROSSHAIR).editable().links([_others()])
    made = made.variables(list(variables)).annotations(list(annotations))
    built = made.build()
    built.panels = _placed(rows)
    return built


def _others() -> DashboardLink:
    """All of the house, with the variables and the time of this one."""
    link = DashboardLink("KPI dashboards").type(DashboardLinkType.DASHBOARDS).tags([TAG]).icon("dashboard")
    return link.include_vars(include_vars=True).keep_time(keep_time=True).as_dropdown(as_dropdown=False)


def _placed(rows: Iterable[Row]) -> list[dashboard.Panel | RowPanel]:
    """Numbered, and put on the grid: a closed row takes one line, as what is in it is not there yet."""
    found: list[dashboard.Panel | RowPanel] = []
    top, number = 0, 1
    for row in rows:
        panels, end = _filled(row.panels, top + 1, number + 1)
        head = RowBuilder(row.title).id(number).grid_pos(GridPos(1, COLUMNS, 0, top)).collapsed(collapsed=row.closed)
        built = head.build()
        if row.closed:
            built.panels = panels
        found += [built, *([] if row.closed else panels)]
        top, number = (top + 1 if row.closed else end), number + 1 + len(panels)
    return found


def _filled(placed: Iterable[Placed], top: int, first: int) -> tuple[list[dashboard.Panel], int]:
    """Panels by reading order, and the line below them."""
    panels, x, height = [], 0, 0
    for number, one in enumerate(placed, first):
        if x + one.width > COLUMNS:
            x, top, height = 0, top + height, 0
        panel = one.panel.build()
        panel.id_val, panel.grid_pos = number, GridPos(one.height, one.width, x, top)
        panels.append(panel)
        x, height = x + one.width, max(height, one.height)
    return panels, top + height

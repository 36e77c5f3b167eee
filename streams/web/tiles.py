"""Tiles: each KPI at a glance."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final

import msgspec

from alerting.notification import Notification
from models.goal import GoalKind, goals_of
from models.kpi import Kpi
from streams.web.alert_book import of_kpi
from streams.web.answers import Goal, LinedTile, Tile
from streams.web.catalogue_answer import topics_of
from streams.web.lines import Lines, last, line
from streams.web.pipeline import Pipeline
from streams.web.row import Row

LINE: Final = 60


@dataclass(frozen=True, slots=True)
class Tiles:
    """Of the KPIs of the catalogue, goals aside."""

    kpis: Mapping[str, Kpi]
    lines: Lines
    pipeline: Pipeline

    def of_window(self, window: str, firing: Iterable[Notification]) -> Iterator[Tile]:
        """In the order of the catalogue, those that have the window."""
        its = list(firing)
        return (self._tile(kpi, window, its) for kpi in self.kpis.values() if window in kpi.windows)

    def lined(self, tile: Tile) -> LinedTile:
        """With its line."""
        row = self.lines.store.row(tile.kpi, tile.window)
        points = [] if row is None else row.points(LINE)
        return LinedTile(**msgspec.structs.asdict(tile), line=line(self.kpis[tile.kpi], points))

    def _tile(self, kpi: Kpi, window: str, firing: Iterable[Notification]) -> Tile:
        row = self.lines.store.row(kpi.name, window)
        shares = self.pipeline.shares(topics_of(kpi))
        return Tile(
            kpi.name,
            window,
            last(row),
            self.lines.week_ago(row),
            self._goal(kpi, window, row),
            shares.unread,
            shares.late,
            shares.invalid,
            of_kpi(firing, (kpi.name, *(goal.name for goal in goals_of(kpi)))),
        )

    def _goal(self, kpi: Kpi, window: str, row: Row | None) -> Goal | None:
        if row is None or row.last_s is None or kpi.target is None or window not in kpi.target.windows:
            return None
        return Goal(*(self._value(f"{kpi.name}_{kind}", window, row.last_s) for kind in GoalKind))

    def _value(self, name: str, window: str, start_s: int) -> float | None:
        row = self.lines.store.row(name, window)
        point = None if row is None else row.at(start_s)
        return None if point is None else point.value

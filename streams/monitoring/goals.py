"""Goals: beside each value of a KPI with a target what the target says of it.

What is expected by now, and a forecast, move without events: they are published again when an open window's turn comes,
as a silent shop is behind. They count revisions of their own, in the cell of their window.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, tzinfo
from functools import cached_property

import msgspec

from models.goal import GoalKind, GoalKpi, goal_value, goals_of
from models.kpi import Kpi
from models.kpi_value import KpiValue, Series, Status
from models.pace import LEARNT_FROM, local, share_of
from models.slices import TOTAL
from models.target import PPM, Target
from models.window import Window
from streams.monitoring.paces import Paces
from streams.monitoring.tables import MonitorTables, Told
from streams.monitoring.values import Group, Moment, Span, kpi_value

MOVING = (GoalKind.EXPECTED, GoalKind.FORECAST)
"""What changes as time goes by."""


@dataclass(frozen=True, slots=True)
class _Goal:
    """A KPI with a target, in one window."""

    kpi: Kpi
    target: Target
    group: Group
    window: Window
    goals: tuple[GoalKpi, ...]

    @property
    def series(self) -> Series:
        return Series(self.kpi.name, self.window.name, *TOTAL)


@dataclass(frozen=True)
class Goals:
    """The KPIs with a target, of these groups. `zone`: of days, hours and months."""

    groups: tuple[Group, ...] = ()
    windows: Mapping[str, Window] = field(default_factory=dict)
    zone: tzinfo = UTC

    @cached_property
    def _by_series(self) -> dict[Series, _Goal]:
        found = (
            _Goal(kpi, kpi.target, group, self.windows[name], tuple(goals_of(kpi)))
            for group in self.groups
            for kpi in group.kpis
            if kpi.target is not None
            for name in kpi.target.windows
        )
        return {goal.series: goal for goal in found}

    @cached_property
    def _taught(self) -> dict[Series, Kpi]:
        learning = (goal.kpi for goal in self._by_series.values() if goal.target.curve is None)
        return {Series(kpi.name, LEARNT_FROM, *TOTAL): kpi for kpi in learning}

    def learn(self, paces: Paces, values: Iterable[KpiValue]) -> None:
        """Take what is final of the hours that begin with a local hour; changes the paces."""
        for value in values if self._taught else ():
            kpi = self._taught.get(value.series)
            if kpi is None or value.status is Status.PROVISIONAL:
                continue
            if local(value.start_us, self.zone).minute == 0:
                paces.learn(kpi, value.start_us, value.numerator, self.zone)

    def published(
        self, tables: MonitorTables, values: Iterable[KpiValue], now_us: int, digits: int
    ) -> Iterator[KpiValue]:
        """Beside these values, and where time alone has moved them; counts their revisions."""
        for value in values if self._by_series else ():
            if goal := self._by_series.get(value.series):
                yield from self._told(tables, goal, value, tuple(GoalKind))
        for series, goal in self._by_series.items():
            moved = self._moved(tables, goal, tables.told.get(series), now_us, digits)
            if moved is not None:
                yield from self._told(tables, goal, moved, MOVING)

    def shown(self, paces: Paces, value: KpiValue) -> Iterator[KpiValue]:
        """What Prometheus shows beside a value."""
        if goal := self._by_series.get(value.series):
            share = self._share(paces, goal, value)
            for one in goal.goals:
                yield goal_value(one, value, share)

    def _told(
        self, tables: MonitorTables, goal: _Goal, value: KpiValue, kinds: tuple[GoalKind, ...]
    ) -> Iterator[KpiValue]:
        number = goal.window.grid.pane(value.start_us)
        share = self._share(tables.paces, goal, value)
        if value.status is Status.PROVISIONAL:
            tables.told[goal.series] = Told(number, share, value.emitted_us)
        revisions = tables.cells.revisions(goal.group.home, goal.window.name, number, TOTAL)
        for one in goal.goals:
            if one.kind in kinds:
                revision = revisions[one.name] = revisions.get(one.name, 0) + 1
                yield msgspec.structs.replace(goal_value(one, value, share), revision=revision)

    def _moved(
        self, tables: MonitorTables, goal: _Goal, told: Told | None, now_us: int, digits: int
    ) -> KpiValue | None:
        """The value of an open window, if its goals were told before, some time ago, and are no longer the same."""
        watermark_us = tables.groups.rows.get(goal.group.key)
        rested = told is not None and now_us - told.at_us >= goal.window.provisional_every_us
        if watermark_us is None or told is None or not rested or goal.kpi.denominator is not None:
            return None
        number = goal.window.earliest_open(watermark_us)
        measured = tables.cells.measured(goal.group.clocks, goal.window.name, number, TOTAL)
        if number != told.number or not measured:
            return None
        moment = Moment(Status.PROVISIONAL, watermark_us, now_us, digits)
        value = kpi_value(goal.kpi, TOTAL, Span.of(goal.window, number), measured, 0, moment)
        return value if self._share(tables.paces, goal, value) != told.share else None

    def _share(self, paces: Paces, goal: _Goal, value: KpiValue) -> int | None:
        """Of the window that is usually reached by the value's watermark, in parts per million."""
        at_us = min(max(value.watermark_us, value.start_us), value.end_us)
        if at_us == value.end_us:
            return PPM
        curve = goal.target.curve or paces.curve(goal.kpi, at_us, self.zone)
        return None if curve is None else share_of(curve, value.start_us, value.end_us, at_us, self.zone)

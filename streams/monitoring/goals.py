"""Goals: beside each value of a KPI with a target what the target says of it, and the pace that is learnt for it."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, tzinfo

from models.goal import GoalKpi, goal_value, goals_of
from models.kpi import Kpi
from models.kpi_value import KpiValue, Series, Status
from models.pace import KEPT_DAYS, LEARNT_FROM, day_of, learnt, local, share_of
from models.slices import TOTAL
from models.table import Table, packed_codec
from models.target import Curve, Target

PaceKey = tuple[str, str, int]
"""KPI, the hash of its definition, day (proleptic ordinal): what another definition taught is not mixed in."""

Counted = dict[int, int]
"""What was counted in each hour of a day, by the start of the hour (us since 1970 UTC)."""


def pace_table() -> Table[PaceKey, Counted]:
    """Of a task: five weeks of hours of the KPIs whose pace is learnt."""
    return Table("paces", packed_codec(Counted, PaceKey))


@dataclass(slots=True)
class Paces:
    """What was counted in the hours of the last weeks. Not stored: the curves that follow, by KPI and day."""

    table: Table[PaceKey, Counted] = field(default_factory=pace_table)
    _curves: dict[tuple[str, int], Curve | None] = field(default_factory=dict)

    def learn(self, kpi: Kpi, start_us: int, counted: int, zone: tzinfo) -> None:
        """Take a final or corrected hour; days that teach nothing any more are let go."""
        day = day_of(start_us, zone)
        key = (kpi.name, kpi.definition, day)
        if key in self.table.rows:
            self.table.rows[key][start_us] = counted
            self.table.touch(key)
        else:
            self.table.put(key, {start_us: counted})
            self._let_go(kpi, day)
        self._curves.clear()

    def curve(self, kpi: Kpi, at_us: int, zone: tzinfo) -> Curve | None:
        """The pace of the local day of a moment; None: nothing is known."""
        day = day_of(at_us, zone)
        if (kpi.name, day) not in self._curves:
            days = {of: _by_hour(row, zone) for of, row in self._days(kpi).items()}
            self._curves[kpi.name, day] = learnt(days, day)
        return self._curves[kpi.name, day]

    def _days(self, kpi: Kpi) -> dict[int, Counted]:
        known = self.table.rows.items()
        return {day: row for (name, definition, day), row in known if (name, definition) == (kpi.name, kpi.definition)}

    def _let_go(self, kpi: Kpi, day: int) -> None:
        """Also what another definition taught."""
        for name, definition, of in list(self.table.rows):
            if name == kpi.name and (definition != kpi.definition or of < day - KEPT_DAYS):
                self.table.delete((name, definition, of))


def _by_hour(row: Counted, zone: tzinfo) -> Mapping[int, int]:
    """Where the clock is turned back, two hours are one."""
    hours: dict[int, int] = {}
    for start_us, counted in row.items():
        hour = local(start_us, zone).hour
        hours[hour] = hours.get(hour, 0) + counted
    return hours


class Goals:
    """The KPIs with a target. `zone`: of days, hours and months."""

    def __init__(self, kpis: Iterable[Kpi] = (), zone: tzinfo = UTC) -> None:
        with_target = [(kpi, kpi.target) for kpi in kpis if kpi.target is not None]
        self._zone = zone
        self._by_series: dict[Series, tuple[Target, tuple[GoalKpi, ...]]] = {
            Series(kpi.name, window, *TOTAL): (target, tuple(goals_of(kpi)))
            for kpi, target in with_target
            for window in target.windows
        }
        self._taught = {Series(kpi.name, LEARNT_FROM, *TOTAL): kpi for kpi, t in with_target if t.curve is None}

    def learn(self, paces: Paces, values: Iterable[KpiValue]) -> None:
        """Take what is final of the hours that begin with a local hour; changes the paces."""
        for value in values if self._taught else ():
            kpi = self._taught.get(value.series)
            begins = kpi is not None and value.status is not Status.PROVISIONAL
            if kpi is not None and begins and local(value.start_us, self._zone).minute == 0:
                paces.learn(kpi, value.start_us, value.numerator, self._zone)

    def of(self, paces: Paces, values: Iterable[KpiValue]) -> Iterator[KpiValue]:
        """The values of the goals beside these values, in their order."""
        for value in values if self._by_series else ():
            if found := self._by_series.get(value.series):
                target, goals = found
                share = self._share(paces, goals[0].kpi, target, value)
                for goal in goals:
                    yield goal_value(goal, value, share)

    def _share(self, paces: Paces, kpi: Kpi, target: Target, value: KpiValue) -> int | None:
        """Of the window that is usually reached by the value's watermark, in parts per million."""
        at_us = min(max(value.watermark_us, value.start_us), value.end_us)
        if at_us == value.end_us:
            return share_of((), value.start_us, value.end_us, at_us, self._zone)
        curve = target.curve or paces.curve(kpi, at_us, self._zone)
        return None if curve is None else share_of(curve, value.start_us, value.end_us, at_us, self._zone)

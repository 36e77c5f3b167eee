"""What was counted in the hours of the last weeks, for KPIs whose pace is learnt, and the curves that follow."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import tzinfo

from models.kpi import Kpi
from models.pace import KEPT_DAYS, day_of, learnt, local
from models.table import Table, packed_codec
from models.target import Curve

PaceKey = tuple[str, str, int]
"""KPI, the hash of its definition, day (proleptic ordinal): what another definition taught is not mixed in."""

Counted = dict[int, int]
"""What was counted in each hour of a day, by the start of the hour (us since 1970 UTC)."""


def pace_table() -> Table[PaceKey, Counted]:
    """Of a task: five weeks of hours of the KPIs whose pace is learnt."""
    return Table("paces", packed_codec(Counted, PaceKey))


@dataclass(slots=True)
class Paces:
    """The table of a task. Not stored: the curves, by KPI and day."""

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

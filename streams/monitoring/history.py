"""What was seen of series before: as far back as the rules compare, and no further.

Rows hold an hour of a series, by the end of its windows: a window changes one small row, and an hour goes at once. They
go by event time, that of the slowest group of KPIs they are looked at with: in a replay one may be days ahead.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from functools import lru_cache
from typing import Generic, TypeVar

from models.kpi_value import Series
from models.memory import rows_bytes
from models.table import Change, Table, packed_codec
from models.window import DAY_US, HOUR_US

V = TypeVar("V")
Kind = tuple[str, str, str]
"""KPI, window and dimension."""

Hour = tuple[str, str, str, str, int]
"""A series and an hour, counted from 1970 UTC, in which windows end."""

_S_US = 1_000_000


@dataclass(frozen=True, slots=True)
class Need:
    """How long values of a kind are kept, us of event time, and which: those whose end is a multiple of `step_us`.

    `groups` of KPIs, by the slowest of which time goes.
    """

    kept_us: int
    step_us: int = 1
    groups: frozenset[str] = frozenset()

    def __or__(self, other: "Need") -> "Need":
        """What does for both."""
        step_us = self.step_us if self.step_us == other.step_us else 1
        return Need(max(self.kept_us, other.kept_us), step_us, self.groups | other.groups)


class History(Generic[V]):
    """A table (see ChangeLogged) with an index by hour, which is made by `suit`."""

    def __init__(self, name: str, row: type[V]) -> None:
        self.name = name
        self._table: Table[Hour, dict[int, V]] = Table(name, packed_codec(dict[int, row], Hour))  # type: ignore[valid-type]  # a type given as a value
        self._needs: Mapping[Kind, Need] = {}
        self._hours: dict[Kind, dict[int, list[Hour]]] = {}
        self._first: dict[Kind, int] = {}  # hour that is kept
        self._reached: dict[str, int] = {}  # hours of the groups, when it was let go last

    def __len__(self) -> int:
        return len(self._table)

    def suit(self, needs: Mapping[Kind, Need]) -> None:
        """Keep what these need from now on, and let go of the rest."""
        self._needs, self._hours, self._first, self._reached = needs, {}, {}, {}
        for hour in list(self._table.rows):
            if hour[:3] in needs:
                self._hours.setdefault(hour[:3], {}).setdefault(hour[4], []).append(hour)
            else:
                self._table.delete(hour)

    def note(self, series: Series, end_us: int, row: V) -> None:
        """A value of a window that is closed, or its correction."""
        kind, number = series[:3], end_us // HOUR_US
        need = self._needs.get(kind)
        if need is None or end_us % need.step_us:
            return
        if number < self._first.get(kind, number):
            return
        hour = (*series, number)
        known = self._table.rows.get(hour)
        if known is None:
            self._hours.setdefault(kind, {}).setdefault(number, []).append(hour)
            self._table.put(hour, {end_us: row})
        elif known.get(end_us) != row:
            known[end_us] = row
            self._table.touch(hour)

    def of(self, series: Series, end_us: int) -> V | None:
        """Of the window that ends then."""
        known = self._table.rows.get((*series, end_us // HOUR_US))
        return None if known is None else known.get(end_us)

    def hour(self, series: Series, at_us: int, step_us: int) -> list[V]:
        """Of the windows that end in the hour of a moment and at a multiple of `step_us`."""
        known = self._table.rows.get((*series, at_us // HOUR_US), {})
        return [row for end_us, row in known.items() if end_us % step_us == 0]

    def release(self, times_us: Mapping[str, int]) -> None:
        """Let go of what is older than needed, with the event time that each group of KPIs has reached."""
        reached = {group: at_us // HOUR_US for group, at_us in times_us.items()}
        if reached == self._reached:
            return
        self._reached = reached
        for kind, hours in self._hours.items():
            need = self._needs[kind]
            first = min((reached[group] for group in need.groups if group in reached), default=0)
            first -= need.kept_us // HOUR_US
            self._first[kind] = first
            for number in [number for number in hours if number < first]:
                for hour in hours.pop(number):
                    self._table.delete(hour)

    def drain(self) -> Iterator[Change]:
        """See ChangeLogged."""
        return self._table.drain()

    def restore(self, key: bytes, value: bytes | None) -> None:
        """See ChangeLogged."""
        self._table.restore(key, value)

    def memory_bytes(self) -> int:
        """See ChangeLogged and models.memory.rows_bytes."""
        return self._table.memory_bytes() + rows_bytes([*self._hours.values()])


@lru_cache(maxsize=100_000)
def earlier(at_us: int, ago_us: int, zone: tzinfo) -> int:
    """The moment that long before; whole days are days of the zone, of 23 to 25 hours where the clock changes."""
    if ago_us % DAY_US:
        return at_us - ago_us
    local = datetime.fromtimestamp(at_us // _S_US, UTC).astimezone(zone)
    before = datetime.combine(local.date() - timedelta(days=ago_us // DAY_US), local.time(), zone)
    return int(before.timestamp()) * _S_US

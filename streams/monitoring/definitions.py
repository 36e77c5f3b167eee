"""A definition that changes: what was published under the old one stays as it was, and nothing is half measured.

Three things can go wrong when kpis.yaml changes while windows are open, and each has its rule:

* A window that was final under the old definition would be corrected with a value of the new one: it is not corrected
  any more. Its last value keeps the old hash.
* A measure that nothing needed before has been counted only since the restart: KPIs made of it are published in
  windows that begin after everything that was counted before.
* The revisions of a window go on counting: the highest one is the newest, whatever the hash; the hash says which
  definition it follows. A window still open is closed under the new one: all its measures are there.
"""

from collections.abc import Iterable, Iterator, Mapping
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field

import msgspec

from models.delta import Mark
from models.event import FUTURE_TOLERANCE_US
from models.kpi import Kpi
from models.measure import MEASURES
from models.table import Table, packed_codec
from models.topic_watermark import Heard, PartitionKey
from streams.monitoring.values import Group, Span

Place = tuple[str, str, str]
"""Measure, window and dimension."""


class Since(msgspec.Struct, array_like=True):
    """From when a measure is whole in a place: windows that begin at `from_us` (event time) or later.

    `changed_us`: when it was first needed (wall clock); 0: always was.
    """

    changed_us: int = 0
    from_us: int = 0


class Defined(msgspec.Struct, array_like=True, frozen=True):
    """The definition of a KPI, and the watermark up to which windows are closed under others; None: there are none."""

    definition: str
    closed_us: int | None = None


@dataclass(slots=True)
class Definitions:
    """Two tables: what is measured since when, and which definition KPIs have. Not stored: what is not whole."""

    measured: Table[Place, Since] = field(default_factory=lambda: Table("measured", packed_codec(Since, Place)))
    kpis: Table[str, Defined] = field(default_factory=lambda: Table("definitions", packed_codec(Defined, str)))
    _partial: dict[Place, Since] = field(default_factory=dict)
    _closed_us: dict[str, int] = field(default_factory=dict)
    _changed_us: int = 0

    def opened(
        self,
        groups: Iterable[Group],
        closed_us: Mapping[str, int],
        heard: Mapping[PartitionKey, Heard],
        now_us: int,
    ) -> None:
        """Compare with what was defined before a restart; of a new task, or one of a release before, nothing is old.

        `closed_us`: the watermark up to which windows are closed, by group; `heard`: what partitions announced.
        """
        kpis = {kpi: closed_us.get(group.key) for group in groups for kpi in group.kpis}
        new = not self.measured.rows
        self._define(kpis, new=new)
        self._measure({place for kpi in kpis for place in _places(kpi)}, heard, 0 if new else now_us)
        self._partial = {place: since for place, since in self.measured.rows.items() if since.changed_us}
        self._changed_us = max((since.changed_us for since in self._partial.values()), default=0)
        self._closed_us = {name: one.closed_us for name, one in self.kpis.rows.items() if one.closed_us is not None}

    def _define(self, kpis: Mapping[Kpi, int | None], *, new: bool) -> None:
        for name in self.kpis.rows.keys() - {kpi.name for kpi in kpis}:
            self.kpis.delete(name)
        for kpi, closed_us in kpis.items():
            before = self.kpis.rows.get(kpi.name)
            if before is None or before.definition != kpi.definition:
                self.kpis.put(kpi.name, Defined(kpi.definition, None if new else closed_us))

    def _measure(self, places: AbstractSet[Place], heard: Mapping[PartitionKey, Heard], changed_us: int) -> None:
        for place in self.measured.rows.keys() - places:
            self.measured.delete(place)
        for place in places - self.measured.rows.keys():
            feeds = MEASURES[place[0]].feeds
            reached = [one.at_us for (feed, _), one in heard.items() if feed in feeds and one.at_us is not None]
            from_us = _after(max(reached)) if changed_us and reached else 0
            self.measured.put(place, Since(changed_us, from_us))

    def hear(self, feed: str, mark: Mark) -> None:
        """Records that were still under way at the restart were counted before it: they are not whole either."""
        if mark.at_us is None or mark.told_us > self._changed_us:
            return
        from_us = _after(mark.at_us)
        for place, since in self._partial.items():
            if mark.told_us <= since.changed_us and from_us > since.from_us and feed in MEASURES[place[0]].feeds:
                since.from_us = from_us
                self.measured.touch(place)

    def whole(self, kpis: Iterable[Kpi], span: Span, dimension: str, allowed_lateness_us: int) -> Iterator[Kpi]:
        """Those that may be published in a window of a dimension."""
        if not self._partial and not self._closed_us:
            return iter(kpis)
        return (kpi for kpi in kpis if self._is_whole(kpi, span, dimension, allowed_lateness_us))

    def _is_whole(self, kpi: Kpi, span: Span, dimension: str, allowed_lateness_us: int) -> bool:
        if span.end_us + allowed_lateness_us <= self._closed_us.get(kpi.name, 0):
            return False
        found = (self._partial.get((measure, span.window, dimension)) for measure in kpi.measures)
        return all(since is None or since.from_us <= span.start_us for since in found)


def _after(reached_us: int) -> int:
    """No event was counted that is later than this: a watermark is a little behind the newest event."""
    return reached_us + FUTURE_TOLERANCE_US


def _places(kpi: Kpi) -> Iterator[Place]:
    return (
        (measure, window, dimension)
        for measure in kpi.measures
        for window in kpi.windows
        for dimension in kpi.dimensions
    )

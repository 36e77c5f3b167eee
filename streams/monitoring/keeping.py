"""How long the cells of a window are kept: as long as an event can still change a KPI that is made of them.

A KPI joins measures of several feeds, and the one that is corrected longest counts for all its cells: a correction of
ad spend needs the customers of its day. A feed that is corrected without end keeps windows of days and months for
ever, and shorter ones for a week.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cached_property
from itertools import chain

from models.window import DAY_US, Window
from streams.monitoring.closing import closed_before
from streams.monitoring.values import Group
from streams.monitoring.windows import Kind

SHORT_KEPT_US = 7 * DAY_US
"""There are 8,760 hours in a year, each with all its slices; a statement of costs that is older than a week corrects
days and months."""

Horizons = Mapping[str, int | None]
"""How long after its close a window is corrected, by feed; None: without end."""


def kept_us(window: Window, horizons_us: Collection[int | None]) -> int | None:
    """How long after its close a window of KPIs with these horizons is kept; None: for ever."""
    known = [horizon_us for horizon_us in horizons_us if horizon_us is not None]
    endless = len(known) < len(horizons_us)
    if endless and window.calendar:
        return None
    longest_us = max(SHORT_KEPT_US if endless else 0, *known, 0)
    return min(longest_us, window.corrected_for_us or longest_us)


@dataclass(frozen=True)
class Keeping:
    """Where windows are closed and let go, from the watermarks of the groups."""

    groups: tuple[Group, ...]
    windows: Mapping[str, Window]
    horizons_us: Horizons
    allowed_lateness_us: int

    def closed_before(self, watermark_us: int | None, window: Window) -> int | None:
        """Windows of a group below this number are final; None: no watermark yet, none is."""
        return None if watermark_us is None else closed_before(window, watermark_us, self.allowed_lateness_us)

    def kept_from(self, group: Group, watermark_us: int | None) -> dict[str, int]:
        """By kind, the first window of a group that is kept; a kind of which all are is left out."""
        if watermark_us is None:
            return {}
        horizons_us = [self.horizons_us[feed] for feed in group.feeds]
        found: dict[str, int] = {}
        for name, window in self.windows.items():
            its_us = kept_us(window, horizons_us)
            if its_us is not None:
                found[name] = window.earliest_open(watermark_us - self.allowed_lateness_us - its_us)
        return found

    def first_kept(self, times_us: Mapping[str, int]) -> dict[Kind, int]:
        """By clock and kind, the first window that some group may still need. `times_us` by group."""
        return self._first(self._readers, times_us)

    def first_raised(self, times_us: Mapping[str, int]) -> dict[Kind, int]:
        """As first_kept, of the groups that have stock measures of the clock in the kind."""
        return self._first(self._stock_readers, times_us)

    def _first(self, readers: Mapping[Kind, tuple[Group, ...]], times_us: Mapping[str, int]) -> dict[Kind, int]:
        kept = {group.key: self.kept_from(group, times_us.get(group.key)) for group in self.groups}
        found: dict[Kind, int] = {}
        for kind, groups in readers.items():
            firsts = [kept[group.key].get(kind[1]) for group in groups]
            if None not in firsts:
                found[kind] = min(first for first in firsts if first is not None)
        return found

    @cached_property
    def _readers(self) -> dict[Kind, tuple[Group, ...]]:
        """By clock and kind, the groups that read its cells; of a kind that none reads, all of the clock."""
        found: dict[Kind, tuple[Group, ...]] = {}
        for clock in {clock for group in self.groups for clock in group.clocks}:
            its = tuple(group for group in self.groups if clock in group.clocks)
            for name in self.windows:
                found[clock, name] = tuple(group for group in its if name in group.window_names) or its
        return found

    @cached_property
    def _stock_readers(self) -> dict[Kind, tuple[Group, ...]]:
        found: dict[Kind, tuple[Group, ...]] = {}
        for group in self.groups:
            for kind in chain.from_iterable(group.stocks.values()):
                found[kind] = (*found.get(kind, ()), group)
        return found

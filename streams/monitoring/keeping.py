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

Kept = Mapping[str, Mapping[str, int]]
"""By group and kind, the first window kept."""

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
        return {window.name: window.earliest_open(watermark_us - its_us) for window, its_us in self._kept[group.key]}

    def by_group(self, times_us: Mapping[str, int]) -> Kept:
        """The same for all groups, of which the watermarks are given."""
        return {group.key: self.kept_from(group, times_us.get(group.key)) for group in self.groups}

    def first_kept(self, kept: Kept) -> dict[Kind, int]:
        """By clock and kind, the first window that some group may still need."""
        return _first(self._readers, kept)

    def first_raised(self, kept: Kept) -> dict[Kind, int]:
        """As first_kept, for the groups that have stock measures of the clock in the kind."""
        return _first(self._stock_readers, kept)

    @cached_property
    def _kept(self) -> dict[str, list[tuple[Window, int]]]:
        """By group, the kinds that are let go and how long after its end a window of theirs is."""
        found: dict[str, list[tuple[Window, int]]] = {}
        for group in self.groups:
            horizons_us = [self.horizons_us[feed] for feed in group.feeds]
            times = ((window, kept_us(window, horizons_us)) for window in self.windows.values())
            found[group.key] = [(window, self.allowed_lateness_us + us) for window, us in times if us is not None]
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


def _first(readers: Mapping[Kind, tuple[Group, ...]], kept: Kept) -> dict[Kind, int]:
    found: dict[Kind, int] = {}
    for kind, groups in readers.items():
        firsts = [first for group in groups if (first := kept[group.key].get(kind[1])) is not None]
        if len(firsts) == len(groups):
            found[kind] = min(firsts)
    return found

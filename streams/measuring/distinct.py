"""Distinct counts in all windows of a topic: what a sighting adds, grid by grid."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Self

from models.sightings import Sightings, new_windows
from models.window import Grid, Window


@dataclass(frozen=True, slots=True)
class GridPlan:
    """The windows of one grid; `keep` panes of a sighting are remembered."""

    grid: Grid
    windows: tuple[Window, ...]
    keep: int

    @classmethod
    def of(cls, windows: Sequence[Window], horizon_us: int) -> tuple[Self, ...]:
        """A plan for each grid. No counted event is more than `horizon_us` older than one before it."""
        grids = {window.grid: tuple(w for w in windows if w.grid == window.grid) for window in windows}
        return tuple(cls(grid, kinds, _keep(grid, kinds, horizon_us)) for grid, kinds in grids.items())


def first_sightings(plans: Sequence[GridPlan], seen: Sequence[Sightings], at_us: int) -> Iterator[tuple[Window, range]]:
    """The windows in which a sighting at `at_us` is the first one; remembers it. One of `seen` for each plan."""
    for plan, sightings in zip(plans, seen, strict=True):
        pane = plan.grid.pane(at_us)
        if sightings.seen_in(pane):
            continue
        before, after = sightings.neighbours(pane)
        sightings.add(pane, plan.keep)
        for window in plan.windows:
            yield window, new_windows(pane, window.panes, before, after)


def _keep(grid: Grid, windows: Sequence[Window], horizon_us: int) -> int:
    """Panes in the horizon, and those before it that a window reaching into it still contains."""
    pane_us = min(grid.start_us(pane + 1) - grid.start_us(pane) for pane in (1, 2))
    return horizon_us // pane_us + max(window.panes for window in windows) + 2

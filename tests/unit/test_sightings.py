"""Distinct counts without sets equal those with sets, whatever the order of arrival."""

from hypothesis import given
from hypothesis import strategies as st

from models.sightings import Sightings, new_windows
from models.window import FixedGrid, Window
from streams.measuring.distinct import GridPlan, first_sightings

PANES = st.lists(st.integers(0, 40), min_size=1, max_size=30)


@given(PANES, st.integers(1, 12))
def test_first_sightings_sum_up_to_one_in_every_window_that_was_visited(panes: list[int], per_window: int) -> None:
    seen, counted = Sightings(), dict.fromkeys(range(-20, 60), 0)
    for pane in panes:
        if not seen.seen_in(pane):
            before, after = seen.neighbours(pane)
            seen.add(pane, keep=100)
            for window in new_windows(pane, per_window, before, after):
                counted[window] += 1
    visited = {window for pane in panes for window in range(pane - per_window + 1, pane + 1)}
    assert counted == {window: int(window in visited) for window in counted}


@given(PANES)
def test_neighbours_are_the_nearest_panes_on_both_sides(panes: list[int]) -> None:
    seen = Sightings()
    for pane in panes:
        seen.add(pane, keep=100)
    for pane in range(-5, 46):
        below = [other for other in panes if other < pane]
        above = [other for other in panes if other > pane]
        assert seen.neighbours(pane) == (max(below, default=None), min(above, default=None))


def test_only_the_newest_panes_are_kept() -> None:
    seen = Sightings()
    for pane in (1, 5, 100):
        seen.add(pane, keep=10)
    assert [pane for pane in range(101) if seen.seen_in(pane)] == [100]


@given(st.lists(st.integers(0, 7_200), min_size=1, max_size=40))
def test_sightings_within_the_horizon_are_exact_in_all_windows_of_a_topic(seconds: list[int]) -> None:
    minute_us = 60_000_000
    kinds = [
        Window("1m", FixedGrid(minute_us), 1, 0),
        Window("5m", FixedGrid(minute_us), 5, 0),
        Window("1h", FixedGrid(5 * minute_us), 12, 0),
    ]
    horizon_us = 7_200_000_000
    plans = GridPlan.of(kinds, horizon_us)
    seen = [Sightings() for _ in plans]
    counted: dict[tuple[str, int], int] = {}
    for second in seconds:
        for window, numbers in first_sightings(plans, seen, second * 1_000_000):
            for number in numbers:
                counted[window.name, number] = counted.get((window.name, number), 0) + 1
    expected = {
        (kind.name, number)
        for second in seconds
        for kind in kinds
        for number in range(kind.grid.pane(second * 1_000_000) - kind.panes + 1, kind.grid.pane(second * 1_000_000) + 1)
    }
    assert counted == dict.fromkeys(expected, 1)

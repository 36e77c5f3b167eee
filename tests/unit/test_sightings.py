"""Distinct counts without sets equal those with sets, whatever the order of arrival."""

from hypothesis import given
from hypothesis import strategies as st

from models.sightings import Sightings, new_windows
from models.window import FixedGrid, Window
from streams.measuring.additions import WindowRanges

MINUTES = st.lists(st.integers(0, 40), min_size=1, max_size=30)
MINUTE_US = 60_000_000
KINDS = [
    Window("1m", FixedGrid(MINUTE_US), 1, 0),
    Window("5m", FixedGrid(MINUTE_US), 5, 0),
    Window("1h", FixedGrid(5 * MINUTE_US), 12, 0),
    Window("6h", FixedGrid(360 * MINUTE_US), 1, 0),
]


@given(MINUTES, st.integers(1, 12))
def test_first_sightings_sum_up_to_one_in_every_window_that_was_visited(minutes: list[int], per_window: int) -> None:
    seen, counted = Sightings(), dict.fromkeys(range(-20, 60), 0)
    for minute in minutes:
        neighbours = seen.add(minute, keep=100)
        if neighbours is not None:
            for window in new_windows(minute, per_window, *neighbours):
                counted[window] += 1
    visited = {window for minute in minutes for window in range(minute - per_window + 1, minute + 1)}
    assert counted == {window: int(window in visited) for window in counted}


@given(MINUTES)
def test_neighbours_are_the_nearest_minutes_on_both_sides(minutes: list[int]) -> None:
    seen = Sightings()
    for i, minute in enumerate(minutes):
        before = minutes[:i]
        lower = max((other for other in before if other < minute), default=None)
        upper = min((other for other in before if other > minute), default=None)
        assert seen.add(minute, keep=100) == (None if minute in before else (lower, upper))


def test_of_the_minutes_that_are_no_longer_kept_the_last_is_remembered() -> None:
    seen = Sightings()
    for minute in (1, 5, 100):
        seen.add(minute, keep=10)
    assert (seen.mask, seen.earlier) == (1, 5)
    assert seen.add(95, keep=10) == (5, 100)
    assert seen.add(106, keep=10) == (100, None)
    assert seen.earlier == 95


@given(st.lists(st.integers(0, 1_500), min_size=1, max_size=60), st.integers(1, 70))
def test_sightings_within_reach_are_exact_in_all_windows_of_a_topic(minutes: list[int], keep: int) -> None:
    """Whatever was forgotten: no minute comes `keep` or more before the last one."""
    seen, ranges, newest = Sightings(), WindowRanges({"m": KINDS}), 0
    counted: dict[tuple[str, int], int] = {}
    visited: list[int] = []
    for minute in minutes:
        if minute <= newest - keep:
            continue
        newest = max(newest, minute)
        visited.append(minute)
        neighbours = seen.add(minute, keep)
        for name, first, stop in ranges.of(("m", minute, *neighbours)) if neighbours else ():
            for number in range(first, stop):
                counted[name, number] = counted.get((name, number), 0) + 1
    expected = {
        (kind.name, number)
        for minute in visited
        for kind in KINDS
        for pane in [kind.grid.pane(minute * MINUTE_US)]
        for number in range(pane - kind.panes + 1, pane + 1)
    }
    assert counted == dict.fromkeys(expected, 1)

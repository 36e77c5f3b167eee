"""Windows that a shop defines for itself."""

from datetime import UTC, datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from models.source import load
from models.window import Window, windows
from models.window_definition import TAKEN, WindowDefinition, lengths, read_windows

WARSAW = ZoneInfo("Europe/Warsaw")
MINUTE_US = 60_000_000
DAY = 24 * 60


def defined(length: int, hop: int, name: str = "w") -> WindowDefinition:
    """In minutes."""
    return WindowDefinition(name, length * MINUTE_US, hop * MINUTE_US)


def containing(window: Window, at_us: int) -> list[int]:
    pane = window.grid.pane(at_us)
    return list(range(pane - window.panes + 1, pane + 1))


def us(*parts: int) -> int:
    return int(datetime(*parts, tzinfo=UTC).timestamp()) * 1_000_000  # type: ignore[arg-type, misc]


HOPS = [minutes for minutes in range(1, 61) if 60 % minutes == 0] + [60 * hours for hours in (2, 3, 4, 6, 8, 12)]


@given(st.sampled_from(HOPS), st.integers(1, 60), st.integers(us(2020, 1, 1), us(2030, 1, 1)))
def test_a_moment_is_in_as_many_windows_as_hops_fit_in_the_length(hop: int, panes: int, at_us: int) -> None:
    length = hop * panes
    assume((length * MINUTE_US, hop * MINUTE_US) not in TAKEN.values())
    (definition,) = read_windows(load(f"w: {{length: {length}m, hop: {hop}m}}", "kpis.yaml"))
    window = definition.window(WARSAW)
    numbers = containing(window, at_us)
    assert len(numbers) == length // hop
    assert all(window.start_us(n) <= at_us < window.end_us(n) for n in numbers)
    assert not window.start_us(numbers[0] - 1) <= at_us < window.end_us(numbers[0] - 1)
    assert not window.start_us(numbers[-1] + 1) <= at_us < window.end_us(numbers[-1] + 1)
    assert {window.end_us(n) - window.start_us(n) for n in numbers} == {length * MINUTE_US}
    assert {window.start_us(n + 1) - window.start_us(n) for n in numbers} == {hop * MINUTE_US}


def test_the_week_in_which_the_clock_changes_has_167_hours() -> None:
    week = defined(7 * DAY, 7 * DAY).window(WARSAW)
    number = week.grid.pane(us(2026, 3, 29, 12))  # Sunday
    assert week.start_us(number) == us(2026, 3, 22, 23)  # Monday 23 March, 0:00 in Warsaw
    assert week.end_us(number) - week.start_us(number) == 167 * 60 * MINUTE_US
    assert week.grid.pane(us(2026, 3, 29, 22)) == number + 1


def test_days_of_several_begin_at_every_midnight_of_the_shop() -> None:
    fortnight = defined(14 * DAY, DAY).window(WARSAW)
    numbers = containing(fortnight, us(2026, 1, 15, 12))
    assert len(numbers) == 14
    assert fortnight.start_us(numbers[-1]) == us(2026, 1, 14, 23)
    assert fortnight.end_us(numbers[0]) == us(2026, 1, 15, 23)


@pytest.mark.parametrize(
    ("length", "hop", "every_s", "corrected_h"),
    [(1, 1, 1, 1), (5, 1, 5, 1), (15, 1, 15, 1), (15, 5, 15, None), (60, 5, 60, None), (14 * DAY, DAY, 60, None)],
)
def test_it_is_published_and_corrected_as_those_that_everybody_has(
    length: int, hop: int, every_s: int, corrected_h: int | None
) -> None:
    window = defined(length, hop).window(WARSAW)
    corrected_us = None if corrected_h is None else corrected_h * 60 * MINUTE_US
    assert (window.provisional_every_us, window.corrected_for_us) == (every_s * 1_000_000, corrected_us)


def test_the_rules_are_those_of_the_built_in_windows() -> None:
    shapes = {name: shape for name, shape in TAKEN.items() if shape is not None}
    built_in = {name: kind for name, kind in windows(WARSAW).items() if name in shapes}
    assert "1h" in built_in
    for name, kind in built_in.items():
        assert WindowDefinition(name, *shapes[name]).window(WARSAW) == kind


def test_a_length_is_said_as_it_is_written() -> None:
    said = lengths(("1m", "5m", "1M", "w"), [defined(15, 5)])
    assert said == {"1m": "1m", "5m": "5m by 1m", "1M": "calendar month", "w": "15m by 5m"}

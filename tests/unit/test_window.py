"""Windows: which there are, where they begin and end, and what the clock change does to days and months."""

from datetime import datetime
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.window import DAY_US, HOUR_US, MINUTE_US, DayGrid, MonthGrid, NotAWindow, hopping, windows

UTC, WARSAW, KATHMANDU = ZoneInfo("UTC"), ZoneInfo("Europe/Warsaw"), ZoneInfo("Asia/Kathmandu")
ZONES = st.sampled_from(
    ["UTC", "Europe/Warsaw", "Asia/Kathmandu", "America/Sao_Paulo", "Australia/Lord_Howe", "Pacific/Apia"]
).map(ZoneInfo)
MOMENTS = st.integers(946_684_800_000_000, 2_145_916_800_000_000)  # 2000 to 2037, UTC


def us(local: str, zone: ZoneInfo) -> int:
    return round(datetime.fromisoformat(local).replace(tzinfo=zone).timestamp()) * 1_000_000


@pytest.mark.parametrize(
    ("local", "zone", "hours"),
    [
        ("2026-03-29", WARSAW, 23),
        ("2026-10-25", WARSAW, 25),
        ("2026-10-26", WARSAW, 24),
        ("2018-11-04", ZoneInfo("America/Sao_Paulo"), 23),  # the clock is put on at midnight: it begins at 01:00
        ("2026-04-05", ZoneInfo("Australia/Lord_Howe"), 24.5),
        ("2026-03-29", KATHMANDU, 24),
    ],
)
def test_a_day_is_as_long_as_the_clock_makes_it(local: str, zone: ZoneInfo, hours: float) -> None:
    day = windows(zone)["1d"]
    number = day.grid.pane(us(f"{local}T12:00", zone))
    assert day.end_us(number) - day.start_us(number) == hours * HOUR_US
    assert day.start_us(number) == us(local, zone)


@pytest.mark.parametrize(
    ("local", "zone", "hours"),
    [
        ("2026-03-01", WARSAW, 31 * 24 - 1),
        ("2026-10-01", WARSAW, 31 * 24 + 1),
        ("2024-02-01", KATHMANDU, 29 * 24),
        ("2026-12-01", UTC, 31 * 24),
    ],
)
def test_a_month_is_as_long_as_its_days(local: str, zone: ZoneInfo, hours: int) -> None:
    month = windows(zone)["1M"]
    number = month.grid.pane(us(f"{local[:8]}15T12:00", zone))
    assert month.start_us(number) == us(local, zone)
    assert month.end_us(number) - month.start_us(number) == hours * HOUR_US


def test_a_day_at_an_offset_of_three_quarters_begins_at_its_midnight() -> None:
    day = windows(KATHMANDU)["1d"]  # +05:45
    number = day.grid.pane(us("2026-03-02", KATHMANDU))
    assert day.grid.pane(us("2026-03-02", KATHMANDU) - 1) == number - 1
    assert day.start_us(number) == us("2026-03-01T18:15", UTC)


def test_a_week_hops_by_a_day_and_keeps_the_local_midnight_over_a_clock_change() -> None:
    week = windows(WARSAW)["7d"]
    number = week.grid.pane(us("2026-03-24T12:00", WARSAW))
    assert week.start_us(number) == us("2026-03-24", WARSAW)
    assert week.end_us(number) == us("2026-03-31", WARSAW)
    assert week.end_us(number) - week.start_us(number) == 7 * DAY_US - HOUR_US
    assert week.earliest_open(us("2026-03-30T12:00", WARSAW)) == number


@given(ZONES, MOMENTS)
def test_a_moment_is_in_its_pane_and_in_no_other(zone: ZoneInfo, at_us: int) -> None:
    for grid in (DayGrid(zone), MonthGrid(zone)):
        pane = grid.pane(at_us)
        assert grid.start_us(pane) <= at_us < grid.start_us(pane + 1)


@given(ZONES, MOMENTS, st.sampled_from(list(windows(UTC))))
def test_the_windows_of_a_moment_are_those_that_contain_it(zone: ZoneInfo, at_us: int, name: str) -> None:
    window = windows(zone)[name]
    last = window.grid.pane(at_us)
    earliest = window.earliest_open(at_us)
    assert earliest == last - window.panes + 1
    assert window.end_us(earliest - 1) <= at_us < window.end_us(earliest)
    assert window.start_us(last) <= at_us < window.start_us(last + 1)


def test_an_open_window_is_published_each_sixtieth_of_it_within_a_second_and_a_minute() -> None:
    every_s = {name: kind.provisional_every_us / 1e6 for name, kind in windows(UTC).items()}
    assert every_s == {"1m": 1, "5m": 5, "1h": 60, "1d": 60, "7d": 60, "30d": 60, "1M": 60}
    assert hopping("2m", 2 * MINUTE_US, MINUTE_US, UTC).provisional_every_us == 2_000_000


def test_only_windows_below_an_hour_are_corrected_for_an_hour_at_most() -> None:
    assert {name for name, kind in windows(UTC).items() if kind.corrected_for_us == HOUR_US} == {"1m", "5m"}
    assert hopping("30m", 30 * MINUTE_US, 5 * MINUTE_US, UTC).corrected_for_us == HOUR_US
    assert hopping("1h", HOUR_US, HOUR_US, UTC).corrected_for_us is None


@pytest.mark.parametrize(
    ("length_us", "hop_us", "what"),
    [
        (15 * MINUTE_US, 10 * MINUTE_US, "a hop of 10m does not divide 15m"),
        (5 * MINUTE_US, 15 * MINUTE_US, "a hop of 15m does not divide 5m"),
        (MINUTE_US, 0, "a hop of 0s does not divide 1m"),
        (MINUTE_US, 30_000_000, "a hop of 30s makes windows that do not begin with a day"),
        (7 * 60 * MINUTE_US, 7 * 60 * MINUTE_US, "a hop of 7h makes windows that do not begin with a day"),
        (14 * DAY_US, 7 * DAY_US, "a hop of 1w makes windows that do not begin with a day"),
    ],
)
def test_a_hop_that_makes_no_windows_is_refused(length_us: int, hop_us: int, what: str) -> None:
    with pytest.raises(NotAWindow) as refused:
        hopping("x", length_us, hop_us, UTC)
    assert refused.value.what == what

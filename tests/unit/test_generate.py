"""When the events of a synthetic run are, by the wall clock of its start."""

import math
from itertools import islice

import pytest

from streams.tools import instant
from streams.tools.generate import Timetable, timetable, until
from streams.tools.shop import Shop
from streams.tools.visits import NO_OUTAGE, Outage

S = 1_000_000
NOON_US = instant.parse("2026-11-25T12:00:00Z") or 0


def times(
    *,
    speed: float = 60,
    duration_s: float | None = 60,
    start_us: int | None = None,
    incident: bool = False,
    incident_at_us: int | None = None,
    incident_for_s: float | None = None,
) -> Timetable:
    return timetable(
        now_us=NOON_US,
        speed=speed,
        duration_s=duration_s,
        start_us=start_us,
        incident=incident,
        incident_at_us=incident_at_us,
        incident_for_s=incident_for_s,
    )


@pytest.mark.parametrize("speed", [1.0, 2.0, 60.0])
def test_a_run_with_an_end_ends_at_the_wall_clock_of_its_end(speed: float) -> None:
    run = times(speed=speed)
    assert run.end_us == NOON_US + 60 * S
    assert run.end_us - run.start_us == 60 * speed * S


def test_a_run_slower_than_the_clock_starts_now() -> None:
    assert times(speed=0.5) == Timetable(NOON_US, NOON_US + 30 * S, NO_OUTAGE)


def test_at_max_the_duration_is_event_time_and_ends_now() -> None:
    assert times(speed=math.inf, duration_s=600) == Timetable(NOON_US - 600 * S, NOON_US, NO_OUTAGE)


def test_a_fast_run_without_an_end_begins_an_hour_ago() -> None:
    assert times(duration_s=None) == Timetable(NOON_US - 3600 * S, None, NO_OUTAGE)
    assert times(duration_s=None, speed=1) == Timetable(NOON_US, None, NO_OUTAGE)


def test_a_start_is_kept() -> None:
    assert times(start_us=5 * S) == Timetable(5 * S, 3605 * S, NO_OUTAGE)


def test_an_incident_is_in_the_middle_of_the_run_unless_told() -> None:
    start_us = times().start_us
    assert times(incident=True).outage == Outage(start_us + 1440 * S, start_us + 2340 * S)
    told = times(incident=True, incident_at_us=start_us + 5 * S, incident_for_s=7)
    assert told.outage == Outage(start_us + 5 * S, start_us + 12 * S)


def test_a_live_run_has_its_incident_soon_after_the_start() -> None:
    run = times(incident=True, speed=1, duration_s=None)
    assert run.outage == Outage(NOON_US + 120 * S, NOON_US + 720 * S)


def test_the_last_event_is_before_the_end() -> None:
    records = list(until(Shop(1, NOON_US, 20), NOON_US + 30 * S))
    assert max(turn_us for turn_us, _ in records) < NOON_US + 30 * S
    assert len(records) > 300


def test_without_an_end_there_is_always_more() -> None:
    assert len(list(islice(until(Shop(1, NOON_US, 20), None), 5_000))) == 5_000

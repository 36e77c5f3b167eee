"""When the demo's shop opens and when its payments fail."""

from streams.tools.demo_schedule import SPEED, Schedule
from streams.tools.instant import MINUTE_US, SECOND_US

NOW_US = 1_800_000_000 * SECOND_US


def test_a_minute_is_an_hour_that_ends_with_it() -> None:
    schedule = Schedule.of(NOW_US, 60)
    assert schedule.opens_us + 60 * MINUTE_US == NOW_US + 60 * SECOND_US


def test_without_an_end_it_catches_up_with_the_clock() -> None:
    schedule = Schedule.of(NOW_US, None)
    assert schedule.opens_us + round(schedule.span_s * SECOND_US) == NOW_US
    assert schedule.span_s / SPEED == 60


def test_the_incident_lies_within_with_time_before_and_after() -> None:
    schedule = Schedule.of(NOW_US, 60)
    begins_min = (schedule.incident_at_us - schedule.opens_us) / MINUTE_US
    assert (begins_min, begins_min + schedule.incident_for_s / 60) == (18, 36)

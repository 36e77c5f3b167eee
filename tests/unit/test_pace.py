"""When an event's turn comes."""

import math

import pytest

from models.errors import SettingsError
from streams.tools.pace import LivePace, Pace, parse_speed

S = 1_000_000


def test_event_time_runs_speed_times_as_fast() -> None:
    assert Pace(100 * S, 60).wait_s(220 * S, 0.5) == pytest.approx(1.5)


def test_as_fast_as_it_goes_never_waits() -> None:
    assert Pace(0, math.inf).wait_s(10**15, 0.0) <= 0


def test_a_live_run_that_has_caught_up_goes_on_at_the_pace_of_the_clock() -> None:
    #   an hour back at speed 60 has caught up after 3600 / 59 = 61.02 s
    pace = LivePace(0, 60, 3600 * S)
    assert pace.wait_s(1800 * S, 0.0) == pytest.approx(30)
    assert pace.wait_s(3700 * S, 0.0) == pytest.approx(100)


def test_a_live_run_is_never_ahead_of_the_clock_even_at_max() -> None:
    pace = LivePace(0, math.inf, 3600 * S)
    assert pace.wait_s(3599 * S, 0.0) <= 0
    assert pace.wait_s(3610 * S, 4.0) == pytest.approx(6)


@pytest.mark.parametrize(("text", "speed"), [("max", math.inf), ("1", 1.0), ("0.5", 0.5), ("60", 60.0)])
def test_a_speed_is_a_number_or_max(text: str, speed: float) -> None:
    assert parse_speed(text) == speed


@pytest.mark.parametrize("text", ["", "fast", "0", "-1", "inf", "nan"])
def test_another_speed_is_refused(text: str) -> None:
    with pytest.raises(SettingsError, match=r"--speed: .* is no speed; write"):
        parse_speed(text)

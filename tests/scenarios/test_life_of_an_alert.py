from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerting.alert import AlertState
from alerting.condition import Level
from alerting.evaluator import evaluate
from alerting.lifecycle import Send, State
from life import MINUTE_US, letter_of, life, lived, observation, rule


def case(name: str, values: str, alert: str) -> object:
    assert len(values) == len(alert)
    return pytest.param(values, alert, id=name)


@pytest.mark.parametrize(
    ("rate", "alert"),
    [
        case("recovers before `for`: nobody is woken", "3113333333", "-pp-------"),
        case("fires after two minutes, resolves after one clear minute", "3111113333", "-ppWWWW---"),
        case("a minute without a value changes nothing", "311_113333", "-pppWWW---"),
        case("a ratio over 0 changes nothing", "311o113333", "-pppWWW---"),
        case("exactly at the threshold is no breach", "3222222222", "----------"),
        case("a single minute at the threshold breaks the breach", "3112111333", "-pp-ppWW--"),
        case("one clear minute in a firing alert does not resolve it", "3111311133", "-ppWWWWWW-"),
        case("silence after firing resolves nothing", "31111_____", "-ppWWWWWWW"),
        case("a gap longer than `for` and the window is the end of a breach", "311____111", "-ppppppppW"),
        case("flapping under `for` wakes nobody", "3131313131", "-p-p-p-p-p"),
    ],
)
def test_below_for_two_minutes_kept_one(rate: str, alert: str) -> None:
    assert alert == life(rule(below=2, hold=2, keep=1), rate)


@pytest.mark.parametrize(
    ("rate", "alert"),
    [
        case("fires and resolves at once", "13131", "-W-W-"),
        case("exactly at the threshold is no breach", "12221", "-----"),
    ],
)
def test_above_without_for(rate: str, alert: str) -> None:
    assert alert == life(rule(above=2), rate)


@pytest.mark.parametrize(
    ("rate", "alert"),
    [
        case("between the bounds it goes on firing", "5133333555", "-WWWWWW---"),
        case("exactly at the clear bound is not clear", "5144444555", "-WWWWWW---"),
        case("between the bounds nothing begins", "5333333555", "----------"),
    ],
)
def test_clear_above_four(rate: str, alert: str) -> None:
    assert alert == life(rule(below=2, clear=4), rate)


def test_between_the_bounds_a_breach_that_is_pending_is_over() -> None:
    assert life(rule(below=2, clear=4, hold=5), "513113") == "-p-pp-"


@pytest.mark.parametrize(
    ("rate", "alert"),
    [
        case("too few say nothing", "3xxxxxx333", "----------"),
        case("too few do not end what fires", "31xxxxx333", "-WWWWWW---"),
    ],
)
def test_min_denominator(rate: str, alert: str) -> None:
    assert alert == life(rule(below=2, least=200), rate)


@pytest.mark.parametrize(
    ("rate", "alert"),
    [
        case("clear for less than `keep_firing_for` goes on firing", "3133133333", "-WWWWWWW--"),
        case("exactly at `keep_firing_for` it resolves", "3133333333", "-WWWW-----"),
    ],
)
def test_kept_firing_for_three_minutes(rate: str, alert: str) -> None:
    assert alert == life(rule(below=2, keep=3), rate)


@pytest.mark.parametrize(
    ("rate", "alert"),
    [
        case("rises when the worse level was breached for `for`", "9441114499", "-ppWWCWW--"),
        case("fires at the level that was held", "9411114499", "-ppWCCWW--"),
        case("fires at once at the worse level if that was held", "9111114499", "-ppCCCWW--"),
        case("a dip to the worse level shorter than `for` does not raise it", "9444114499", "-ppWWWWW--"),
        case("between, it falls to the mildest level", "9111155559", "-ppCCWWWW-"),
        case("a worse level that comes back is held anew", "9111441111", "-ppCWWWWCC"),
    ],
)
def test_levels_rise_and_fall(rate: str, alert: str) -> None:
    assert alert == life(rule(below=5, critical=2, clear=6, hold=2), rate)


def test_a_level_falls_when_it_was_not_breached_for_keep_firing_for() -> None:
    assert life(rule(below=5, critical=2, keep=2), "911444999") == "-CCCWWWW-"


def test_a_night_without_values_lies_between_two_breaches() -> None:
    night = "_" * 480
    assert life(rule(below=2, hold=3), "311" + night + "11") == "-pp" + "p" * 480 + "pp"


def test_every_change_of_firing_has_one_fingerprint_and_the_next_sequence() -> None:
    told = [sent for _, sent in lived(rule(below=5, critical=2, clear=6, hold=1), "944114499944") if sent]
    assert [sent.reason for sent in told] == [Send.FIRE, Send.RAISE, Send.LOWER, Send.RESOLVE, Send.FIRE]
    assert [sent.sequence for sent in told] == [1, 2, 3, 4, 5]
    assert len({sent.fingerprint for sent in told}) == 1
    assert [sent.starts_at_us // MINUTE_US for sent in told] == [3, 3, 3, 3, 12]
    assert [sent.ends_at_us for sent in told] == [None, None, None, 8 * MINUTE_US, None]


@given(values=st.text("0123456789_ox", max_size=60), hold=st.integers(0, 4), keep=st.integers(0, 4))
def test_whatever_comes_firing_and_resolved_take_turns(values: str, hold: int, keep: int) -> None:
    watched = rule(below=4, critical=2, clear=5, hold=hold, keep=keep, least=10)
    told = [sent for _, sent in lived(watched, values) if sent]
    assert list(range(1, len(told) + 1)) == [sent.sequence for sent in told]
    for before, after in pairwise(told):
        assert (after.reason is Send.FIRE) == (before.state is State.INACTIVE)


def test_an_alert_outlives_the_level_it_fires_at_when_the_rules_are_edited() -> None:
    before, after = rule(below=5, critical=2), rule(below=5)
    state, told = evaluate(before, AlertState(), observation(0, "1"), observation(0, "1").at_us)
    assert told is not None
    assert letter_of(state) == "C"
    state, told = evaluate(after, state, observation(1, "4"), observation(1, "4").at_us)
    assert letter_of(state) == "W"
    state, told = evaluate(after, state, observation(2, "9"), observation(2, "9").at_us)
    assert told is not None
    assert (letter_of(state), told.level) == ("-", Level.WARNING)

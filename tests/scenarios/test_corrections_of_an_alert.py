"""Values of closed windows that are revised. `at` is the minute whose window gets the new value."""

import pytest

from alerting.alert import LAST_VALUES, AlertState
from alerting.evaluator import evaluate
from alerting.lifecycle import Send, State
from alerting.rule import On, Rule
from alerting.transition import Transition
from life import MINUTE_US, letter_of, lived, observation, rule
from models.kpi_value import Status


def after(watched: Rule, values: str) -> AlertState:
    *_, (state, _) = lived(watched, values)
    return state


def corrected(watched: Rule, state: AlertState, at: int, letter: str) -> tuple[AlertState, Transition | None]:
    seen = observation(at, letter, Status.CORRECTED)
    return evaluate(watched, state, seen, seen.at_us)


@pytest.mark.parametrize(
    ("values", "at", "letter", "alert"),
    [
        pytest.param("3111", 3, "3", "-", id="the window it fired on was none"),
        pytest.param("3111", 2, "3", "-", id="a window in its run was none"),
        pytest.param("3111", 1, "3", "-", id="the window it began with was none"),
        pytest.param("3111", 1, "0", "W", id="the window it began with was worse"),
        pytest.param("3111", 0, "1", "W", id="a window before it was bad too"),
        pytest.param("311111", 1, "3", "W", id="it would have fired a minute later"),
        pytest.param("31112", 1, "3", "-", id="between now, and never held without that window"),
        pytest.param("311122", 3, "3", "-", id="between now, and the run is cut short"),
        pytest.param("311112", 1, "3", "W", id="between now, but it would have fired a minute later"),
        pytest.param("311111", 5, "2", "W", id="a window after it fired is between"),
        pytest.param("311", 1, "3", "p", id="pending: the breach began later"),
        pytest.param("31", 1, "3", "-", id="pending: there is no breach"),
        pytest.param("333", 1, "1", "-", id="the past pages nobody"),
    ],
)
def test_a_correction_takes_back_what_would_not_have_fired(values: str, at: int, letter: str, alert: str) -> None:
    watched = rule(below=2, clear=2.5, hold=2, keep=1)
    before = after(watched, values)
    state, told = corrected(watched, before, at, letter)
    assert alert == letter_of(state)
    if before.state is State.FIRING and alert == "-":
        assert told is not None
        assert (Send.WITHDRAW, 2, before.seen_us) == (told.reason, told.sequence, told.ends_at_us)
    else:
        assert told is None


def test_what_is_taken_back_fires_again_when_the_breach_that_is_left_has_held() -> None:
    watched = rule(below=2, hold=2)
    state, _ = corrected(watched, after(watched, "3111"), 1, "3")
    assert letter_of(state) == "-"
    state, told = evaluate(watched, state, observation(4, "1"), 5 * MINUTE_US)
    assert letter_of(state) == "W"
    assert told is not None
    assert (told.reason, told.sequence) == (Send.FIRE, 3)


def test_the_last_window_corrected_to_a_breach_counts_as_it_is_now() -> None:
    watched = rule(below=2)
    state, told = corrected(watched, after(watched, "333"), 2, "1")
    assert letter_of(state) == "W"
    assert told is not None


def test_the_last_window_corrected_to_clear_after_a_firing_of_its_own_recovers() -> None:
    watched = rule(below=2)
    state, told = corrected(watched, after(watched, "3111"), 3, "3")
    assert letter_of(state) == "-"
    assert told is not None
    assert told.reason is Send.RESOLVE


def test_a_correction_beyond_memory_changes_nothing() -> None:
    watched = rule(below=2, hold=2)
    before = after(watched, "1" * (LAST_VALUES + 5))
    assert len(before.last) == LAST_VALUES
    assert (before, None) == corrected(watched, before, 0, "3")


def test_a_breach_older_than_memory_still_holds_when_a_window_of_it_is_corrected() -> None:
    watched = rule(below=2, hold=30)
    before = after(watched, "1" * 32)
    assert letter_of(before) == "W"
    state, told = corrected(watched, before, 15, "o")
    assert told is None
    assert letter_of(state) == "W"
    state, told = corrected(watched, before, 15, "3")
    assert told is not None
    assert told.reason is Send.WITHDRAW


def test_a_rule_on_final_values_does_not_see_open_windows() -> None:
    seen = observation(0, "1", Status.PROVISIONAL)
    assert (AlertState(), None) == evaluate(rule(below=2), AlertState(), seen, seen.at_us)


def test_revisions_of_the_open_window_count_one_window() -> None:
    watched = rule(below=2, hold=2, on=On.PROVISIONAL)
    state = AlertState()
    for second, letter in enumerate("1111"):
        state, _ = evaluate(watched, state, observation(5, letter, Status.PROVISIONAL), 5 * MINUTE_US + second)
    assert [(kept.first_us, kept.last_us) for kept in state.last] == [(5 * MINUTE_US, 5 * MINUTE_US + 3)]


def test_a_late_final_of_an_older_window_does_not_turn_time_back() -> None:
    watched = rule(below=2, on=On.PROVISIONAL)
    state, _ = evaluate(watched, AlertState(), observation(5, "1", Status.PROVISIONAL), 5 * MINUTE_US + 1)
    state, told = evaluate(watched, state, observation(3, "3"), 4 * MINUTE_US)
    assert told is None
    assert letter_of(state) == "W"
    assert state.seen_us == 5 * MINUTE_US + 1

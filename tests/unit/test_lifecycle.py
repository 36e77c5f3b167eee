from pathlib import Path

import pytest

from alerting.lifecycle import ALARMED, BEGINS, ENDS, LEVEL_CHANGES, LIFECYCLE, Seen, State, diagram, step

PAGE = Path(__file__).parents[2] / "docs" / "alert-lifecycle.md"


def test_the_table_answers_everything_that_can_be_seen_in_every_state() -> None:
    assert set(State) == set(LIFECYCLE)
    for state, row in LIFECYCLE.items():
        assert set(Seen) - (set() if state is State.FIRING else LEVEL_CHANGES) == set(row), state


@pytest.mark.parametrize("state", State)
def test_an_alarm_begins_and_ends_with_something_sent(state: State) -> None:
    for seen, (then, send) in LIFECYCLE[state].items():
        assert (send in ENDS) == (state in ALARMED and then not in ALARMED), (state, seen)
        assert (send in BEGINS) == (then in ALARMED and then is not state), (state, seen)
        assert send is not None or then is state or not {state, then} & ALARMED, (state, seen)


@pytest.mark.parametrize("state", State)
def test_silence_changes_nothing(state: State) -> None:
    assert (state, None) == step(state, Seen.SILENCE)


@pytest.mark.parametrize("state", State)
def test_while_the_pipeline_is_behind_nothing_changes(state: State) -> None:
    assert (state, None) == step(state, Seen.STALE)


@pytest.mark.parametrize("state", State)
def test_no_alert_outlives_its_rule_or_its_segment(state: State) -> None:
    for seen in (Seen.REMOVED, Seen.GONE):
        assert step(state, seen)[0] is State.INACTIVE


def test_the_diagram_in_the_documentation_is_drawn_from_the_table() -> None:
    assert f"```mermaid\n{diagram()}\n```" in PAGE.read_text(encoding="utf-8")

from pathlib import Path

import pytest

from alerting.lifecycle import LEVEL_CHANGES, LIFECYCLE, Seen, Send, State, diagram, step

PAGE = Path(__file__).parents[2] / "docs" / "alert-lifecycle.md"


def test_the_table_answers_everything_that_can_be_seen_in_every_state() -> None:
    assert set(State) == set(LIFECYCLE)
    for state, row in LIFECYCLE.items():
        assert set(Seen) - (set() if state is State.FIRING else LEVEL_CHANGES) == set(row), state


@pytest.mark.parametrize("state", State)
def test_firing_begins_and_ends_with_something_sent_and_nothing_else_is_sent(state: State) -> None:
    for seen, (then, send) in LIFECYCLE[state].items():
        crossed = (state is State.FIRING) != (then is State.FIRING)
        assert crossed == (send in {Send.FIRE, Send.RESOLVE, Send.WITHDRAW}), (state, seen)


@pytest.mark.parametrize("state", State)
def test_silence_changes_nothing(state: State) -> None:
    assert (state, None) == step(state, Seen.SILENCE)


def test_the_diagram_in_the_documentation_is_drawn_from_the_table() -> None:
    assert f"```mermaid\n{diagram()}\n```" in PAGE.read_text(encoding="utf-8")

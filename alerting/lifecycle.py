"""The life of an alert as data: state -> what was seen -> (next state, what to send).

Time enters only where a value is classed: HELD, ROSE: breached for `for`. RECOVERED: clear for `keep_firing_for`.
FELL: the firing level not breached for `keep_firing_for`. `resolved` is no state: it is what is sent on the way
back to INACTIVE. The diagram of docs/alert-lifecycle.md is drawn from this table.
"""

from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import Final


class State(StrEnum):
    """Where an alert is in its life."""

    INACTIVE = "inactive"
    PENDING = "pending"
    FIRING = "firing"


class Seen(StrEnum):
    """What a value means for an alert, with time taken into account."""

    SILENCE = "silence"  # no value or not enough volume: says nothing
    BREACH = "breach"  # not yet for `for`
    HELD = "held"
    ROSE = "rose"  # a worse level than the one that fires, held
    FELL = "fell"
    BETWEEN = "between"  # no breach, but not clear
    CLEAR = "clear"  # not yet for `keep_firing_for`
    RECOVERED = "recovered"
    CORRECTED = "corrected"  # a past window was revised: it would not have fired


class Send(StrEnum):
    """What the receivers are told; the reason of a transition."""

    FIRE = "fired"
    RAISE = "level_up"
    LOWER = "level_down"
    RESOLVE = "recovered"
    WITHDRAW = "corrected"


Step = tuple[State, Send | None]

LEVEL_CHANGES: Final = frozenset({Seen.ROSE, Seen.FELL})  # seen of firing alerts only: others have no level

LIFECYCLE: Final[Mapping[State, Mapping[Seen, Step]]] = {
    State.INACTIVE: {
        Seen.SILENCE: (State.INACTIVE, None),
        Seen.BREACH: (State.PENDING, None),
        Seen.HELD: (State.FIRING, Send.FIRE),
        Seen.BETWEEN: (State.INACTIVE, None),
        Seen.CLEAR: (State.INACTIVE, None),
        Seen.RECOVERED: (State.INACTIVE, None),
        Seen.CORRECTED: (State.INACTIVE, None),
    },
    State.PENDING: {
        Seen.SILENCE: (State.PENDING, None),
        Seen.BREACH: (State.PENDING, None),
        Seen.HELD: (State.FIRING, Send.FIRE),
        Seen.BETWEEN: (State.INACTIVE, None),
        Seen.CLEAR: (State.INACTIVE, None),
        Seen.RECOVERED: (State.INACTIVE, None),
        Seen.CORRECTED: (State.INACTIVE, None),
    },
    State.FIRING: {
        Seen.SILENCE: (State.FIRING, None),
        Seen.BREACH: (State.FIRING, None),
        Seen.HELD: (State.FIRING, None),
        Seen.ROSE: (State.FIRING, Send.RAISE),
        Seen.FELL: (State.FIRING, Send.LOWER),
        Seen.BETWEEN: (State.FIRING, None),
        Seen.CLEAR: (State.FIRING, None),
        Seen.RECOVERED: (State.INACTIVE, Send.RESOLVE),
        Seen.CORRECTED: (State.INACTIVE, Send.WITHDRAW),
    },
}


def step(state: State, seen: Seen) -> Step:
    """The next state and what to send, if anything."""
    return LIFECYCLE[state][seen]


def diagram() -> str:
    """The table as a mermaid state diagram; what changes nothing is left out."""
    return "\n".join(["stateDiagram-v2", f"    [*] --> {State.INACTIVE}", *_arrows()])


def _arrows() -> Iterator[str]:
    for state, row in LIFECYCLE.items():
        told: dict[Step, list[Seen]] = {}
        for seen, result in row.items():
            if result != (state, None):
                told.setdefault(result, []).append(seen)
        for (then, send), causes in told.items():
            yield f"    {state} --> {then}: {', '.join(causes)}{f' / send {send}' if send else ''}"

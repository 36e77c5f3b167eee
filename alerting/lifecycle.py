"""The life of an alert as data: state -> what was seen -> (next state, what to send).

Time enters only where a value is classed: HELD, ROSE: breached for `for`. RECOVERED: clear for `keep_firing_for`.
FELL: the firing level not breached for `keep_firing_for`. NO_DATA, GONE: nothing came for `after`, for a day more.
`resolved` is no state: it is what is sent on the way back to INACTIVE or PENDING. The diagram of
docs/alert-lifecycle.md is drawn from this table.
"""

from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import Final


class State(StrEnum):
    """Where an alert is in its life."""

    INACTIVE = "inactive"
    PENDING = "pending"
    FIRING = "firing"
    NO_DATA = "no_data"  # told as firing: nothing comes


ALARMED: Final = frozenset({State.FIRING, State.NO_DATA})  # states in which the receivers know of a firing alert


class Seen(StrEnum):
    """What a value means for an alert, with time taken into account."""

    SILENCE = "silence"  # no value: says nothing
    UNJUDGED = "unjudged"  # a value that says nothing: not enough volume, or nothing to compare it with
    BREACH = "breach"  # not yet for `for`
    HELD = "held"
    ROSE = "rose"  # a worse level than the one that fires, held
    FELL = "fell"
    BETWEEN = "between"  # no breach, but not clear
    CLEAR = "clear"  # not yet for `keep_firing_for`
    RECOVERED = "recovered"
    CORRECTED = "corrected"  # a past window was revised: it would not have fired
    NO_DATA = "no_data"  # no value for `no_data.after`
    GONE = "gone"  # a segment had no value for a day more
    REMOVED = "removed"  # the rule is no more, or watches another series
    STALE = "stale"  # the pipeline is behind: not looked at


class Send(StrEnum):
    """What the receivers are told; the reason of a transition."""

    FIRE = "fired"
    RAISE = "level_up"
    LOWER = "level_down"
    RESOLVE = "recovered"
    WITHDRAW = "corrected"
    NO_DATA = "no_data"
    RETURN = "data_returned"
    GONE = "segment_gone"
    REMOVE = "rule_removed"


BEGINS: Final = frozenset({Send.FIRE, Send.NO_DATA})
ENDS: Final = frozenset({Send.RESOLVE, Send.WITHDRAW, Send.RETURN, Send.GONE, Send.REMOVE})


Step = tuple[State, Send | None]

LEVEL_CHANGES: Final = frozenset({Seen.ROSE, Seen.FELL})  # seen of firing alerts only: others have no level

LIFECYCLE: Final[Mapping[State, Mapping[Seen, Step]]] = {
    State.INACTIVE: {
        Seen.SILENCE: (State.INACTIVE, None),
        Seen.UNJUDGED: (State.INACTIVE, None),
        Seen.BREACH: (State.PENDING, None),
        Seen.HELD: (State.FIRING, Send.FIRE),
        Seen.BETWEEN: (State.INACTIVE, None),
        Seen.CLEAR: (State.INACTIVE, None),
        Seen.RECOVERED: (State.INACTIVE, None),
        Seen.CORRECTED: (State.INACTIVE, None),
        Seen.NO_DATA: (State.NO_DATA, Send.NO_DATA),
        Seen.GONE: (State.INACTIVE, None),
        Seen.REMOVED: (State.INACTIVE, None),
        Seen.STALE: (State.INACTIVE, None),
    },
    State.PENDING: {
        Seen.SILENCE: (State.PENDING, None),
        Seen.UNJUDGED: (State.PENDING, None),
        Seen.BREACH: (State.PENDING, None),
        Seen.HELD: (State.FIRING, Send.FIRE),
        Seen.BETWEEN: (State.INACTIVE, None),
        Seen.CLEAR: (State.INACTIVE, None),
        Seen.RECOVERED: (State.INACTIVE, None),
        Seen.CORRECTED: (State.INACTIVE, None),
        Seen.NO_DATA: (State.NO_DATA, Send.NO_DATA),
        Seen.GONE: (State.INACTIVE, None),
        Seen.REMOVED: (State.INACTIVE, None),
        Seen.STALE: (State.PENDING, None),
    },
    State.FIRING: {
        Seen.SILENCE: (State.FIRING, None),
        Seen.UNJUDGED: (State.FIRING, None),
        Seen.BREACH: (State.FIRING, None),
        Seen.HELD: (State.FIRING, None),
        Seen.ROSE: (State.FIRING, Send.RAISE),
        Seen.FELL: (State.FIRING, Send.LOWER),
        Seen.BETWEEN: (State.FIRING, None),
        Seen.CLEAR: (State.FIRING, None),
        Seen.RECOVERED: (State.INACTIVE, Send.RESOLVE),
        Seen.CORRECTED: (State.INACTIVE, Send.WITHDRAW),
        Seen.NO_DATA: (State.FIRING, None),
        Seen.GONE: (State.INACTIVE, Send.GONE),
        Seen.REMOVED: (State.INACTIVE, Send.REMOVE),
        Seen.STALE: (State.FIRING, None),
    },
    State.NO_DATA: {
        Seen.SILENCE: (State.NO_DATA, None),
        Seen.UNJUDGED: (State.INACTIVE, Send.RETURN),
        Seen.BREACH: (State.PENDING, Send.RETURN),
        Seen.HELD: (State.FIRING, Send.FIRE),
        Seen.BETWEEN: (State.INACTIVE, Send.RETURN),
        Seen.CLEAR: (State.INACTIVE, Send.RETURN),
        Seen.RECOVERED: (State.INACTIVE, Send.RETURN),
        Seen.CORRECTED: (State.NO_DATA, None),
        Seen.NO_DATA: (State.NO_DATA, None),
        Seen.GONE: (State.INACTIVE, Send.GONE),
        Seen.REMOVED: (State.INACTIVE, Send.REMOVE),
        Seen.STALE: (State.NO_DATA, None),
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

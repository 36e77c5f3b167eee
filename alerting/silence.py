"""Nothing comes: no value for `no_data.after`, a segment that is gone, a rule that is removed."""

from typing import Final

from msgspec.structs import replace

from alerting.alert import AlertState, advanced, fingerprint, identified
from alerting.lifecycle import ALARMED, Seen, State
from alerting.rule import Rule
from alerting.transition import Transition, told_removal, told_silence
from models.window import DAY_US

GONE_AFTER_US: Final = DAY_US
"""A segment that is silent for a day, and two windows, longer than it may be is no more: a campaign has ended."""


def deadline(rule: Rule, state: AlertState) -> int | None:
    """When silence means something next, event time in us; None: never.

    Counted from the last value; no alert of a segment outlives it for long, nor does what is kept of it.
    """
    if state.data_us is None:
        return None
    after_us = rule.no_data.after_us if rule.no_data else 0
    if rule.no_data and state.state in {State.INACTIVE, State.PENDING}:
        return state.data_us + after_us
    return None if rule.by is None else state.data_us + after_us + max(GONE_AFTER_US, 2 * rule.every_us)


def silent(rule: Rule, state: AlertState, segment: str) -> tuple[AlertState, Transition | None]:
    """The state at its deadline, with no value up to then; of a segment that is gone only its `sequence` is left.

    That is kept for ever: a receiver knows a notification by it, so an alert that began again with 1 would page nobody.
    """
    at_us = deadline(rule, state)
    assert at_us is not None
    missed = rule.no_data is not None and state.state in {State.INACTIVE, State.PENDING}
    level = rule.no_data.level if rule.no_data else None
    state = replace(identified(rule, state, segment), seen_us=max(at_us, state.seen_us))
    state, send = advanced(state, Seen.NO_DATA if missed else Seen.GONE, level)
    change = None if send is None else told_silence(rule, state, segment, send)
    return (state if missed else AlertState(sequence=state.sequence)), change


def fits(rule: Rule | None, state: AlertState, segment: str) -> bool:
    """Whether an alert still is of its rule; else it is to be removed. Thresholds may change."""
    if rule is None or (state.state is State.NO_DATA and rule.no_data is None):
        return False
    known = state.identity
    if known is None:
        return True
    same = (known.kpi, known.window, known.dimension) == (rule.kpi, rule.window, rule.dimension)
    return same and (state.state not in ALARMED or known.fingerprint == fingerprint(rule, segment))


def removed(name: str, state: AlertState, segment: str) -> tuple[AlertState, Transition | None]:
    """The state of a rule that is no more, or watches another series: it begins anew, but for its `sequence`."""
    anew = AlertState(sequence=state.sequence)
    if state.identity is None:  # of a release that did not keep it
        return anew, None
    state, send = advanced(state, Seen.REMOVED)
    if send is None:
        return anew, None
    return replace(anew, sequence=state.sequence), told_removal(name, state, segment, send)

"""What a revised value of a past window does to an alert.

It may take an alert back that would not have fired; it never makes one: the past pages nobody.
"""

from msgspec.structs import replace

from alerting.alert import AlertState, Kept
from alerting.condition import Judgement, Level
from alerting.lifecycle import Seen, State
from alerting.reference import Figure
from alerting.rule import Rule


def revise(rule: Rule, state: AlertState, index: int, revised: Kept) -> tuple[AlertState, Seen | None]:
    """State with window `index` of `last` revised, and CORRECTED if it would not be where it is; else None."""
    before = state.last[index]
    state = replace(state, last=(*state.last[:index], revised, *state.last[index + 1 :]))
    lowest = rule.conditions.lowest
    if not _judgement(rule, before).breaches(lowest) or _judgement(rule, revised).breaches(lowest):
        return state, None
    state = replace(state, since_us=_runs(rule, state, before))
    match state.state:
        case State.FIRING if state.fired_us is not None and before.first_us <= state.fired_us:
            return state, None if _would_fire(rule, state) else Seen.CORRECTED
        case State.PENDING if lowest not in state.since_us:
            return state, Seen.CORRECTED
        case _:
            return state, None


def _judgement(rule: Rule, kept: Kept) -> Judgement:
    """What the window said when it was evaluated; of an old state, what it says to the rule."""
    if kept.finding is None:
        return rule.conditions.judge(Figure(kept.value, kept.denominator))
    return Judgement(kept.finding, kept.level)


def _runs(rule: Rule, state: AlertState, before: Kept) -> dict[Level, int]:
    """When each level's breach began, without the window `before`; breaches that began later stay as they are."""
    runs: dict[Level, int] = {}
    for level, since_us in state.since_us.items():
        began_us = since_us if since_us > before.last_us else _run(rule, state, level, since_us)[0]
        if began_us is not None:
            runs[level] = began_us
    return runs


def _would_fire(rule: Rule, state: AlertState) -> bool:
    return _run(rule, state, rule.conditions.lowest, state.run_us)[1]


def _run(rule: Rule, state: AlertState, level: Level, known_us: int | None) -> tuple[int | None, bool]:
    """When the breach that lasts began, and whether any in memory lasted `for`; one may be older than memory."""
    older = known_us is not None and known_us < state.last[0].first_us
    since_us, held = (known_us if older else None), False
    for kept in state.last:
        judgement = _judgement(rule, kept)
        if judgement.breaches(level):
            since_us = kept.first_us if since_us is None else since_us
            held = held or kept.last_us - since_us >= rule.for_us
        elif not judgement.silent:
            since_us = None
    return since_us, held

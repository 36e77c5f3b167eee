"""How long: since when a level is breached, since when all is clear, and what a value means with that."""

from msgspec.structs import replace

from alerting.alert import AlertState
from alerting.condition import RANK, Finding, Judgement, Level
from alerting.lifecycle import Seen, State
from alerting.rule import Rule


def timed(rule: Rule, state: AlertState, judgement: Judgement, window_us: int) -> AlertState:
    """The clocks after a value: since when each level is breached, since when all is clear. Silence moves none."""
    if judgement.silent:
        return state
    now_us, since_us, breached_us = state.seen_us, dict(state.since_us), dict(state.breached_us)
    for level in rule.conditions.levels:
        if not judgement.breaches(level):
            since_us.pop(level, None)
            continue
        # Nothing known for longer than a window and `for`: two breaches with a night between them are not one.
        if now_us - breached_us.get(level, now_us) > rule.for_us + window_us:
            since_us.pop(level, None)
        since_us.setdefault(level, now_us)
        breached_us[level] = now_us
    clear = judgement.finding is Finding.CLEAR
    began_us = now_us if state.clear_since_us is None else state.clear_since_us
    return replace(state, since_us=since_us, breached_us=breached_us, clear_since_us=began_us if clear else None)


def classed(rule: Rule, state: AlertState, judgement: Judgement) -> tuple[Seen, Level | None]:
    """What the value means with its clocks, and the level it means it for."""
    match judgement.finding:
        case Finding.NO_VALUE:
            return Seen.SILENCE, None
        case Finding.NOT_ENOUGH_VOLUME | Finding.NO_PAST:
            return Seen.UNJUDGED, None
        case Finding.CLEAR:
            assert state.clear_since_us is not None
            recovered = state.seen_us - state.clear_since_us >= rule.keep_firing_for_us
            return (Seen.RECOVERED if recovered else Seen.CLEAR), None
        case Finding.BETWEEN | Finding.BREACH:
            return _level_classed(rule, state, judgement)


def _level_classed(rule: Rule, state: AlertState, judgement: Judgement) -> tuple[Seen, Level | None]:
    held = _held(rule, state)
    firing = state.level if state.state is State.FIRING else None
    if firing is not None and held is not None and RANK[held] > RANK[firing]:
        return Seen.ROSE, held
    if firing is not None and _eased(rule, state, judgement, firing):
        return Seen.FELL, judgement.level or rule.conditions.lowest
    if held is not None:
        return Seen.HELD, held
    return (Seen.BREACH if judgement.finding is Finding.BREACH else Seen.BETWEEN), None


def _held(rule: Rule, state: AlertState) -> Level | None:
    """The worst level that has been breached for `for`."""
    held = [level for level, since_us in state.since_us.items() if state.seen_us - since_us >= rule.for_us]
    return max(held, key=RANK.__getitem__, default=None)


def _eased(rule: Rule, state: AlertState, judgement: Judgement, firing: Level) -> bool:
    """Whether the level that fires was last breached `keep_firing_for` ago, and a milder one is there to fall to."""
    milder = RANK[firing] > RANK[rule.conditions.lowest] and not judgement.breaches(firing)
    return milder and state.seen_us - state.breached_us.get(firing, 0) >= rule.keep_firing_for_us

"""One evaluation, the same live, in a test of rules and over the past: a value comes, an alert changes or not."""

from msgspec.structs import replace

from alerting import correction, lifecycle
from alerting.alert import LAST_VALUES, AlertState, Kept, Observation, Transition, told
from alerting.condition import RANK, Finding, Judgement, Level
from alerting.lifecycle import Seen, Send, State
from alerting.rule import Rule
from models.kpi_value import Status


def evaluate(
    rule: Rule, state: AlertState, observation: Observation, now_us: int
) -> tuple[AlertState, Transition | None]:
    """The state after `observation` of a series the rule selects, and what to tell of it, if anything.

    `now_us` is event time (`observation.at_us`); an earlier one than the state has seen counts as that one. What the
    rule does not look at, and a past window that is no longer in memory, change nothing.
    """
    if not rule.sees(observation.status):
        return state, None
    state = replace(_reconciled(rule, state), seen_us=max(now_us, state.seen_us))
    index = state.position(observation.end_us)
    newest = not state.last or observation.end_us >= state.last[-1].end_us
    if index is not None and (not newest or observation.status is Status.CORRECTED):
        # A revision does not make the breach of a past window longer: it was last evaluated when it was.
        known = state.last[index]
        state, seen = correction.revise(rule, state, index, _kept(known, observation, known.last_us))
        if seen is not None:
            return _moved(rule, state, observation, seen, None)
    if not newest:
        return state, None
    return _looked(rule, state, index, observation)


def _reconciled(rule: Rule, state: AlertState) -> AlertState:
    """The state without levels that the rule no longer has; what fired at one fires at the mildest that is left."""
    levels = rule.conditions.levels
    if state.level in {None, *levels} and levels.keys() >= state.since_us.keys() | state.breached_us.keys():
        return state
    return replace(
        state,
        level=state.level if state.level in levels else rule.conditions.lowest,
        since_us={level: us for level, us in state.since_us.items() if level in levels},
        breached_us={level: us for level, us in state.breached_us.items() if level in levels},
    )


def _looked(
    rule: Rule, state: AlertState, index: int | None, observation: Observation
) -> tuple[AlertState, Transition | None]:
    """The newest window: its value counts now."""
    past, known = (state.last, None) if index is None else (state.last[:index], state.last[index])
    kept = _kept(known, observation, state.seen_us)
    judgement = rule.conditions.judge(observation.value, observation.denominator)
    state = replace(state, last=(*past, kept)[-LAST_VALUES:])
    state = _timed(rule, state, judgement, observation.end_us - observation.start_us)
    seen, level = _classed(rule, state, judgement)
    return _moved(rule, state, observation, seen, level)


def _kept(known: Kept | None, observation: Observation, at_us: int) -> Kept:
    first_us = known.first_us if known else at_us
    return Kept(observation.end_us, first_us, at_us, observation.value, observation.denominator)


def _timed(rule: Rule, state: AlertState, judgement: Judgement, window_us: int) -> AlertState:
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


def _classed(rule: Rule, state: AlertState, judgement: Judgement) -> tuple[Seen, Level | None]:
    """What the value means with its clocks, and the level it means it for."""
    match judgement.finding:
        case Finding.NO_VALUE | Finding.NOT_ENOUGH_VOLUME:
            return Seen.SILENCE, None
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
    milder = firing is not rule.conditions.lowest and not judgement.breaches(firing)
    return milder and state.seen_us - state.breached_us.get(firing, 0) >= rule.keep_firing_for_us


def _moved(
    rule: Rule, state: AlertState, observation: Observation, seen: Seen, level: Level | None
) -> tuple[AlertState, Transition | None]:
    """One step of the life-cycle."""
    then, send = lifecycle.step(state.state, seen)
    if send is None:
        return replace(state, state=then), None
    told_level = level if send in {Send.FIRE, Send.RAISE, Send.LOWER} else state.level
    assert told_level is not None
    began = {"fired_us": state.seen_us, "run_us": _began(rule, state)} if send is Send.FIRE else {}
    state = replace(state, state=then, level=told_level, sequence=state.sequence + 1, **began)
    return state, told(rule, state, observation, send, told_level)


def _began(rule: Rule, state: AlertState) -> int:
    return state.since_us[rule.conditions.lowest]

"""One evaluation, the same live, in a test of rules and over the past: a value comes, an alert changes or not."""

from msgspec.structs import replace

from alerting import correction
from alerting.alert import LAST_VALUES, AlertState, Kept, Observation, advanced, identified
from alerting.breach import classed, timed
from alerting.condition import Finding, Judgement, Level
from alerting.lifecycle import Seen
from alerting.reference import NOTHING, Against
from alerting.rule import Rule
from alerting.transition import Transition, told
from models.kpi_value import Status


def evaluate(
    rule: Rule, state: AlertState, observation: Observation, now_us: int, against: Against = NOTHING
) -> tuple[AlertState, Transition | None]:
    """The state after `observation` of a series the rule selects, and what to tell of it, if anything.

    `now_us` is event time (`observation.at_us`); an earlier one than the state has seen counts as that one. What the
    rule does not look at, and a past window that is no longer in memory, change nothing. `against`: what is known of
    the figures the rule refers to.
    """
    if not rule.sees(observation.status):
        return state, None
    state = identified(rule, _reconciled(rule, state), observation.segment)
    state = replace(state, seen_us=max(now_us, state.seen_us), stale=False)
    index = state.position(observation.end_us)
    newest = _newest(state, observation)
    judgement = rule.conditions.judge(observation.figure, against)
    if index is not None and (not newest or observation.status is Status.CORRECTED):
        # A revision does not make the breach of a past window longer: it was last evaluated when it was.
        known = state.last[index]
        state, seen = correction.revise(rule, state, index, _kept(known, observation, known.last_us, judgement))
        if seen is not None:
            return _moved(rule, state, observation, seen, None, against)
    if not newest:
        return state, None
    past, before = (state.last, None) if index is None else (state.last[:index], state.last[index])
    kept = _kept(before, observation, state.seen_us, judgement)
    state = replace(state, last=(*past, kept)[-LAST_VALUES:], data_us=_data_us(state, judgement))
    state = timed(rule, state, judgement, observation.end_us - observation.start_us)
    return _moved(rule, state, observation, *classed(rule, state, judgement), against)


def stale(rule: Rule, state: AlertState, observation: Observation, now_us: int) -> AlertState:
    """The state after a value that the rule may not look at, as the pipeline is behind: data has come, that is all."""
    if not rule.sees(observation.status):
        return state
    data_us = state.data_us if observation.value is None else max(now_us, state.data_us or now_us)
    return replace(advanced(state, Seen.STALE)[0], data_us=data_us, stale=True)


def _newest(state: AlertState, observation: Observation) -> bool:
    """Whether no later window was seen; what begins with a correction, as of a segment that is gone, is past."""
    if not state.last:
        return observation.status is not Status.CORRECTED
    return observation.end_us >= state.last[-1].end_us


def _reconciled(rule: Rule, state: AlertState) -> AlertState:
    """The state without the clocks of levels that the rule no longer has.

    What fires at such a level fires on, as the receivers know it, until a value raises, lowers or ends it.
    """
    levels = rule.conditions.levels
    if levels.keys() >= state.since_us.keys() | state.breached_us.keys():
        return state
    return replace(
        state,
        since_us={level: us for level, us in state.since_us.items() if level in levels},
        breached_us={level: us for level, us in state.breached_us.items() if level in levels},
    )


def _kept(known: Kept | None, observation: Observation, at_us: int, judgement: Judgement) -> Kept:
    first_us = known.first_us if known else at_us
    value, denominator = observation.value, observation.denominator
    return Kept(observation.end_us, first_us, at_us, value, denominator, judgement.finding, judgement.level)


def _data_us(state: AlertState, judgement: Judgement) -> int | None:
    return state.data_us if judgement.finding is Finding.NO_VALUE else state.seen_us


def _moved(
    rule: Rule, state: AlertState, observation: Observation, seen: Seen, level: Level | None, against: Against
) -> tuple[AlertState, Transition | None]:
    run_us = state.since_us.get(rule.conditions.lowest)
    state, send = advanced(state, seen, level, run_us)
    return state, None if send is None else told(rule, state, observation, send, against)

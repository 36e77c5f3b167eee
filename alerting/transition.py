"""A transition: what the receivers are told when an alert changes, with the explanation of the value that did it."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from alerting.alert import AlertState, Observation
from alerting.condition import Level
from alerting.lifecycle import ALARMED, Send, State
from alerting.reference import NOTHING, Against
from alerting.rule import Rule


@dataclass(frozen=True, slots=True)
class Transition:
    """`state` is FIRING or NO_DATA, or INACTIVE once resolved. Event times in us since 1970 UTC.

    Without a value behind it (nothing came, the rule was removed) value, threshold, numerator and interval are None.
    """

    fingerprint: str
    rule: str
    state: State
    level: Level
    kpi: str
    window: str
    dimension: str
    segment: str
    value: float | None
    threshold: float | None
    numerator: int | None
    denominator: int | None
    interval: tuple[float, float] | None
    last_values: tuple[float | None, ...]  # oldest first, one a window
    stale: bool
    starts_at_us: int
    ends_at_us: int | None
    reason: Send
    sequence: int  # 1, 2, ... of this fingerprint
    labels: Mapping[str, str] = field(default_factory=dict)
    annotations: Mapping[str, str] = field(default_factory=dict)
    span_us: tuple[int, int] | None = None  # of the window whose value did it, start and end; None as `value`

    @property
    def firing(self) -> bool:
        """Whether the receivers are to know of a firing alert; else it is resolved."""
        return self.state in ALARMED


def told(rule: Rule, state: AlertState, observation: Observation, send: Send, against: Against = NOTHING) -> Transition:
    """The transition to `state`, which already is the new one, because of a value."""
    level, figure = _level(state), observation.figure
    threshold = rule.conditions.bound(level, figure, against)
    texts = _filled(rule, level, observation.segment, observation, threshold)
    return _told(rule.name, state, observation.segment, send, observation, threshold, texts)


def told_silence(rule: Rule, state: AlertState, segment: str, send: Send) -> Transition:
    """The transition because no value came."""
    return _told(rule.name, state, segment, send, None, None, _filled(rule, _level(state), segment))


def told_removal(name: str, state: AlertState, segment: str, send: Send) -> Transition:
    """The transition because the rule `name` is no more; what its texts were is not known any more."""
    return _told(name, state, segment, send, None, None, {})


def _level(state: AlertState) -> Level:
    assert state.level is not None
    return state.level


def _told(
    name: str,
    state: AlertState,
    segment: str,
    send: Send,
    because: Observation | None,
    threshold: float | None,
    annotations: Mapping[str, str],
) -> Transition:
    assert state.fired_us is not None
    assert state.identity is not None
    told_as, resolved = state.identity, state.state not in ALARMED
    return Transition(
        fingerprint=told_as.fingerprint,
        rule=name,
        state=State.INACTIVE if resolved else state.state,
        level=_level(state),
        kpi=told_as.kpi,
        window=told_as.window,
        dimension=told_as.dimension,
        segment=segment,
        value=because.value if because else None,
        threshold=threshold,
        numerator=because.numerator if because else None,
        denominator=because.denominator if because else None,
        interval=because.interval if because else None,
        last_values=tuple(kept.value for kept in state.last),
        stale=state.stale,
        starts_at_us=state.fired_us,
        ends_at_us=state.seen_us if resolved else None,
        reason=send,
        sequence=state.sequence,
        labels=told_as.labels,
        annotations=annotations,
        span_us=(because.start_us, because.end_us) if because else None,
    )


def _filled(
    rule: Rule, level: Level, segment: str, because: Observation | None = None, threshold: float | None = None
) -> dict[str, str]:
    """The texts of a rule."""
    names: dict[str, str | float | None] = {
        "value": because.value if because else None,
        "threshold": threshold,
        "numerator": because.numerator if because else None,
        "denominator": because.denominator if because else None,
        "rule": rule.name,
        "level": level,
        "kpi": rule.kpi,
        "window": rule.window,
        "dimension": rule.dimension,
        "segment": segment,
    }
    return {name: text.filled(names) for name, text in rule.annotations.items()}

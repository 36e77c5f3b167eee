"""An alert: what is kept of it between evaluations, and what is told of it when it changes."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field

import msgspec

from alerting.condition import Level
from alerting.lifecycle import Send, State
from alerting.rule import Rule
from models.kpi_value import KpiValue, Status

LAST_VALUES = 20  # windows kept: what a page shows as a sparkline, and how far back a correction reaches


@dataclass(frozen=True, slots=True)
class Observation:
    """A value as a rule sees it. Times: event time, us since 1970 UTC; `value` in major units for money."""

    segment: str
    start_us: int
    end_us: int
    value: float | None
    numerator: int
    denominator: int | None
    interval: tuple[float, float] | None
    status: Status
    watermark_us: int

    @classmethod
    def of(cls, value: KpiValue) -> "Observation":
        """What a rule sees of a published value."""
        return cls(
            value.series.segment,
            value.start_us,
            value.end_us,
            value.value,
            value.numerator,
            value.denominator,
            value.interval,
            value.status,
            value.watermark_us,
        )

    @property
    def at_us(self) -> int:
        """When it is evaluated: a provisional value at the watermark, any other at its window's end."""
        return self.watermark_us if self.status is Status.PROVISIONAL else self.end_us


class Kept(msgspec.Struct, frozen=True, array_like=True):
    """The last known value of a window, and when (event time) it was first and last evaluated."""

    end_us: int
    first_us: int
    last_us: int
    value: float | None
    denominator: int | None


class AlertState(msgspec.Struct, frozen=True, array_like=True):
    """What is kept for one (rule, segment). A new field goes last and has a default: old states are read back."""

    state: State = State.INACTIVE
    level: Level | None = None  # that fires, or fired last
    since_us: dict[Level, int] = msgspec.field(default_factory=dict)  # breached without a break since
    breached_us: dict[Level, int] = msgspec.field(default_factory=dict)  # last seen breached
    clear_since_us: int | None = None
    run_us: int | None = None  # when the breach began that made it fire
    fired_us: int | None = None
    sequence: int = 0  # of the last transition; never starts again, receivers know it
    seen_us: int = 0  # last evaluation; never goes back
    last: tuple[Kept, ...] = ()  # by window, oldest first, at most LAST_VALUES

    def position(self, end_us: int) -> int | None:
        """Index in `last` of the window that ends then."""
        return next((index for index, kept in enumerate(self.last) if kept.end_us == end_us), None)


@dataclass(frozen=True, slots=True)
class Transition:
    """What the receivers are told; `state` is FIRING, or INACTIVE once resolved. Event times in us since 1970 UTC."""

    fingerprint: str
    rule: str
    state: State
    level: Level
    kpi: str
    window: str
    dimension: str
    segment: str
    value: float | None
    threshold: float
    numerator: int
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


def fingerprint(rule: Rule, segment: str) -> str:
    """16 hex digits that name an alert for ever: a hash of rule, dimension, segment and labels."""
    named = msgspec.json.encode([rule.name, rule.dimension, segment, sorted(rule.labels.items())])
    return hashlib.blake2b(named, digest_size=8).hexdigest()


def told(rule: Rule, state: AlertState, observation: Observation, send: Send, level: Level) -> Transition:
    """The transition to `state`, which already is the new one, with the explanation of the value that made it."""
    assert state.fired_us is not None
    threshold = rule.conditions.levels[level].bound
    firing = state.state is State.FIRING
    return Transition(
        fingerprint=fingerprint(rule, observation.segment),
        rule=rule.name,
        state=state.state,
        level=level,
        kpi=rule.kpi,
        window=rule.window,
        dimension=rule.dimension,
        segment=observation.segment,
        value=observation.value,
        threshold=threshold,
        numerator=observation.numerator,
        denominator=observation.denominator,
        interval=observation.interval,
        last_values=tuple(kept.value for kept in state.last),
        stale=False,
        starts_at_us=state.fired_us,
        ends_at_us=None if firing else state.seen_us,
        reason=send,
        sequence=state.sequence,
        labels=rule.labels,
        annotations=_annotations(rule, observation, level, threshold),
    )


def _annotations(rule: Rule, observation: Observation, level: Level, threshold: float) -> dict[str, str]:
    names: dict[str, str | float | None] = {
        "value": observation.value,
        "threshold": threshold,
        "numerator": observation.numerator,
        "denominator": observation.denominator,
        "rule": rule.name,
        "level": level,
        "kpi": rule.kpi,
        "window": rule.window,
        "dimension": rule.dimension,
        "segment": observation.segment,
    }
    return {name: text.filled(names) for name, text in rule.annotations.items()}

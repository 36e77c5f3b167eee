"""An alert: what is kept of it between evaluations, and what names it."""

import hashlib
from collections.abc import Mapping

import msgspec
from msgspec.structs import replace

from alerting import lifecycle
from alerting.condition import Finding, Level
from alerting.lifecycle import ALARMED, BEGINS, Seen, Send, State
from alerting.reference import Figure
from alerting.rule import Rule
from models.kpi_value import KpiValue, Status

LAST_VALUES = 20  # windows kept: what a page shows as a sparkline, and how far back a correction reaches


class Observation(msgspec.Struct, frozen=True, array_like=True, gc=False):
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

    @property
    def figure(self) -> Figure:
        """As conditions compare it."""
        return Figure(self.value, self.denominator, self.interval)


class Kept(msgspec.Struct, frozen=True, array_like=True):
    """The last known value of a window, and when (event time) it was first and last evaluated.

    `finding` and `level`: what it said then; None of a state that was written before there were comparisons.
    """

    end_us: int
    first_us: int
    last_us: int
    value: float | None
    denominator: int | None
    finding: Finding | None = None
    level: Level | None = None


class Identity(msgspec.Struct, frozen=True, array_like=True):
    """How the receivers know an alert, so that it can be resolved when its rule is gone."""

    fingerprint: str
    kpi: str
    window: str
    dimension: str
    labels: Mapping[str, str]


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
    data_us: int | None = None  # last time that there was a value
    identity: Identity | None = None  # None: never evaluated, or by a release that did not keep it
    stale: bool = False  # the last value was not looked at: the pipeline was behind

    def position(self, end_us: int) -> int | None:
        """Index in `last` of the window that ends then."""
        return next((index for index, kept in enumerate(self.last) if kept.end_us == end_us), None)


def fingerprint(rule: Rule, segment: str) -> str:
    """16 hex digits that name an alert for ever: a hash of rule, dimension, segment and labels."""
    named = msgspec.json.encode([rule.name, rule.dimension, segment, sorted(rule.labels.items())])
    return hashlib.blake2b(named, digest_size=8).hexdigest()


def identified(rule: Rule, state: AlertState, segment: str) -> AlertState:
    """With its identity: what the receivers were told as long as an alert fires, else what the rule says now."""
    if state.identity is not None and (state.state in ALARMED or state.identity.labels == rule.labels):
        return state
    return replace(state, identity=identity(rule, segment))


def identity(rule: Rule, segment: str) -> Identity:
    """How receivers know the alert of a segment."""
    return Identity(fingerprint(rule, segment), rule.kpi, rule.window, rule.dimension, rule.labels)


_MEANS_LEVEL = {*BEGINS, Send.RAISE, Send.LOWER}


def advanced(
    state: AlertState, seen: Seen, level: Level | None = None, run_us: int | None = None
) -> tuple[AlertState, Send | None]:
    """One step of the life-cycle, at `seen_us` of the state; `level` that is meant by what was seen.

    `run_us`: when the breach began, if one did.
    """
    then, send = lifecycle.step(state.state, seen)
    if send is None:
        return (state if then is state.state else replace(state, state=then)), None
    if send in BEGINS:
        state = replace(state, fired_us=state.seen_us, run_us=run_us)
    level = level if send in _MEANS_LEVEL else state.level
    assert level is not None
    return replace(state, state=then, level=level, sequence=state.sequence + 1), send

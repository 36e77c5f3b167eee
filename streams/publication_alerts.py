"""How `kpi-alerts` is written: a transition as JSON, keyed by its fingerprint; `alerting.notification` reads it."""

from datetime import UTC, datetime, timedelta
from typing import Literal

import msgspec

from alerting.condition import Level
from alerting.lifecycle import Send
from alerting.transition import Transition

TOPIC = "kpi-alerts"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class AlertRecord(msgspec.Struct, frozen=True):
    """As it is on the topic. Times are event time in RFC 3339 UTC; money is in major units."""

    fingerprint: str
    rule: str
    state: Literal["firing", "resolved"]
    level: Level
    kpi: str
    window: str
    dimension: str
    segment: str
    value: float | None
    threshold: float | None
    """None, as numerator and value, where no value is behind it: no data, a segment that is gone, a removed rule."""
    numerator: int | None
    denominator: int | None
    interval: tuple[float, float] | None
    last_values: tuple[float | None, ...]
    """Oldest first, one a window, at most 20."""
    stale: bool
    starts_at: datetime
    ends_at: datetime | None
    reason: Send
    labels: dict[str, str]
    annotations: dict[str, str]
    sequence: int
    """1, 2, ... of this fingerprint; with it the idempotency key."""
    window_start: datetime | None = None
    window_end: datetime | None = None
    """Of the window whose value did it; None as `value`, and of records of older workers."""


_ENCODER = msgspec.json.Encoder()


def alert_record(transition: Transition) -> bytes:
    """The value of the record; its key is the fingerprint."""
    span = transition.span_us
    return _ENCODER.encode(
        AlertRecord(
            fingerprint=transition.fingerprint,
            rule=transition.rule,
            state="firing" if transition.firing else "resolved",
            level=transition.level,
            kpi=transition.kpi,
            window=transition.window,
            dimension=transition.dimension,
            segment=transition.segment,
            value=transition.value,
            threshold=transition.threshold,
            numerator=transition.numerator,
            denominator=transition.denominator,
            interval=transition.interval,
            last_values=transition.last_values,
            stale=transition.stale,
            starts_at=_time(transition.starts_at_us),
            ends_at=None if transition.ends_at_us is None else _time(transition.ends_at_us),
            reason=transition.reason,
            labels=dict(transition.labels),
            annotations=dict(transition.annotations),
            sequence=transition.sequence,
            window_start=None if span is None else _time(span[0]),
            window_end=None if span is None else _time(span[1]),
        )
    )


def _time(us: int) -> datetime:
    return _EPOCH + timedelta(microseconds=us)

"""What a receiver is told: the record of a transition, read leniently. Everybody who reads `kpi-alerts` reads it here.

A newer worker may write more fields, states, levels and reasons than this notifier knows; a page is not lost for that.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Annotated, Final

import msgspec

from alerting.explanation import Explanation

RESOLVED: Final = "resolved"
EXPLANATION: Final = "explanation"
"""Name of the annotation that says why."""


Moment = Annotated[datetime, msgspec.Meta(tz=True)]
"""With an offset: without one nobody knows when it is."""


class Alert(msgspec.Struct, frozen=True, kw_only=True):
    """Of a record of `kpi-alerts`, what somebody uses. Times are event time; money is in major units."""

    fingerprint: str
    sequence: int
    rule: str
    state: str
    level: str
    starts_at: Moment
    ends_at: Moment | None = None
    kpi: str = ""
    window: str = ""
    dimension: str = ""
    segment: str = ""
    value: float | None = None
    threshold: float | None = None
    numerator: int | float | None = None
    denominator: int | float | None = None
    last_values: tuple[float | None, ...] = ()
    """Oldest first, one a window."""
    reason: str = ""
    """See alerting.lifecycle.Send; of a newer worker it may be another word."""
    labels: Mapping[str, str] = {}
    annotations: Mapping[str, str] = {}
    window_start: Moment | None = None
    window_end: Moment | None = None

    @property
    def firing(self) -> bool:
        """Whatever is not over."""
        return self.state != RESOLVED


@dataclass(frozen=True, slots=True)
class Notification:
    """One transition for one receiver; `data` is its whole record as JSON, with `explanation` once it is explained.

    `why`: the explanation in lines of words, or the one line that there is none; none where nothing is to explain.
    """

    alert: Alert
    data: bytes
    why: tuple[str, ...] = ()

    def explained(self, explanation: Explanation) -> "Notification":
        """With its explanation, in `data` and in words."""
        return self._saying(explanation.summary, msgspec.json.encode(explanation))

    def without(self, reason: str) -> "Notification":
        """Without one, which is said."""
        return self._saying((reason,), b"null")

    def _saying(self, why: tuple[str, ...], explanation: bytes) -> "Notification":
        """The words are an annotation, too, so that every receiver that shows those shows them."""
        fields = msgspec.json.decode(self.data, type=dict[str, msgspec.Raw])
        annotations = {**self.alert.annotations, EXPLANATION: "; ".join(why)}
        fields["annotations"] = msgspec.Raw(msgspec.json.encode(annotations))
        fields["explanation"] = msgspec.Raw(explanation)
        alert = msgspec.structs.replace(self.alert, annotations=annotations)
        return Notification(alert, msgspec.json.encode(fields), why)

    @property
    def key(self) -> str:
        """The same for every attempt, after a restart too: a receiver that knows it has seen the notification."""
        return f"{self.alert.fingerprint}-{self.alert.sequence}"

    @property
    def at(self) -> str:
        """Its event time: when the alert began, or ended."""
        return rfc3339(self.alert.ends_at or self.alert.starts_at)


class MalformedAlert(ValueError):  # noqa: N818  (what it is, not what it does)
    """Bytes that are no alert record; says why."""


_DECODER = msgspec.json.Decoder(Alert)


def read_notification(data: bytes) -> Notification:
    """The notification of a record; raises MalformedAlert."""
    try:
        alert = _DECODER.decode(data)
        for at in (alert.starts_at, alert.ends_at, alert.window_start, alert.window_end):
            if at is not None:
                rfc3339(at)  # of the years 1 and 9999 some hours are out of range in UTC
    except (msgspec.DecodeError, UnicodeDecodeError, OverflowError) as wrong:  # ValidationError is a DecodeError
        raise MalformedAlert(str(wrong)) from None
    return Notification(alert, data)


def rfc3339(at: datetime) -> str:
    """In UTC with a Z."""
    return at.astimezone(UTC).isoformat().replace("+00:00", "Z")

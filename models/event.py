"""What all events have in common: how bytes become a typed event or a reason."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Annotated, TypeVar

import msgspec
from msgspec import Meta

from models.outcome import Invalid, Reason

E = TypeVar("E")

MAX_STRING = 65_536
EventId = Annotated[str, Meta(min_length=1, max_length=64)]
Identifier = Annotated[str, Meta(min_length=1, max_length=MAX_STRING)]
Text = Annotated[str, Meta(max_length=MAX_STRING)]
Timestamp = Annotated[datetime, Meta(tz=True)]

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
FUTURE_TOLERANCE_US = 5 * 60_000_000
ANCIENT_US = (datetime(2000, 1, 1, tzinfo=UTC) - EPOCH).days * 86_400_000_000


class Event(msgspec.Struct, frozen=True, kw_only=True, gc=False):
    """The fields every event has; unknown extra fields are ignored, `null` is absent."""

    event_id: EventId
    """Unique: a redelivery has the same one and the same `timestamp`."""
    timestamp: Timestamp
    """Event time, from 2000 on and at most 5 minutes ahead of the wall clock."""

    @property
    def at_us(self) -> int:
        """Event time, us since 1970 UTC."""
        return to_us(self.timestamp)


def to_us(moment: datetime) -> int:
    """Microseconds since 1970 UTC."""
    since = moment - EPOCH
    return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds


def check_time(at_us: int, now_us: int) -> Invalid | None:
    """Refuse what a broken clock sent: it would move the watermark and make every other event late."""
    if at_us > now_us + FUTURE_TOLERANCE_US:
        ahead_s = (at_us - now_us) / 1e6
        return Invalid(Reason.FUTURE_TIMESTAMP, f"timestamp is {ahead_s:.0f} s ahead of the wall clock")
    if at_us < ANCIENT_US:
        return Invalid(Reason.ANCIENT_TIMESTAMP, "timestamp is before 2000-01-01")
    return None


def check_key(key: bytes | None, expected: str, field: str) -> Invalid | None:
    """Refuse a record that is not on the partition of its state."""
    if key is None:
        return Invalid(Reason.NULL_KEY, f"the record's key is null, expected {field}")
    if key != expected.encode():
        return Invalid(Reason.KEY_MISMATCH, f"the record's key is not its {field}")
    return None


def decode_with(decode: Callable[[bytes], E], raw: bytes | None) -> E | Invalid:
    """Bytes to an event, or the reason why not."""
    if not raw:
        return Invalid(Reason.EMPTY, "the record has no value")
    try:
        return decode(raw)
    except msgspec.ValidationError as error:
        return Invalid(_reason(str(error)), str(error))
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        return Invalid(Reason.NOT_JSON, str(error))


def _reason(message: str) -> Reason:
    """The class of a msgspec validation error, which has only its text."""
    if message.startswith("Object missing required field"):
        return Reason.MISSING_FIELD
    if message.startswith("Invalid") and message.endswith("`$.event_type`"):
        return Reason.UNKNOWN_EVENT_TYPE
    return Reason.ILL_TYPED_FIELD

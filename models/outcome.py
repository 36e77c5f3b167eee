"""What became of an event: one outcome each, and why an event was not taken."""

from dataclasses import dataclass
from enum import StrEnum

import msgspec


class Outcome(StrEnum):
    """Of every event received, exactly one: the first that applies of invalid, late, duplicate, bot, counted."""

    COUNTED = "counted"
    DUPLICATE = "duplicate"
    LATE = "late"
    BOT = "bot"
    INVALID = "invalid"


class Reason(StrEnum):
    """Why an event is invalid: the header of its dead letter, a metric label and a log field."""

    EMPTY = "empty"
    NOT_JSON = "not_json"
    MISSING_FIELD = "missing_field"
    ILL_TYPED_FIELD = "ill_typed_field"
    UNKNOWN_EVENT_TYPE = "unknown_event_type"
    NULL_KEY = "null_key"
    KEY_MISMATCH = "key_mismatch"
    FUTURE_TIMESTAMP = "future_timestamp"
    ANCIENT_TIMESTAMP = "ancient_timestamp"
    UNKNOWN_CURRENCY = "unknown_currency"
    NO_FX_RATE = "no_fx_rate"
    CURRENCY_MISMATCH = "currency_mismatch"
    OVER_REFUND = "over_refund"
    UNKNOWN_ORDER = "unknown_order"


@dataclass(frozen=True, slots=True)
class Invalid:
    """An event that cannot be counted; `detail` tells a human what to mend."""

    reason: Reason
    detail: str


class Ledger(msgspec.Struct, array_like=True):
    """The account of one input partition: `received` is always the sum of the outcomes."""

    received: int = 0
    counted: int = 0
    duplicate: int = 0
    late: int = 0
    bot: int = 0
    invalid: int = 0

    @property
    def balanced(self) -> bool:
        """Whether every event received has its outcome."""
        return self.received == self.counted + self.duplicate + self.late + self.bot + self.invalid

    def add(self, other: "Ledger") -> None:
        """Take over another account, as of another partition."""
        for field in self.__struct_fields__:
            setattr(self, field, getattr(self, field) + getattr(other, field))

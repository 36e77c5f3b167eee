"""What became of an event: one outcome each, and why an event was not taken."""

from dataclasses import dataclass
from enum import StrEnum

import msgspec


class Outcome(StrEnum):
    """Of every event received, exactly one: the first that applies of invalid, late, duplicate, bot, counted."""

    COUNTED = "counted"
    """It is in the figures."""
    DUPLICATE = "duplicate"
    """An event with this `event_id` and timestamp was counted, or an order with this `order_id` was placed."""
    LATE = "late"
    """Its timestamp is before its partition's watermark minus the correction horizon of its topic."""
    BOT = "bot"
    """A crawler by its user agent, or more clicks of a visitor in a minute than `bot_events_per_minute`."""
    INVALID = "invalid"
    """It cannot be counted; it is on `kpi-dead-letters` with a reason."""


class Reason(StrEnum):
    """Why an event is invalid: the header of its dead letter, a metric label and a log field."""

    EMPTY = "empty"
    """The record has no value."""
    NOT_JSON = "not_json"
    """The bytes are no JSON."""
    MISSING_FIELD = "missing_field"
    """A required field is absent."""
    ILL_TYPED_FIELD = "ill_typed_field"
    """A field has another type or shape than the contract; `kpi-detail` names it."""
    UNKNOWN_EVENT_TYPE = "unknown_event_type"
    """Of orders or social."""
    NULL_KEY = "null_key"
    """The record needs the key of its state."""
    KEY_MISMATCH = "key_mismatch"
    """The key is not the visitor, customer, order or post of the event."""
    FUTURE_TIMESTAMP = "future_timestamp"
    """More than 5 minutes ahead of the wall clock."""
    ANCIENT_TIMESTAMP = "ancient_timestamp"
    """Before 2000."""
    UNKNOWN_CURRENCY = "unknown_currency"
    """No ISO 4217 code."""
    NO_FX_RATE = "no_fx_rate"
    """No rate to the reporting currency; replay the letter when there is one."""
    CURRENCY_MISMATCH = "currency_mismatch"
    """A refund in another currency than its order."""
    OVER_REFUND = "over_refund"
    """More than is left of the order."""
    UNKNOWN_ORDER = "unknown_order"
    """A cancellation whose order was never placed."""


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

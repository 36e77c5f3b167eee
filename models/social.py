"""An event of a social platform: an interaction, a follow or an impression."""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from models.event import Event, Identifier, Text, check_key, decode_with
from models.outcome import Invalid

TOPIC = "social"
DIMENSIONS = ("platform", "account", "campaign")
SocialType = Literal["like", "unlike", "share", "comment", "follow", "unfollow", "impression"]


class SocialEvent(Event, frozen=True, kw_only=True, gc=False):
    """An interaction, a follow or an impression, or many of a kind."""

    event_type: SocialType
    """What somebody did, or took back."""
    platform: Identifier
    """Where, like `instagram`."""
    account: Text | None = None
    """Of the shop; the record's key without `post_id`."""
    post_id: Text | None = None
    """The record's key; without it and `account` the `event_id` is."""
    actor_id: Text | None = None
    """Who."""
    campaign: Text | None = None
    """Of the shop."""
    count: Annotated[int, Meta(ge=1, le=10**9)] | None = None
    """How many; absent: 1. Pollers deliver aggregates."""

    @property
    def segments(self) -> tuple[str | None, ...]:
        """In the order of DIMENSIONS."""
        return (self.platform, self.account, self.campaign)


_decode = msgspec.json.Decoder(SocialEvent).decode


def decode_social(key: bytes | None, raw: bytes | None) -> SocialEvent | Invalid:
    """A record of `social`, keyed by `post_id`, else `account`, else `event_id`."""
    event = decode_with(_decode, raw)
    if isinstance(event, Invalid):
        return event
    for field in ("post_id", "account"):
        if name := getattr(event, field):
            return check_key(key, name, field) or event
    return check_key(key, event.event_id, "event_id") or event

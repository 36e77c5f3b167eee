"""An event of an ad platform: what a campaign cost in a period. Platforms restate for weeks."""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from models.event import Event, Identifier, Text, check_key, decode_with
from models.order import Amount, CurrencyCode
from models.outcome import Invalid

TOPIC = "ad-spend"
DIMENSIONS = ("channel", "campaign")
Count = Annotated[int, Meta(ge=0, le=10**15)]


class AdSpend(Event, frozen=True, kw_only=True, gc=False):
    """`timestamp`: start of the period. The highest `revision` of (source, campaign, timestamp) replaces the others."""

    event_type: Literal["ad_spend"]
    source: Identifier
    campaign: Identifier
    amount: Amount
    currency: CurrencyCode
    channel: Text | None = None
    impressions: Count | None = None
    clicks: Count | None = None
    revision: Annotated[int, Meta(ge=0, le=10**15)] | None = None

    @property
    def segments(self) -> tuple[str | None, ...]:
        """In the order of DIMENSIONS."""
        return (self.channel, self.campaign)


class Spent(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """What counts of a period: its highest revision, in minor units of the reporting currency."""

    revision: int
    minor: int
    segments: tuple[str | None, ...]


_decode = msgspec.json.Decoder(AdSpend).decode


def decode_ad_spend(key: bytes | None, raw: bytes | None) -> AdSpend | Invalid:
    """A record of `ad-spend`, keyed by `source|campaign`."""
    event = decode_with(_decode, raw)
    if isinstance(event, Invalid):
        return event
    return check_key(key, f"{event.source}|{event.campaign}", "source|campaign") or event

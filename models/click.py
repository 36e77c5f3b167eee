"""An event of the clickstream: something a visitor did on the site."""

import msgspec

from models.event import Event, Identifier, Text, check_key, decode_with
from models.outcome import Invalid

TOPIC = "clickstream"
DIMENSIONS = ("channel", "device", "country", "campaign")
DEVICES = frozenset({"desktop", "mobile", "tablet", "other"})


class Click(Event, frozen=True, kw_only=True, gc=False):
    """Any `event_type` is activity; the named ones of GA4 (`page_view`, `purchase`, ...) mean more."""

    visitor_id: Identifier
    event_type: Identifier
    session_id: Identifier | None = None
    customer_id: Text | None = None
    page_url: Text | None = None
    referrer: Text | None = None
    utm_source: Text | None = None
    utm_medium: Text | None = None
    utm_campaign: Text | None = None
    channel: Text | None = None
    country: Text | None = None
    device: Text | None = None
    user_agent: Text | None = None
    order_id: Text | None = None

    @property
    def segments(self) -> tuple[str | None, ...]:
        """In the order of DIMENSIONS; a device outside the contract's four is `other`."""
        device = self.device if self.device is None or self.device in DEVICES else "other"
        return (self.channel, device, self.country, self.utm_campaign)


_decode = msgspec.json.Decoder(Click).decode


def decode_click(key: bytes | None, raw: bytes | None) -> Click | Invalid:
    """A record of `clickstream`, keyed by `visitor_id`."""
    try:
        click = _decode(raw or b"")
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return decode_with(_decode, raw)
    return click if key == click.visitor_id.encode() else check_key(key, click.visitor_id, "visitor_id") or click

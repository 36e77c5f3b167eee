"""An event of the clickstream: something a visitor did on the site."""

import msgspec

from models.channel import channel_of, host_of, path_of
from models.event import Event, Identifier, Text, check_key, decode_with
from models.outcome import Invalid

TOPIC = "clickstream"
LANDING_PAGE = "landing_page"
DIMENSIONS = ("channel", "device", "country", "campaign", LANDING_PAGE)
DEVICES = frozenset({"desktop", "mobile", "tablet", "other"})


class Click(Event, frozen=True, kw_only=True, gc=False):
    """Any `event_type` is activity; the named ones of GA4 (`page_view`, `purchase`, ...) mean more."""

    visitor_id: Identifier
    """The record's key."""
    event_type: Identifier
    """`page_view`, `view_item`, `search`, `add_to_cart`, `begin_checkout`, `add_payment_info`, `purchase`, `sign_up`;
    any other name is activity."""
    session_id: Identifier | None = None
    """Of the shop's own sessions."""
    customer_id: Text | None = None
    """Of a visitor who is known."""
    page_url: Text | None = None
    """The page that was seen."""
    referrer: Text | None = None
    """The page before it."""
    utm_source: Text | None = None
    """Of a tagged link."""
    utm_medium: Text | None = None
    """Likewise."""
    utm_campaign: Text | None = None
    """Likewise; the dimension `campaign`."""
    channel: Text | None = None
    """A name of GA4's default channel grouping."""
    country: Text | None = None
    """ISO 3166-1 alpha-2."""
    device: Text | None = None
    """`desktop`, `mobile`, `tablet`; anything else is `other`."""
    user_agent: Text | None = None
    """Of the browser."""
    order_id: Text | None = None
    """Of a `purchase`."""

    @property
    def segments(self) -> tuple[str | None, ...]:
        """In the order of DIMENSIONS."""
        return self.segments_of(landing=True)

    def segments_of(self, *, landing: bool) -> tuple[str | None, ...]:
        """In the order of DIMENSIONS; a device outside the contract's four is `other`.

        The channel is GA4's where the event names none. `landing`: the page's path without its query, where it is
        needed; there are as many combinations of segments as pages with it.
        """
        device = self.device if self.device is None or self.device in DEVICES else "other"
        page = path_of(self.page_url) if landing else None
        return (self.channel or self._channel, device, self.country, self.utm_campaign, page)

    @property
    def _channel(self) -> str:
        referrer, host = host_of(self.referrer), host_of(self.page_url)
        return channel_of(self.utm_source, self.utm_medium, self.utm_campaign, referrer, host)


decode = msgspec.json.Decoder(Click).decode
"""The value of a record; raises msgspec errors and UnicodeDecodeError."""


def decode_click(key: bytes | None, raw: bytes | None) -> Click | Invalid:
    """A record of `clickstream`, keyed by `visitor_id`."""
    try:
        click = decode(raw or b"")
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError):
        return decode_with(decode, raw)
    return click if key == click.visitor_id.encode() else check_key(key, click.visitor_id, "visitor_id") or click

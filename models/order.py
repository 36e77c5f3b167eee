"""Events of orders: placed, refunded, cancelled."""

from typing import Annotated

import msgspec
from msgspec import Meta

from models.event import Event, Identifier, Text, check_key, decode_with
from models.outcome import Invalid

TOPIC = "orders"
DIMENSIONS = ("channel", "country", "campaign")
# Ten billion of any currency: the sum of 90,000 such orders still fits the 64 bits of a stored integer.
Amount = Annotated[str, Meta(pattern=r"^[0-9]{1,10}(\.[0-9]{1,12})?\Z")]
CurrencyCode = Annotated[str, Meta(min_length=3, max_length=3)]


class OrderEvent(Event, frozen=True, kw_only=True, gc=False, tag_field="event_type"):
    """What the three have in common."""

    order_id: Identifier
    """The record's key for a guest."""
    customer_id: Identifier | None = None
    """The record's key, where there is one."""
    visitor_id: Text | None = None
    """Who ordered, as on `clickstream`."""
    session_id: Text | None = None
    """In which session."""
    channel: Text | None = None
    """A name of GA4's default channel grouping."""
    country: Text | None = None
    """ISO 3166-1 alpha-2."""
    campaign: Text | None = None
    """As `utm_campaign` of a click."""

    @property
    def segments(self) -> tuple[str | None, ...]:
        """In the order of DIMENSIONS."""
        return (self.channel, self.country, self.campaign)


class OrderPlaced(OrderEvent, frozen=True, kw_only=True, gc=False, tag="order_placed"):
    """An order, as it was placed."""

    amount: Amount
    """Merchandise after discounts, before tax and shipping; in major units."""
    currency: CurrencyCode
    """ISO 4217."""


class OrderRefunded(OrderEvent, frozen=True, kw_only=True, gc=False, tag="order_refunded"):
    """Money that goes back."""

    amount: Amount
    """What goes back; in major units."""
    currency: CurrencyCode
    """That of the order."""


class OrderCancelled(OrderEvent, frozen=True, kw_only=True, gc=False, tag="order_cancelled"):
    """Takes back what is left of its order."""


AnyOrderEvent = OrderPlaced | OrderRefunded | OrderCancelled


_decode = msgspec.json.Decoder(AnyOrderEvent).decode


def decode_order(key: bytes | None, raw: bytes | None) -> AnyOrderEvent | Invalid:
    """A record of `orders`, keyed by `customer_id`, for a guest by `order_id`."""
    event = decode_with(_decode, raw)
    if isinstance(event, Invalid):
        return event
    if event.customer_id is None:
        return check_key(key, event.order_id, "order_id (a guest's)") or event
    return check_key(key, event.customer_id, "customer_id") or event

"""What the orders stage tells of an admitted order event: on to the visitor it belongs to, then to its customer.

Facts are additive: what turned out differently is taken back by a fact of its own, so nobody has to know the last one.
"""

from enum import StrEnum

import msgspec

from models.delta import Mark

BY_VISITOR, BY_CUSTOMER = "kpi-visitor-orders", "kpi-customer-orders"
VERSION = 1
NUMBERS_BYTES, MOST_BYTES_A_CHARACTER = 100, 4
"""What is no text in a fact, and UTF-8."""


class FactKind(StrEnum):
    """What is to be booked, and on whose segments."""

    PLACED = "placed"  # an order: on its own segments, its session's where it names none
    REFUNDED = "refunded"  # money back from a known order (refund, cancellation): on the order's segments
    UNMATCHED = "unmatched"  # money back whose order is not known: on its own segments
    ERASED = "erased"  # nothing: whoever keeps the `customer_id` forgets it, behind all facts before this one


class OrderFact(msgspec.Struct, array_like=True, frozen=True, kw_only=True, gc=False):
    """One booking at `at_us` (event time, us since 1970 UTC).

    `count`: 1, or -1 where an earlier fact is taken back; `minor`: amount in minor units of the reporting currency,
    with the sign of `count`. `segments` in the order of models.order.DIMENSIONS.
    """

    kind: FactKind
    order_id: str
    at_us: int
    count: int
    minor: int
    customer_id: str | None
    visitor_id: str | None
    session_id: str | None
    segments: tuple[str | None, ...]

    @property
    def key(self) -> str:
        """By which it finds its visitor, and every fact of an order the same task."""
        return self.visitor_id or self.order_id

    @property
    def most_bytes(self) -> int:
        """What it takes in a record, at most."""
        texts = (self.order_id, self.customer_id, self.visitor_id, self.session_id, *self.segments)
        return NUMBERS_BYTES + MOST_BYTES_A_CHARACTER * sum(len(text) for text in texts if text)


def erased(customer_id: str) -> OrderFact:
    """Forget a customer. It goes to every visitors' task, because each may still hold orders of the customer back."""
    return OrderFact(
        kind=FactKind.ERASED,
        order_id="",
        at_us=0,
        count=0,
        minor=0,
        customer_id=customer_id,
        visitor_id=None,
        session_id=None,
        segments=(),
    )


class FactRecord(msgspec.Struct, array_like=True, gc=False):
    """What one commit sends to one partition: facts in their order, then the `marks` by feed.

    `arrivals`: as in DeltaRecord.
    """

    version: int
    partition: int
    facts: list[OrderFact]
    marks: dict[str, Mark]
    arrivals: list[tuple[int, int]]


encode_facts = msgspec.msgpack.Encoder().encode
decode_facts = msgspec.msgpack.Decoder(FactRecord).decode

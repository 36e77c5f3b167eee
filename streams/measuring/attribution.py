"""Orders find their session: booked at once, again when it turns out differently, and then fixed.

An order is booked on the segments it names and, where it names none, on those of its session. Until the watermark has
passed its time and the allowed lateness, clicks may come that change which session that is; then it is looked up once
more, what was booked is taken back if it was another, and the order goes on to its customer.
"""

from typing import Generic, Protocol, TypeVar

import msgspec

from models import measure
from models.order_fact import FactKind, OrderFact
from models.order_state import NEVER_US
from models.slices import Slicing
from models.table import Table, packed_codec, packed_older
from models.table_ttl import Ttl
from models.window import MINUTE_US
from streams.measuring.additions import Additions

R = TypeVar("R")
R_contra = TypeVar("R_contra", contravariant=True)
SessionName = tuple[str, str]
"""Visitor, and the session's id among its own."""

Segments = tuple[str | None, ...]
MONEY = {FactKind.PLACED: measure.REVENUE, FactKind.REFUNDED: measure.REFUNDS, FactKind.UNMATCHED: measure.REFUNDS}
COUNTED = {FactKind.PLACED: measure.ORDERS, FactKind.UNMATCHED: measure.UNMATCHED_REFUNDS}


class Sessions(Protocol[R_contra]):
    """What is asked of the sessions of a task."""

    def fixed(self, rows: R_contra, before_us: int) -> None:
        """No order before this time (event time, us) asks any more."""

    def session_of(self, rows: R_contra, visitor_id: str, session_id: str | None, at_us: int) -> SessionName | None:
        """The session an order belongs to."""

    def segments_of(self, rows: R_contra, session: SessionName) -> Segments:
        """Channel, country and campaign of a session."""

    def join(self, rows: R_contra, session: SessionName, at_us: int, count: int, additions: Additions) -> None:
        """An order of a session, or (-1) no longer one."""


class Attributed(msgspec.Struct, array_like=True):
    """An order, and where it is booked. `waiting`: its facts until it is fixed, in their order; empty: it is fixed.

    `last_us`: event time of its latest fact, us since 1970 UTC.
    """

    segments: Segments
    session: SessionName | None
    waiting: list[OrderFact]
    last_us: int


class AttributedForEver(msgspec.Struct, array_like=True):
    """The first format of Attributed, without a time: what was fixed then is not forgotten."""

    segments: Segments
    session: SessionName | None
    waiting: list[OrderFact]


def _lift(row: AttributedForEver) -> Attributed:
    last_us = max((fact.at_us for fact in row.waiting), default=NEVER_US)
    return Attributed(row.segments, row.session, row.waiting, last_us)


Attributions = Table[str, Attributed]
_CODEC = packed_codec(Attributed, str, 2, {1: packed_older(AttributedForEver, _lift)})
LOOKS = 2_000
"""Rows a step looks at to see whether they are past, a few ms."""


def attributions(keep_us: int | None = None) -> Attributions:
    """Orders by id; kept as long as a refund may come: so much event time after their latest fact, None: for ever."""
    ttl: Ttl[Attributed] | None = None if keep_us is None else Ttl(keep_us, lambda row: row.last_us)
    return Table("attributions", _CODEC, ttl)


class Attribution(Generic[R]):
    """Books facts; R are the rows of the sessions. `slicing`: of an order's segments.

    `keep_us`: as `attributions` has it; longer than the order itself is known, so that no refund that was admitted
    finds its order gone.
    """

    def __init__(self, sessions: Sessions[R], slicing: Slicing, lateness_us: int, keep_us: int | None = None) -> None:
        self._sessions = sessions
        self._slicing = slicing
        self.lateness_us = lateness_us
        self._keep_us = keep_us

    def table(self) -> Attributions:
        """Empty."""
        return attributions(self._keep_us)

    @staticmethod
    def expire(orders: Attributions, watermark_us: int | None) -> None:
        """Forget the orders of which no fact can come; all that are due by the watermark are fixed."""
        if watermark_us is not None:
            orders.expire(watermark_us, LOOKS)

    def book(self, orders: Attributions, rows: R, fact: OrderFact, additions: Additions) -> OrderFact | None:
        """Add a fact; what goes on to its customer now."""
        order = None if fact.kind is FactKind.UNMATCHED else orders.rows.get(fact.order_id)
        if fact.kind is FactKind.PLACED:
            order = self._attribute(rows, fact, additions)
            orders.put(fact.order_id, order)
        if order is None:
            self._add(fact, fact.segments, 1, additions)
            return fact
        self._add(fact, order.segments, 1, additions)
        if fact.at_us > order.last_us:
            order.last_us = fact.at_us
            orders.touch(fact.order_id)
        if not order.waiting and fact.kind is not FactKind.PLACED:
            return msgspec.structs.replace(fact, segments=order.segments)
        order.waiting.append(fact)
        orders.touch(fact.order_id)
        return None

    def passed(self, rows: R, orders_us: int) -> None:
        """Tell the sessions the watermark of orders."""
        self._sessions.fixed(rows, orders_us - self.lateness_us)

    def due_us(self, order: Attributed) -> int:
        """The watermark at which an order that waits is fixed."""
        return order.waiting[0].at_us + self.lateness_us

    def fix(self, orders: Attributions, rows: R, order_id: str, additions: Additions) -> list[OrderFact]:
        """Look an order up for the last time; what goes on to its customer."""
        before = orders.rows[order_id]
        facts, after = before.waiting, before
        if self._found(rows, facts[0]) != (before.session, before.segments):  # also if its session begins otherwise now
            self._take_back(rows, before, additions)
            after = self._attribute(rows, facts[0], additions)
            for fact in facts:
                self._add(fact, before.segments, -1, additions)
                self._add(fact, after.segments, 1, additions)
        orders.put(order_id, Attributed(after.segments, after.session, [], before.last_us))
        return [msgspec.structs.replace(fact, segments=after.segments) for fact in facts]

    def _found(self, rows: R, placed: OrderFact) -> tuple[SessionName | None, Segments]:
        """The session of an order, and its segments: those that it names itself win."""
        if placed.visitor_id is None:
            return None, placed.segments
        session = self._sessions.session_of(rows, placed.visitor_id, placed.session_id, placed.at_us)
        if session is None:
            return None, placed.segments
        own, its = placed.segments, self._sessions.segments_of(rows, session)
        # those of kpis.yaml's own dimensions come last, and a session has none of an order's
        return session, (*(mine or of for mine, of in zip(own, its, strict=False)), *own[len(its) :])

    def _attribute(self, rows: R, placed: OrderFact, additions: Additions) -> Attributed:
        """Join an order to its session, or count it as having none."""
        session, segments = self._found(rows, placed)
        if session is None:
            self._count_unattributed(placed, 1, additions)
        else:
            self._sessions.join(rows, session, placed.at_us, 1, additions)
        return Attributed(segments, session, [], placed.at_us)

    def _take_back(self, rows: R, order: Attributed, additions: Additions) -> None:
        placed = order.waiting[0]
        if order.session is None:
            self._count_unattributed(placed, -1, additions)
        else:
            self._sessions.join(rows, order.session, placed.at_us, -1, additions)

    def _count_unattributed(self, placed: OrderFact, n: int, additions: Additions) -> None:
        slices = self._slicing.of(placed.segments)
        additions.add(slices, measure.UNATTRIBUTED_ORDERS, placed.at_us // MINUTE_US, n)

    def _add(self, fact: OrderFact, segments: Segments, sign: int, additions: Additions) -> None:
        slices, minute = self._slicing.of(segments), fact.at_us // MINUTE_US
        additions.add(slices, MONEY[fact.kind], minute, sign * fact.minor)
        if counted := COUNTED.get(fact.kind):
            additions.add(slices, counted, minute, sign * fact.count)

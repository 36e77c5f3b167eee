"""Which session a click belongs to, and whether it is a person's: kpis.md, section 4.

What it adds is in session_booking. Here as well: what the orders of a session ask of it (measuring.attribution).
"""

from array import array

import xxhash

from models import click
from models.click import Click, decode_click
from models.crawler import is_crawler
from models.dimension import defined_segments
from models.event import FUTURE_TOLERANCE_US
from models.kpi import Catalogue
from models.outcome import Outcome
from models.session import MADE, Session, SessionRules
from models.sightings import Sightings
from models.slices import Slices, Slicing
from models.visitor import MAX_WEIGHT, OF_MINUTE, Visitor
from models.window import MINUTE_US
from streams.measuring.additions import Additions
from streams.measuring.session_booking import SessionBooking
from streams.measuring.session_measures import SessionMeasures
from streams.measuring.visitor_table import VisitorCodec, Visitors

EXPIRE_LOOKS = 2_000
"""Rows a step may look at to expire them, a few milliseconds; more than a step can make, so that it keeps up."""

LONGEST_NAME = 64
"""Characters of a session id that are kept; a longer one is kept as its hash."""

SessionName = tuple[str, str]
"""Visitor, and the name of the session among its own: that of its events, or a made one."""


class ClickBooking:
    """How clicks are booked; see measuring.stage.Booking."""

    topic = click.TOPIC
    decode = staticmethod(decode_click)
    check = None

    def __init__(self, catalogue: Catalogue, horizon_us: int, out_of_orderness_us: int, rules: SessionRules) -> None:
        # A counted event is at most this much older than one before it: that one may even be ahead of the wall clock.
        reach_us = horizon_us + out_of_orderness_us + FUTURE_TOLERANCE_US
        wanted = catalogue.dimensions_of_feed(click.TOPIC)
        self.horizon_us = horizon_us
        self._rules = rules
        self._limit = rules.clicks_per_minute
        self._retention_us = rules.retention_us
        self._thaw_us = horizon_us - rules.allowed_lateness_us  # from what is late to what is frozen
        self._kept_us = rules.retention_us + reach_us
        self._keep = reach_us // MINUTE_US + 2
        self._landing = click.LANDING_PAGE in wanted
        self._defined = catalogue.defined_for(click.TOPIC)
        self._slicing = Slicing(click.DIMENSIONS, wanted)
        # An order may belong to any minute of a session whose state is kept, so none of those is forgotten.
        self._keep_minutes = self._kept_us // MINUTE_US + 2
        self._measures = SessionMeasures(catalogue, rules.conversion_events)
        self._booking = SessionBooking(self._measures, self._slicing, self._keep_minutes, self._slices_of)

    def table(self) -> Visitors:
        """Visitors with their sessions, kept for as long as an event can belong to them."""
        return VisitorCodec(self._slicing).table(self._kept_us)

    def book(  # noqa: C901  what every click runs through: a call less for each of its parts
        self, visitors: Visitors, event: Click, at_us: int, additions: Additions, late_us: int
    ) -> Outcome | None:
        """Add a click, or say that it is a bot's: then nothing was changed."""
        agent, visitor_id, minute = event.user_agent, event.visitor_id, at_us // MINUTE_US
        if agent is not None and is_crawler(agent):
            return Outcome.BOT
        visitor = visitors.rows.get(visitor_id) or visitors.wake(visitor_id)
        if visitor is None:
            visitor = Visitor(at_us, minute)
            visitors.put(visitor_id, visitor)
        latest = minute == visitor.minute
        if (visitor.counts & OF_MINUTE if latest else visitor.counted(minute)) >= self._limit:
            return Outcome.BOT
        session = visitor.sessions[-1] if visitor.sessions else None  # mostly it is this one
        if session is None or session.name != event.session_id or at_us - session.last_us > self._retention_us:
            session = self._another(visitor, event, at_us, late_us, additions)
            if session is None:
                return Outcome.BOT
        if latest:
            visitor.counts += 1
        else:
            visitor.count(minute, self._keep)
        if at_us > visitor.last_us:  # noqa: PLR1730  a call less
            visitor.last_us = at_us
        visitors.changed.add(visitor_id)
        if at_us > session.last_us and not visitor.joined:
            asked_us = min(late_us + self._thaw_us, visitors.fixed_us)
            self._booking.move_on(visitor, session, event.event_type, at_us, asked_us, additions)
        else:
            self._booking.insert(visitor, session, event, at_us, late_us + self._thaw_us, visitors.fixed_us, additions)
        return None

    def expire(self, visitors: Visitors, watermark_us: int) -> None:
        """Drop visitors that no event and no order that waits can belong to any more; others rest."""
        visitors.rest(watermark_us, EXPIRE_LOOKS)
        visitors.expire(min(watermark_us, visitors.fixed_us), EXPIRE_LOOKS)

    def fixed(self, visitors: Visitors, before_us: int) -> None:
        """No order before this time asks any more: until then its session has to know when its events were."""
        visitors.fixed_us = before_us

    def session_of(self, visitors: Visitors, visitor_id: str, session_id: str | None, at_us: int) -> SessionName | None:
        """The session of an order: the one it names, if that had begun and is kept; else the visitor's latest by then.

        One that begins later is not the order's yet: whether its clicks are read before the order is fixed is chance.
        """
        visitor = visitors.get(visitor_id)
        if visitor is None:
            return None
        session = None if session_id is None else self._named(visitor, session_id, at_us)
        if session is None or session.first_us > at_us:
            session = visitor.latest(at_us, self._rules.gap_us)
        return None if session is None else (visitor_id, session.name)

    def segments_of(self, visitors: Visitors, session: SessionName) -> tuple[str | None, ...]:
        """Channel, country and campaign of a session, as of an order."""
        its = self._heard_of(visitors, session, None)
        assert its is not None, "the session was just found"
        channel, _, country, campaign, *_ = its.slices.segments
        return channel, country, campaign

    def join(self, visitors: Visitors, session: SessionName, at_us: int, count: int, additions: Additions) -> None:
        """An order of a session, or (-1) no longer one: what it added is taken back. It moves no start, gap or view.

        An order whose session has expired before it was fixed is not taken back: its windows are final for long.
        """
        name, _ = session
        its = self._heard_of(visitors, session, at_us if count < 0 else None)
        if its is None:
            return
        visitor = visitors.rows[name]
        self._booking.join(visitor, its, at_us, count, additions)
        visitor.last_us = max(visitor.last_us, at_us)
        visitors.touch(name)

    @staticmethod
    def _heard_of(visitors: Visitors, session: SessionName, order_us: int | None) -> Session | None:
        visitor = visitors.get(session[0])
        return None if visitor is None else visitor.heard_of(session[1], order_us)

    def _another(
        self, visitor: Visitor, event: Click, at_us: int, late_us: int, additions: Additions
    ) -> Session | None:
        """Not the visitor's last session, or a new one; None if nobody could have so many."""
        session = self._find(visitor, event.session_id, at_us, late_us + self._thaw_us, additions)
        if session is None and visitor.weight <= MAX_WEIGHT:
            session = self._open(visitor, event, at_us, late_us)
        return session

    def _find(
        self, visitor: Visitor, session_id: str | None, at_us: int, frozen_us: int, additions: Additions
    ) -> Session | None:
        if session_id is not None:
            return self._named(visitor, session_id, at_us)
        earlier, later = visitor.made_around(at_us, self._rules.gap_us)
        if earlier is None or later is None:
            return earlier or later
        if at_us >= frozen_us and later.before_us is None:
            self._booking.merge(visitor, earlier, later, additions)
        return earlier

    def _named(self, visitor: Visitor, session_id: str, at_us: int) -> Session | None:
        session = visitor.named(_name(session_id))
        return None if session is None or at_us - session.last_us > self._retention_us else session

    def _open(self, visitor: Visitor, event: Click, at_us: int, late_us: int) -> Session:
        name = f"{MADE}{at_us}" if event.session_id is None else _name(event.session_id)
        session = Session(name, self._slices_of(event), at_us, event.event_id, at_us, Sightings(), array("q"))
        visitor.open(session, late_us + self.horizon_us - self._kept_us)
        return session

    def _slices_of(self, event: Click) -> Slices:
        segments, defined = event.segments_of(landing=self._landing), self._defined
        return self._slicing.of((*segments, *defined_segments(event, defined)) if defined else segments)


def _name(session_id: str) -> str:
    """What it is kept as: itself, or its hash where it is long or could be taken for a made one."""
    kept = len(session_id) <= LONGEST_NAME and not session_id.startswith(MADE)
    return session_id if kept else xxhash.xxh3_128_hexdigest(session_id.encode())

"""What a click adds to its session and visitor, and what an order that is joined to the session adds.

Three ways, for speed. In order of time: the session moves on. Out of order, and neither start nor engagement of the
session changes: a gap is cut in two. Everything else (another first event, an earlier engagement, made sessions that
become one, a visitor with joined orders): what was contributed is taken back and booked anew (session_measures).
"""

from bisect import bisect_right
from collections.abc import Callable, Sequence

from models import measure
from models.click import Click
from models.session import NEVER_US, Session
from models.sightings import Neighbours, joint
from models.slices import Slices, Slicing
from models.visitor import Visitor
from models.window import MINUTE_US
from streams.measuring.additions import Additions
from streams.measuring.session_measures import Books, SessionMeasures, StepMeasures, book_difference

PAGE_VIEW = "page_view"
_KEEP_ALL = 1 << 40
"""Minutes: what is booked by difference must not lose a minute between the two looks."""


class SessionBooking:
    """`keep`: minutes a session remembers; `slices_of` an event, asked for the first one of a session."""

    def __init__(
        self, measures: SessionMeasures, slicing: Slicing, keep: int, slices_of: Callable[[Click], Slices]
    ) -> None:
        self._measures = measures
        self._steps = measures.steps
        self._conversions = measures.conversions
        self._counts_events = measures.views or measures.time
        self._slicing = slicing
        self._keep = keep
        self._slices_of = slices_of

    def merge(self, visitor: Visitor, session: Session, other: Session, additions: Additions) -> None:
        """A later session turns out to be part of this one; none of its events is frozen."""

        def become_one() -> None:
            session.absorb(other)
            visitor.sessions.remove(other)

        self._rebook(visitor, (session, other), become_one, additions)

    def join(self, visitor: Visitor, session: Session, at_us: int, count: int, additions: Additions) -> None:
        """An order more, or (-1) one less: it makes the session active, engaged and converting in its minute."""

        def change() -> None:
            orders = list(session.orders or ())
            if count > 0:
                orders.append(at_us)
            else:
                orders.remove(at_us)
            session.orders = orders or None
            visitor.joined += count

        self._rebook(visitor, (session,), change, additions)

    def move_on(
        self, visitor: Visitor, session: Session, kind: str, at_us: int, asked_us: int, additions: Additions
    ) -> None:
        """An event in order of time, of a visitor without joined orders; of events before `asked_us` nobody asks."""
        minute, view, events = at_us // MINUTE_US, kind == PAGE_VIEW, session.events
        if not len(events) & 7:
            session.forget(asked_us)
        events.append(at_us << 1 | view)
        if self._counts_events:
            additions.add_event(session.slices, minute, at_us - session.last_us, view)
        session.last_us = at_us
        if session.engaged_us == NEVER_US:
            self._engage(session, minute, at_us, additions, view=view, conversion=kind in self._conversions)
        if minute != session.active.last:
            self._see_active(visitor, session, minute, additions)
        step = self._steps.get(kind)
        if step is not None:
            self._see_step(session, step, minute, additions)

    def insert(
        self,
        visitor: Visitor,
        session: Session,
        event: Click,
        at_us: int,
        frozen_us: int,
        fixed_us: int,
        additions: Additions,
    ) -> None:
        """Any other event, and each of a visitor with joined orders; of those before `fixed_us` no order asks."""
        if not len(session.events) & 7:
            session.forget(min(frozen_us, fixed_us))
        if at_us < frozen_us and at_us < session.last_us:
            self._add_late(visitor, session, event.event_type, at_us // MINUTE_US, additions)
        elif at_us >= session.last_us and not visitor.joined and not session.begins_with(at_us, event.event_id):
            self.move_on(visitor, session, event.event_type, at_us, 0, additions)
        else:
            self._insert(visitor, session, event, at_us, additions)

    def _engage(
        self, session: Session, minute: int, at_us: int, additions: Additions, *, view: bool, conversion: bool
    ) -> None:
        """Perhaps, by an event in order of time. A page view after the engagement can move nothing any more."""
        if view:
            session.view(at_us)
        if session.engages(at_us, conversion=conversion):
            session.engaged_us = at_us
            if self._measures.engaged and minute == session.active.last:
                additions.add(session.slices, measure.ENGAGED_SESSIONS, minute, 1)

    def _add_late(self, visitor: Visitor, session: Session, kind: str, minute: int, additions: Additions) -> None:
        """An event among frozen ones: it counts and moves no start, gap or engagement."""
        if kind == PAGE_VIEW and self._counts_events:
            additions.add_event(session.slices, minute, 0, 1)
        if not visitor.joined:
            self._see(visitor, session, kind, minute, additions)
            return
        step = kind if kind in self._steps else None
        self._rebook(visitor, (session,), lambda: session.see(minute, step, _KEEP_ALL), additions)

    def _insert(self, visitor: Visitor, session: Session, event: Click, at_us: int, additions: Additions) -> None:
        """An event out of order, or one of a visitor with joined orders."""
        kind, minute = event.event_type, at_us // MINUTE_US
        view, conversion = kind == PAGE_VIEW, kind in self._conversions
        begins = session.begins_with(at_us, event.event_id)
        slices = self._slices_of(event) if begins else session.slices

        def take_up() -> None:
            session.insert(at_us, view=view, conversion=conversion)
            if begins:
                session.begin(at_us, event.event_id, slices)

        if not visitor.joined and slices is session.slices:
            engaged = session.engaged_us // MINUTE_US
            if self._counts_events:
                self._cut_gap(session, at_us, minute, view, additions)
            take_up()
            self._engage_from(session, engaged, additions)
            self._see(visitor, session, kind, minute, additions)
            return

        def change() -> None:
            take_up()
            session.see(minute, kind if kind in self._steps else None, _KEEP_ALL)

        self._rebook(visitor, (session,), change, additions)

    def _cut_gap(self, session: Session, at_us: int, minute: int, view: int, additions: Additions) -> None:
        """Each event books the gap to the one before in its own minute."""
        events, slices = session.events, session.slices
        i = bisect_right(events, at_us << 1 | 1)
        before_us = events[i - 1] >> 1 if i else session.before_us
        gap_us = 0 if before_us is None else at_us - before_us
        additions.add_event(slices, minute, gap_us, view)
        if i < len(events):
            following_us = events[i] >> 1
            less_us = following_us - at_us if before_us is None else before_us - at_us
            additions.add_event(slices, following_us // MINUTE_US, less_us, 0)

    def _engage_from(self, session: Session, was: int, additions: Additions) -> None:
        """Active from an earlier minute on is engaged, up to that in which it `was` before."""
        first, following = session.engaged_us // MINUTE_US, None
        if first == was or not self._measures.engaged:
            return
        for minute in session.active.minutes():
            if minute < first:
                return
            if minute < was:
                additions.add(session.slices, measure.ENGAGED_SESSIONS, minute, 1, None, following)
            following = minute

    def _see(self, visitor: Visitor, session: Session, kind: str, minute: int, additions: Additions) -> None:
        """Active in a minute, and perhaps a step further; of a visitor without joined orders."""
        self._see_active(visitor, session, minute, additions)
        step = self._steps.get(kind)
        if step is not None:
            self._see_step(session, step, minute, additions)

    def _see_active(self, visitor: Visitor, session: Session, minute: int, additions: Additions) -> None:
        near = session.active.add(minute, self._keep)
        if near is None:
            return
        slices, measures, (before, after) = session.slices, self._measures, near
        since = session.engaged_us // MINUTE_US
        first = before is not None and before < since  # of the engaged ones, if it is one
        alone = len(visitor.sessions) == 1 or self._nearest(visitor, session, near, minute) == near
        additions.add(slices, measures.seen[minute >= since and not first, alone], minute, 1, before, after)
        if first and minute >= since and measures.engaged:
            additions.add(slices, measure.ENGAGED_SESSIONS, minute, 1, None, after)
        if alone or not measures.visitors:
            return
        for at, piece in enumerate(slices.pairs):
            others = (s.active for s in visitor.sessions if s is not session and s.slices.pairs[at] == piece)
            if (nearest := joint(near, others, minute)) is not None:
                additions.add(self._slicing.alone(piece), measure.VISITORS, minute, 1, *nearest)

    @staticmethod
    def _nearest(visitor: Visitor, session: Session, near: Neighbours, minute: int) -> Neighbours | None:
        """Among the minutes of all sessions: as near in every slice, where no other session is nearer."""
        return joint(near, (other.active for other in visitor.sessions if other is not session), minute)

    def _see_step(self, session: Session, step: StepMeasures, minute: int, additions: Additions) -> None:
        near = session.see_step(step.kind, minute, self._keep)
        if near is None:
            return
        slices = session.slices
        for name in step.alone:
            additions.add(slices, name, minute, 1, *near)
        if len(session.steps) == 1:
            for name, _ in step.either:
                additions.add(slices, name, minute, 1, *near)
            return
        for name, kinds in step.either:
            others = [one for one in session.steps if one.kind in kinds]
            _book_either(slices, name, minute, 1, joint(near, others, minute), additions)
        for name, other in step.both:
            if (its := session.step(other)) is not None:
                additions.add(slices, name, minute, 1, *near)
                _book_either(slices, name, minute, -1, joint(near, (its,), minute), additions)

    def _rebook(
        self, visitor: Visitor, sessions: Sequence[Session], change: Callable[[], None], additions: Additions
    ) -> None:
        before = self._contributed(visitor, sessions)
        change()
        after = self._contributed(visitor, [one for one in sessions if one in visitor.sessions])
        book_difference(before, after, additions)

    def _contributed(self, visitor: Visitor, sessions: Sequence[Session]) -> Books:
        books: Books = {}
        for session in sessions:
            self._measures.contribution(session, books)
        self._measures.visitor_contribution(visitor, self._slicing, books)
        return books


def _book_either(slices: Slices, name: str, minute: int, n: int, near: Neighbours | None, additions: Additions) -> None:
    """A minute that was not seen by the others."""
    if near is not None:
        additions.add(slices, name, minute, n, *near)

"""Which measures of sessions the KPIs need, and what a session contributes to them.

A set of minutes contributes to the distinct count of every window by its chain: each minute, but not in the windows
that contain the one before (models.sightings). Windows with both of two steps are those with one, and those with the
other, without those with either: all three are chains.
"""

from collections.abc import Collection, Iterable, Iterator
from typing import NamedTuple

from models import measure
from models.kpi import Catalogue
from models.session import Session
from models.slices import Slices, Slicing
from models.visitor import Visitor
from models.window import MINUTE_US
from streams.measuring.additions import TOGETHER, Addition, Additions

PURCHASE = measure.STEPS[measure.PURCHASE_SESSIONS]
Books = dict[tuple[Slices, Addition], int]
"""Additions with what they are added to."""


class StepMeasures(NamedTuple):
    """What is counted of sessions with an event of a type: alone; with one of `others` as well; with both.

    `kind`: the type, one text for all sessions instead of a copy of each event's (60 bytes a step).
    """

    kind: str
    alone: tuple[str, ...]
    either: tuple[tuple[str, tuple[str, ...]], ...]
    both: tuple[tuple[str, str], ...]


class SessionMeasures:
    """Those some KPI needs; `conversions`: event types that are one."""

    def __init__(self, catalogue: Catalogue, conversions: Collection[str]) -> None:
        needed = catalogue.windows_of
        self.visitors = measure.VISITORS in needed
        self.engaged = measure.ENGAGED_SESSIONS in needed
        self.time = measure.TIME_ON_SITE in needed
        self.views = measure.PAGE_VIEWS in needed
        self.conversions = frozenset(conversions)
        self.converting = measure.CONVERTING_SESSIONS in needed
        # What a session adds to when it is active, together: one that is engaged; the only one of its visitor.
        self.seen = {
            (engaged, visitor): TOGETHER.join(
                name
                for name, its in (
                    (measure.SESSIONS, True),
                    (measure.ENGAGED_SESSIONS, engaged and self.engaged),
                    (measure.VISITORS, visitor and self.visitors),
                )
                if its
            )
            for engaged in (False, True)
            for visitor in (False, True)
        }
        self._alone = {step: name for name, step in measure.STEPS.items() if name in needed}
        self._both = tuple(
            (name, measure.STEPS[first], measure.STEPS[second])
            for name, (first, second) in measure.BOTH_STEPS.items()
            if name in needed
        )
        kinds = dict.fromkeys((*measure.STEPS.values(), *sorted(self.conversions)))
        self.all_steps = tuple(self._step(kind) for kind in kinds)
        self.steps = {step.kind: step for step in self.all_steps if any(step[1:])}

    def contribution(self, session: Session, books: Books) -> None:
        """Add what a session contributes; of its page views and gaps those that are not frozen."""
        orders = {at_us // MINUTE_US for at_us in session.orders or ()}
        active = orders.union(session.active.minutes())
        _chain(books, session.slices, measure.SESSIONS, active, 1)
        if self.engaged:
            first = session.engaged_minute
            engaged = [minute for minute in active if minute >= first]
            _chain(books, session.slices, measure.ENGAGED_SESSIONS, engaged, 1)
        self._contribute_steps(session, orders, books)
        self._contribute_events(session, books)

    def visitor_contribution(self, visitor: Visitor, slicing: Slicing, books: Books) -> None:
        """Add what a visitor contributes: to every slice of its sessions the minutes of those in it."""
        if not self.visitors:
            return
        minutes: dict[Slices, set[int]] = {}
        for session in visitor.sessions:
            active = {at_us // MINUTE_US for at_us in session.orders or ()}.union(session.active.minutes())
            for piece in session.slices.pairs:
                minutes.setdefault(slicing.alone(piece), set()).update(active)
        for slices, its in minutes.items():
            _chain(books, slices, measure.VISITORS, its, 1)

    def _step(self, kind: str) -> StepMeasures:
        alone = (self._alone[kind],) if kind in self._alone else ()
        either: tuple[tuple[str, tuple[str, ...]], ...] = ()
        if self.converting and kind in self.conversions:
            either = ((measure.CONVERTING_SESSIONS, tuple(sorted(self.conversions - {kind}))),)
        both = tuple((name, second if kind == first else first) for name, first, second in self._both)
        return StepMeasures(
            kind, alone, either, tuple(pair for pair, its in zip(both, self._both, strict=True) if kind in its[1:])
        )

    def _contribute_steps(self, session: Session, orders: set[int], books: Books) -> None:
        slices, seen = session.slices, {step.kind: set(step.minutes()) for step in session.steps}
        if orders:
            seen.setdefault(PURCHASE, set()).update(orders)
        for step, minutes in seen.items():
            if name := self._alone.get(step):
                _chain(books, slices, name, minutes, 1)
        if self.converting:
            converting = orders.union(*(seen.get(kind, ()) for kind in self.conversions))
            _chain(books, slices, measure.CONVERTING_SESSIONS, converting, 1)
        for name, first, second in self._both:
            if first in seen and second in seen:
                _chain(books, slices, name, seen[first], 1)
                _chain(books, slices, name, seen[second], 1)
                _chain(books, slices, name, seen[first] | seen[second], -1)

    def _contribute_events(self, session: Session, books: Books) -> None:
        before_us = session.before_us
        for packed in session.events:
            at_us = packed >> 1
            minute = at_us // MINUTE_US
            if self.views and packed & 1:
                _put(books, session.slices, (measure.PAGE_VIEWS, minute, None, None), 1)
            if self.time and before_us is not None:
                _put(books, session.slices, (measure.TIME_ON_SITE, minute, None, None), at_us - before_us)
            before_us = at_us


def book_difference(before: Books, after: Books, additions: Additions) -> None:
    """Take back what was contributed, and add what is contributed now."""
    for booked in dict.fromkeys((*before, *after)):
        n = after.get(booked, 0) - before.get(booked, 0)
        if n:
            slices, (name, minute, neighbour, following) = booked
            additions.add(slices, name, minute, n, neighbour, following)


def _chain(books: Books, slices: Slices, name: str, minutes: Iterable[int], sign: int) -> None:
    for minute, before in _linked(minutes):
        _put(books, slices, (name, minute, before, None), sign)


def _linked(minutes: Iterable[int]) -> Iterator[tuple[int, int | None]]:
    before = None
    for minute in sorted(minutes):
        yield minute, before
        before = minute


def _put(books: Books, slices: Slices, addition: Addition, n: int) -> None:
    books[slices, addition] = books.get((slices, addition), 0) + n

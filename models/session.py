"""A session: what a visitor did in one go, and what of it can still change.

A session is never split by a gap or midnight. Its slices are those of its first event (ties by event id). An event in
order of time moves it on; one before the session's last event is put among `events`, which holds those that are not
frozen yet (kpis.md, section 4). Engaged (GA4): from the first event 10 s or more after the start, or the second page
view, or a conversion, on.
"""

from array import array
from bisect import bisect_left, bisect_right
from dataclasses import dataclass

import msgspec

from models.sightings import Neighbours, Sightings
from models.slices import Slices
from models.window import MINUTE_US

NEVER_US = 1 << 62
ENGAGED_AFTER_US = 10_000_000
MADE = "\0"
"""Begins the name of a session that was made for events without an id."""


@dataclass(frozen=True, slots=True)
class SessionRules:
    """What makes a session, and a bot.

    `retention_us`: a session is kept this long after its last event. `gap_us`: so long without an event ends a made
    session, and an order without a session id looks back no further. `allowed_lateness_us`: an event is frozen when the
    watermark is this far past it. `clicks_per_minute`: more of one visitor are a bot's.
    """

    retention_us: int
    gap_us: int
    allowed_lateness_us: int
    clicks_per_minute: int
    conversion_events: tuple[str, ...]


class Step(Sightings, array_like=True, gc=False):
    """The minutes in which a session had an event of a type."""

    kind: str = ""


class Session(msgspec.Struct, gc=False):
    """Times are event time, us since 1970 UTC.

    `events`: time * 2, plus 1 for a page view, of those that are not frozen, in order; `before_us`: the last one before
    them, None while they are all. `view_us`, `second_view_us`: the first two page views, as far as they may engage it.
    `orders`: times of joined orders. `absorbed`: names of made sessions that a later event proved to be this one.
    `steps`: a tuple takes 64 bytes, a dict 200, and there are two or three of them.
    """

    name: str
    slices: Slices
    first_us: int
    first_id: str
    last_us: int
    active: Sightings
    events: "array[int]"
    before_us: int | None = None
    view_us: int = NEVER_US
    second_view_us: int = NEVER_US
    engaged_us: int = NEVER_US
    steps: tuple[Step, ...] = ()
    orders: list[int] | None = None
    absorbed: tuple[str, ...] = ()

    @property
    def made(self) -> bool:
        """Whether its events have no session id."""
        return self.name.startswith(MADE)

    @property
    def kept_from_us(self) -> int:
        """The retention of its state counts from here."""
        return max(self.last_us, *self.orders) if self.orders else self.last_us

    @property
    def engaged_minute(self) -> int:
        """Active from this minute on is active and engaged; joined orders engage as well."""
        return min(self.engaged_us, *self.orders) // MINUTE_US if self.orders else self.engaged_us // MINUTE_US

    def begins_with(self, at_us: int, event_id: str) -> bool:
        """Whether an event would be its first one."""
        return at_us < self.first_us or (at_us == self.first_us and event_id < self.first_id)

    def forget(self, before_us: int) -> None:
        """Forget when the events before a time were, which are frozen; what they contributed stays."""
        events = self.events
        frozen = bisect_left(events, before_us << 1)
        if frozen:
            self.before_us = events[frozen - 1] >> 1
            del events[:frozen]

    def latest_us(self, at_us: int) -> int | None:
        """Its latest event up to a moment. Of one before `before_us` only the minute is known: its end."""
        if self.last_us <= at_us:
            return self.last_us
        until = bisect_right(self.events, at_us << 1 | 1)
        if until:
            return self.events[until - 1] >> 1
        if self.before_us is None or self.before_us <= at_us:
            return self.before_us
        minute = at_us // MINUTE_US
        near = self.active.around(minute)
        if near is None:
            return at_us
        return None if near[0] is None else near[0] * MINUTE_US + MINUTE_US - 1

    def view(self, at_us: int) -> None:
        """A page view in order of time."""
        if self.view_us == NEVER_US:
            self.view_us = at_us
        elif self.second_view_us == NEVER_US:
            self.second_view_us = at_us

    def engages(self, at_us: int, *, conversion: bool) -> bool:
        """Whether the event that was just taken up in order of time engages the session, if none did before."""
        return conversion or at_us - self.first_us >= ENGAGED_AFTER_US or self.second_view_us != NEVER_US

    def engaged_by(self, at_us: int, *, view: bool, conversion: bool) -> int:
        """`engaged_us` with one more event, which is not its first."""
        if conversion or at_us - self.first_us >= ENGAGED_AFTER_US:
            return min(self.engaged_us, at_us)
        return min(self.engaged_us, sorted((self.view_us, self.second_view_us, at_us))[1]) if view else self.engaged_us

    def step(self, kind: str) -> Step | None:
        """Of an event type, if it had one."""
        for step in self.steps:
            if step.kind == kind:
                return step
        return None

    def see_step(self, kind: str, minute: int, keep: int) -> Neighbours | None:
        """Remember a step: as Sightings.add."""
        for step in self.steps:
            if step.kind == kind:
                return None if step.last == minute else step.add(minute, keep)
        step = Step(kind=kind)
        self.steps += (step,)
        return step.add(minute, keep)

    def insert(self, at_us: int, *, view: bool, conversion: bool) -> None:
        """Take up an event among those that are not frozen. Its minute is not seen here."""
        self.events.insert(bisect_right(self.events, at_us << 1 | 1), at_us << 1 | view)
        self.engaged_us = self.engaged_by(at_us, view=view, conversion=conversion)
        if view:
            self._see_views((at_us,))
        self.last_us = max(self.last_us, at_us)

    def begin(self, at_us: int, event_id: str, slices: Slices) -> None:
        """The event just inserted is the first one: with it start and slices move."""
        self.first_us, self.first_id, self.slices = at_us, event_id, slices
        later = bisect_left(self.events, (at_us + ENGAGED_AFTER_US) << 1)
        if later < len(self.events):
            self.engaged_us = min(self.engaged_us, self.events[later] >> 1)

    def see(self, minute: int, step: str | None, keep: int) -> None:
        """Remember that it was active in a minute, and made a step."""
        self.active.add(minute, keep)
        if step is not None:
            self.see_step(step, minute, keep)

    def absorb(self, other: "Session") -> None:
        """Take up a later session, none of whose events is frozen."""
        self.events.extend(other.events)
        self.last_us = max(self.last_us, other.last_us)
        self._see_views((other.view_us, other.second_view_us))
        # It began more than 10 s after this one, or it was no session of its own.
        self.engaged_us = min(self.engaged_us, other.engaged_us, other.first_us, self.second_view_us)
        self.active.unite(other.active)
        for step in other.steps:
            its = self.step(step.kind)
            if its is None:
                self.steps += (step,)
            else:
                its.unite(step)
        self.orders = [*(self.orders or ()), *(other.orders or ())] or None
        self.absorbed = (*self.absorbed, other.name, *other.absorbed)

    def _see_views(self, times: tuple[int, ...]) -> None:
        self.view_us, self.second_view_us, *_ = sorted((self.view_us, self.second_view_us, *times))

"""What a click adds: its session in the windows where it is first seen, a conversion likewise, a page view.

A session is (`visitor_id`, `session_id`), never split by a gap or midnight. Its segments are those of its first event.
An event without `session_id` is counted and opens no session.
"""

from collections.abc import Sequence

import msgspec

from models import click, measure
from models.click import Click, decode_click
from models.event import FUTURE_TOLERANCE_US
from models.kpi import Catalogue
from models.sightings import Sightings
from models.slices import Slices, Slicing
from models.table import Codec, Table
from models.window import MINUTE_US, Window
from streams.measuring.deltas import Deltas
from streams.measuring.distinct import GridPlan, first_sightings

VERSION = 1
SessionKey = tuple[str, str]
PURCHASE = "purchase"
PAGE_VIEW = "page_view"

_pack = msgspec.msgpack.encode
_StoredMasks = list[tuple[int, bytes]]
_unpack = msgspec.msgpack.Decoder(tuple[tuple[str | None, ...], int, _StoredMasks, _StoredMasks]).decode


class Session:
    """`active` and `converting`: one Sightings a grid; `minute`: of its last event, the fast path."""

    __slots__ = ("active", "converting", "last_us", "minute", "slices")

    def __init__(self, slices: Slices, active: list[Sightings]) -> None:
        self.slices = slices
        self.last_us = 0
        self.minute = -1
        self.active = active
        self.converting: list[Sightings] = []


class ClickBooking:
    """How clicks are booked; see measuring.stage.Booking."""

    topic = click.TOPIC
    decode = staticmethod(decode_click)

    def __init__(
        self,
        catalogue: Catalogue,
        windows: Sequence[Window],
        horizon_us: int,
        out_of_orderness_us: int,
        session_retention_us: int,
    ) -> None:
        # A counted event is at most this much older than one before it: that one may even be ahead of the wall clock.
        reach_us = horizon_us + out_of_orderness_us + FUTURE_TOLERANCE_US
        self._reach_us = reach_us
        self.windows = windows
        self.horizon_us = horizon_us
        self._retention_us = session_retention_us
        self._slicing = Slicing(click.DIMENSIONS, catalogue.dimensions_of(click.TOPIC))
        self._plans = GridPlan.of(windows, reach_us)

    def table(self) -> Table[SessionKey, Session]:
        """Sessions, kept `session_retention` of event time after their last event."""
        return Table(
            "sessions",
            Codec(VERSION, _pack, msgspec.msgpack.Decoder(SessionKey).decode, self._encode, self._decode),
        )

    def check(self, _: Table[SessionKey, Session], event: Click) -> None:
        """Its fields say all."""

    def book(self, sessions: Table[SessionKey, Session], event: Click, at_us: int, deltas: Deltas) -> None:
        """Add a counted click; never refused."""
        if event.session_id is None:
            slices = self._slicing.of(event.segments)
        else:
            slices = self._book_session(sessions, (event.visitor_id, event.session_id), event, at_us, deltas)
        if event.event_type == PAGE_VIEW:
            deltas.add(slices, at_us, measure.PAGE_VIEWS, 1)

    def expire(self, sessions: Table[SessionKey, Session], watermark_us: int) -> None:
        """Drop sessions that no event can belong to any more."""
        before_us = watermark_us - self._retention_us - self._reach_us
        for key in [key for key, session in sessions.rows.items() if session.last_us < before_us]:
            sessions.delete(key)

    def _book_session(
        self, sessions: Table[SessionKey, Session], key: SessionKey, event: Click, at_us: int, deltas: Deltas
    ) -> Slices:
        session = sessions.rows.get(key)
        if session is None or at_us - session.last_us > self._retention_us:
            session = Session(self._slicing.of(event.segments), [Sightings() for _ in self._plans])
            sessions.rows[key] = session
        minute = at_us // MINUTE_US
        if minute != session.minute:
            session.minute = minute
            self._sight(session.active, session.slices, at_us, measure.SESSIONS, deltas)
        if event.event_type == PURCHASE:
            session.converting = session.converting or [Sightings() for _ in self._plans]
            self._sight(session.converting, session.slices, at_us, measure.CONVERTING_SESSIONS, deltas)
        session.last_us = max(session.last_us, at_us)
        sessions.touch(key)
        return session.slices

    def _sight(self, seen: list[Sightings], slices: Slices, at_us: int, name: str, deltas: Deltas) -> None:
        for window, indexes in first_sightings(self._plans, seen, at_us):
            deltas.spread(slices, window.name, indexes, name, 1)

    def _encode(self, session: Session) -> bytes:
        return _pack((session.slices.segments, session.last_us, _stored(session.active), _stored(session.converting)))

    def _decode(self, stored: bytes) -> Session:
        segments, last_us, active, converting = _unpack(stored)
        session = Session(self._slicing.of(segments), _masks(active))
        session.last_us, session.converting = last_us, _masks(converting)
        return session


def _stored(seen: list[Sightings]) -> _StoredMasks:
    """Masks as bytes: they are wider than an integer of msgpack."""
    return [(one.base, one.mask.to_bytes((one.mask.bit_length() + 7) // 8, "little")) for one in seen]


def _masks(stored: _StoredMasks) -> list[Sightings]:
    return [Sightings(base, int.from_bytes(mask, "little")) for base, mask in stored]

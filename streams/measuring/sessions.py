"""What a click adds: its session in the windows where it is first seen, a conversion likewise, a page view.

A session is (`visitor_id`, `session_id`), never split by a gap or midnight. Its segments are those of its first event.
An event without `session_id` is counted and opens no session.
"""

from operator import attrgetter

import msgspec

from models import click, measure
from models.click import Click, decode_click
from models.dimension import segments_of
from models.event import FUTURE_TOLERANCE_US
from models.kpi import Catalogue
from models.sightings import Sightings
from models.slices import Slices, Slicing
from models.table import Codec, Table
from models.table_ttl import Ttl
from models.window import MINUTE_US
from streams.measuring.additions import Additions

VERSION = 2
EXPIRE_LOOKS = 2_000
"""Rows a step may look at to expire them, a few milliseconds; more than a step can make, so that it keeps up."""

SessionKey = tuple[str, str]
PURCHASE = "purchase"
PAGE_VIEW = "page_view"

_pack = msgspec.msgpack.Encoder().encode
_StoredSightings = tuple[int, int | bytes, int | None]
_Segments = tuple[str | None, ...]
_unpack_segments = msgspec.msgpack.Decoder(_Segments).decode
_unpack = msgspec.msgpack.Decoder(tuple[msgspec.Raw, int, Sightings, Sightings | None]).decode
_unpack_wide = msgspec.msgpack.Decoder(tuple[msgspec.Raw, int, _StoredSightings, _StoredSightings | None]).decode
_MAX_PACKED = 20_000


class Session(msgspec.Struct, gc=False):
    """`slices` of its first event, the time of its last one, and the minutes in which it was active and converted."""

    slices: Slices
    last_us: int
    active: Sightings
    converting: Sightings | None = None


class ClickBooking:
    """How clicks are booked; see measuring.stage.Booking."""

    topic = click.TOPIC
    decode = staticmethod(decode_click)
    check = None

    def __init__(
        self,
        catalogue: Catalogue,
        horizon_us: int,
        out_of_orderness_us: int,
        session_retention_us: int,
    ) -> None:
        # A counted event is at most this much older than one before it: that one may even be ahead of the wall clock.
        reach_us = horizon_us + out_of_orderness_us + FUTURE_TOLERANCE_US
        self._reach_us = reach_us
        self._keep = reach_us // MINUTE_US + 2
        self.horizon_us = horizon_us
        self._retention_us = session_retention_us
        self._slicing = Slicing(click.DIMENSIONS, catalogue.dimensions_of_feed(click.TOPIC))
        self._defined = catalogue.defined_for(click.TOPIC)
        self._packed: dict[bytes, Slices] = {}

    def table(self) -> Table[SessionKey, Session]:
        """Sessions, kept for as long as an event can belong to them."""
        return Table(
            "sessions",
            Codec(VERSION, _pack, msgspec.msgpack.Decoder(SessionKey).decode, _encode, self._decode),
            Ttl(self._retention_us + self._reach_us, attrgetter("last_us")),
        )

    def book(self, sessions: Table[SessionKey, Session], event: Click, at_us: int, additions: Additions) -> None:
        """Add a counted click; never refused."""
        minute = at_us // MINUTE_US
        if event.session_id is None:
            slices = self._slicing.of(segments_of(event, self._defined))
        else:
            key = (event.visitor_id, event.session_id)
            session = sessions.rows.get(key)
            if session is None or at_us - session.last_us > self._retention_us:
                session = Session(self._slicing.of(segments_of(event, self._defined)), at_us, Sightings())
                sessions.put(key, session)
            else:
                sessions.touch(key)
            slices = session.slices
            self._book_session(session, event.event_type, minute, additions)
            session.last_us = max(session.last_us, at_us)
        if event.event_type == PAGE_VIEW:
            additions.add(slices, measure.PAGE_VIEWS, minute, 1)

    def session_of(self, rows, visitor_id, session_id, at_us):
        return None

    def segments_of(self, rows, session):
        raise NotImplementedError

    def join(self, rows, session, at_us, count, additions):
        raise NotImplementedError

    def expire(self, sessions: Table[SessionKey, Session], watermark_us: int) -> None:
        """Drop sessions that no event can belong to any more."""
        sessions.expire(watermark_us, EXPIRE_LOOKS)

    def _book_session(self, session: Session, event_type: str, minute: int, additions: Additions) -> None:
        if minute != session.active.last:
            self._sight(session.active, session.slices, measure.SESSIONS, minute, additions)
        if event_type == PURCHASE:
            session.converting = session.converting or Sightings()
            self._sight(session.converting, session.slices, measure.CONVERTING_SESSIONS, minute, additions)

    def _sight(self, seen: Sightings, slices: Slices, name: str, minute: int, additions: Additions) -> None:
        neighbours = seen.add(minute, self._keep)
        if neighbours is not None:
            additions.add(slices, name, minute, 1, *neighbours)

    def _decode(self, stored: bytes) -> Session:
        try:
            segments, last_us, active, converting = _unpack(stored)
        except msgspec.ValidationError:  # a mask of more than 63 minutes
            segments, last_us, wide, wide_converting = _unpack_wide(stored)
            active, converting = _sightings(wide), wide_converting and _sightings(wide_converting)
        return Session(self._slices(bytes(segments)), last_us, active, converting)

    def _slices(self, packed: bytes) -> Slices:
        """Of stored segments. Many sessions share them: their bytes are looked up faster than unpacked."""
        found = self._packed.get(packed)
        if found is None:
            if len(self._packed) >= _MAX_PACKED:
                self._packed.clear()
            found = self._packed[packed] = self._slicing.of(_unpack_segments(packed))
        return found


def _encode(session: Session) -> bytes:
    converting = session.converting
    return _pack(
        (session.slices.segments, session.last_us, _stored(session.active), converting and _stored(converting))
    )


def _stored(seen: Sightings) -> _StoredSightings:
    """An integer of msgpack has 64 bits; a longer mask is stored as bytes."""
    mask = seen.mask
    return seen.last, mask if mask >> 63 == 0 else mask.to_bytes(mask.bit_length() // 8 + 1, "little"), seen.earlier


def _sightings(stored: _StoredSightings) -> Sightings:
    last, mask, earlier = stored
    return Sightings(last, mask if isinstance(mask, int) else int.from_bytes(mask, "little"), earlier)

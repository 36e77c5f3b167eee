"""How visitors and their sessions are stored.

Times of a session are stored as distances from its start, short in msgpack; what never happened as None.
"""

from array import array
from operator import attrgetter

import msgspec

from models.session import NEVER_US, Session
from models.sightings import Sightings
from models.slices import Slices, Slicing
from models.table import Codec, Table
from models.table_ttl import Ttl
from models.visitor import Visitor

NAME = "visitors"
VERSION = 1
_MAX_PACKED = 20_000


class Visitors(Table[str, Visitor]):
    """By id. No order before `fixed_us` (event time, us; not stored) asks for its session any more."""

    __slots__ = ("fixed_us",)

    def __init__(self, codec: Codec[str, Visitor], keep_us: int) -> None:
        super().__init__(NAME, codec, Ttl(keep_us, attrgetter("last_us")))
        self.fixed_us = NEVER_US


_Segments = tuple[str | None, ...]
_StoredSightings = tuple[int, int | bytes, int | None]
_Steps = dict[str, _StoredSightings]
_Times = tuple[int, int | None, int | None, int | None, int | None]
"""Last event, `before_us`, the first two page views, engaged: us after the start."""

_StoredSession = tuple[
    str, msgspec.Raw, int, str, _Times, _StoredSightings, bytes, _Steps | None, list[int] | None, tuple[str, ...]
]
_StoredVisitor = tuple[int, int, int | bytes, int, list[_StoredSession]]

_pack = msgspec.msgpack.Encoder().encode
_unpack = msgspec.msgpack.Decoder(_StoredVisitor).decode
_unpack_segments = msgspec.msgpack.Decoder(_Segments).decode


class VisitorCodec:
    """Rows to bytes and back; equal segments give the same slices."""

    def __init__(self, slicing: Slicing) -> None:
        self._slicing = slicing
        self._packed: dict[bytes, Slices] = {}

    def table(self, keep_us: int) -> Visitors:
        """Visitors by id, kept for so long after their last event."""
        codec = Codec(VERSION, _pack, msgspec.msgpack.Decoder(str).decode, _encode, self.decode)
        return Visitors(codec, keep_us)

    def decode(self, stored: bytes) -> Visitor:
        """A stored row."""
        last_us, minute, counts, joined, stored_sessions = _unpack(stored)
        visitor = Visitor(last_us, minute, _whole(counts), [self._session(one) for one in stored_sessions], joined)
        visitor.weigh()
        return visitor

    def _session(self, stored: _StoredSession) -> Session:
        name, segments, first_us, first_id, times, active, events, steps, orders, absorbed = stored
        last, before, view, second_view, engaged = times
        return Session(
            name,
            self._slices(bytes(segments)),
            first_us,
            first_id,
            first_us + last,
            _sightings(active),
            array("q", events),
            None if before is None else first_us + before,
            (_since(first_us, view), _since(first_us, second_view)),
            _since(first_us, engaged),
            None if steps is None else {step: _sightings(seen) for step, seen in steps.items()},
            orders,
            absorbed,
        )

    def _slices(self, packed: bytes) -> Slices:
        """Of stored segments. Many sessions share them: their bytes are looked up faster than unpacked."""
        found = self._packed.get(packed)
        if found is None:
            if len(self._packed) >= _MAX_PACKED:
                self._packed.clear()
            found = self._packed[packed] = self._slicing.of(_unpack_segments(packed))
        return found


def _encode(visitor: Visitor) -> bytes:
    counts = visitor.counts
    sessions = [_stored_session(session) for session in visitor.sessions]
    return _pack((visitor.last_us, visitor.minute, _stored_whole(counts), visitor.joined, sessions))


def _stored_session(session: Session) -> tuple[object, ...]:
    first_us, (view_us, second_us), engaged_us = session.first_us, session.views_us, session.engaged_us
    before_us, steps = session.before_us, session.steps
    times = (
        session.last_us - first_us,
        None if before_us is None else before_us - first_us,
        None if view_us == NEVER_US else view_us - first_us,
        None if second_us == NEVER_US else second_us - first_us,
        None if engaged_us == NEVER_US else engaged_us - first_us,
    )
    return (
        session.name,
        session.slices.segments,
        first_us,
        session.first_id,
        times,
        _stored(session.active),
        session.events.tobytes(),
        steps and {step: _stored(seen) for step, seen in steps.items()},
        session.orders,
        session.absorbed,
    )


def _since(first_us: int, after_us: int | None) -> int:
    return NEVER_US if after_us is None else first_us + after_us


def _stored(seen: Sightings) -> _StoredSightings:
    return seen.last, _stored_whole(seen.mask), seen.earlier


def _sightings(stored: _StoredSightings) -> Sightings:
    return Sightings(stored[0], _whole(stored[1]), stored[2])


def _stored_whole(number: int) -> int | bytes:
    """An integer of msgpack has 64 bits; a longer one is stored as bytes."""
    return number if number >> 63 == 0 else number.to_bytes(number.bit_length() // 8 + 1, "little")


def _whole(stored: int | bytes) -> int:
    return stored if isinstance(stored, int) else int.from_bytes(stored, "little")

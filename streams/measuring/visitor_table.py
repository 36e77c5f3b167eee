"""How visitors and their sessions are stored.

Times of a session are stored as distances from its start, short in msgpack; what never happened as None.
"""

from array import array
from collections.abc import Callable
from operator import attrgetter
from sys import intern

import msgspec

from models.resting import RestingTable
from models.session import NEVER_US, Session, Step
from models.sightings import Sightings
from models.slices import Slices, Slicing
from models.table import Codec
from models.table_ttl import Ttl
from models.visitor import Visitor

NAME = "visitors"
VERSION = 2
_MAX_PACKED = 20_000


class Visitors(RestingTable[str, Visitor]):
    """By id. No order before `fixed_us` (event time, us; not stored) asks for its session any more."""

    __slots__ = ("fixed_us",)

    def __init__(self, codec: Codec[str, Visitor], keep_us: int) -> None:
        super().__init__(NAME, codec, Ttl(keep_us, attrgetter("last_us")), _last_us)
        self.fixed_us = NEVER_US


_Segments = tuple[str | None, ...]
_Whole = int | bytes
_StoredSightings = tuple[int, _Whole, int | None]
_StoredStep = tuple[int, _Whole, int | None, str]
_Times = tuple[int, int | None, int | None, int | None, int | None]
"""Last event, `before_us`, the first two page views, engaged: us after the start."""

_StoredSession = tuple[
    str, msgspec.Raw, int, str, _Times, _StoredSightings, bytes, list[_StoredStep], list[int] | None, tuple[str, ...]
]
_StoredVisitor = tuple[int, int, _Whole, int, list[_StoredSession]]

_pack = msgspec.msgpack.Encoder().encode
_unpack = msgspec.msgpack.Decoder(_StoredVisitor).decode
_unpack_head = msgspec.msgpack.Decoder(tuple[int, msgspec.Raw, msgspec.Raw, msgspec.Raw, msgspec.Raw]).decode
_unpack_segments = msgspec.msgpack.Decoder(_Segments).decode


class VisitorCodec:
    """Rows to bytes and back; equal segments give the same slices."""

    def __init__(self, slicing: Slicing) -> None:
        self.codec = Codec(VERSION, _pack, msgspec.msgpack.Decoder(str).decode, _encode, self.decode)
        self._slicing = slicing
        self._packed: dict[bytes, Slices] = {}

    def table(self, keep_us: int) -> Visitors:
        """Visitors by id, kept for so long after their last event."""
        return Visitors(self.codec, keep_us)

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
            self.slices(bytes(segments)),
            first_us,
            first_id,
            first_us + last,
            Sightings(active[0], _whole(active[1]), active[2]),
            array("q", events),
            None if before is None else first_us + before,
            _since(first_us, view),
            _since(first_us, second_view),
            _since(first_us, engaged),
            tuple(Step(last, _whole(mask), earlier, intern(kind)) for last, mask, earlier, kind in steps),
            orders,
            absorbed,
        )

    def slices(self, packed: bytes) -> Slices:
        """Of stored segments. Many sessions share them: their bytes are looked up faster than unpacked."""
        found = self._packed.get(packed)
        if found is None:
            if len(self._packed) >= _MAX_PACKED:
                self._packed.clear()
            found = self._packed[packed] = self._slicing.of(_unpack_segments(packed))
        return found


def _last_us(stored: bytes) -> int:
    """`last_us` of a stored value; nothing else is decoded."""
    return _unpack_head(stored[1:])[0]


def _encode(visitor: Visitor) -> bytes:
    try:
        return _encode_with(visitor, None)
    except OverflowError:  # an integer of msgpack has 64 bits: one of more than 63 minutes is stored as bytes
        return _encode_with(visitor, _wide)


def _encode_with(visitor: Visitor, wide: Callable[[Sightings], object] | None) -> bytes:
    """Sightings as they are, which is twice as fast, or by `wide`."""
    counts = visitor.counts
    sessions = [_stored_session(session, wide) for session in visitor.sessions]
    return _pack((visitor.last_us, visitor.minute, _stored_whole(counts), visitor.joined, sessions))


def _stored_session(session: Session, wide: Callable[[Sightings], object] | None) -> tuple[object, ...]:
    first_us, before_us, engaged_us = session.first_us, session.before_us, session.engaged_us
    view_us, second_us, active, steps = session.view_us, session.second_view_us, session.active, session.steps
    times = (
        session.last_us - first_us,
        None if before_us is None else before_us - first_us,
        None if view_us == NEVER_US else view_us - first_us,
        None if second_us == NEVER_US else second_us - first_us,
        None if engaged_us == NEVER_US else engaged_us - first_us,
    )
    return (
        session.name,
        msgspec.Raw(session.slices.packed),
        first_us,
        session.first_id,
        times,
        active if wide is None else wide(active),
        session.events.tobytes(),
        steps if wide is None else [wide(step) for step in steps],
        session.orders,
        session.absorbed,
    )


def _wide(seen: Sightings) -> tuple[object, ...]:
    its = seen.last, _stored_whole(seen.mask), seen.earlier
    return (*its, seen.kind) if isinstance(seen, Step) else its


def _since(first_us: int, after_us: int | None) -> int:
    return NEVER_US if after_us is None else first_us + after_us


def _stored_whole(number: int) -> int | bytes:
    return number if number >> 63 == 0 else number.to_bytes(number.bit_length() // 8 + 1, "little")


def _whole(stored: int | bytes) -> int:
    return stored if isinstance(stored, int) else int.from_bytes(stored, "little")

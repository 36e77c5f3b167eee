"""Slices: the parts of the business an event counts in, the total among them."""

from typing import Final

import msgspec

NOT_SET = "(not set)"
"""The segment of an event that does not name one."""

OTHER = "__other__"
"""The segment of all that have no series of their own (see streams.monitoring.segments)."""

Slice = tuple[str, str]
"""Dimension and segment."""

Segments = tuple[str | None, ...]
"""Of an event: those of its type's dimensions in order, then `name=segment` of defined ones (models.dimension)."""

TOTAL: Slice = ("all", "all")

MAX_SEGMENT: Final = 200
"""Characters of a segment; a longer text of a client is cut, so that a record of deltas has a bounded size."""

_MAX_INTERNED = 20_000


class Slices(msgspec.Struct, eq=False, gc=False):
    """The slices of an event, the total first. Compared by identity, so it is a cheap key in the hot path.

    `packed`: the segments as they are stored, encoded once for all sessions that have them. `weight`: bytes they take.
    """

    pairs: tuple[Slice, ...]
    segments: Segments
    packed: bytes
    weight: int


def text_bytes(text: str | None) -> int:
    """Of UTF-8, at most."""
    return 0 if text is None else len(text) if text.isascii() else 4 * len(text)


class Slicing:
    """Finds the slices of an event; equal segments give the same object."""

    def __init__(self, dimensions: tuple[str, ...], wanted: tuple[str, ...]) -> None:
        """`dimensions`: what the positions of an event's segments mean; `wanted`: those measured, and defined ones."""
        self._width = len(dimensions)
        self._positions = tuple((dimensions.index(name), name) for name in wanted if name in dimensions)
        self._defined = tuple(name for name in wanted if name not in dimensions)
        self._interned: dict[Segments, Slices] = {}
        self._alone: dict[Slice, Slices] = {}

    def of(self, segments: Segments) -> Slices:
        """The slices of an event with these segments; None is `(not set)`."""
        found = self._interned.get(segments)
        if found is None:
            own, tail = segments[: self._width], segments[self._width :]
            own = tuple(text[:MAX_SEGMENT] if text else None for text in own)
            if len(self._interned) >= _MAX_INTERNED:  # free text in a campaign must not fill the memory
                self._interned.clear()
            pairs = (TOTAL, *((name, own[i] or NOT_SET) for i, name in self._positions), *self._of_tail(tail))
            segments = own + tail
            found = self._interned[segments] = _slices(pairs, segments)
        return found

    def _of_tail(self, tail: Segments) -> tuple[Slice, ...]:
        if not self._defined:
            return ()
        given = dict(text.split("=", 1) for text in tail if text)
        return tuple((name, given.get(name, NOT_SET)) for name in self._defined)

    def alone(self, piece: Slice) -> Slices:
        """One slice for itself, for what does not count in the others."""
        found = self._alone.get(piece)
        if found is None:
            if len(self._alone) >= _MAX_INTERNED:
                self._alone.clear()
            found = self._alone[piece] = _slices((piece,), ())
        return found


def _slices(pairs: tuple[Slice, ...], segments: Segments) -> Slices:
    return Slices(pairs, segments, msgspec.msgpack.encode(segments), sum(map(text_bytes, segments)))

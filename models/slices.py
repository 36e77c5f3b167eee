"""Slices: the parts of the business an event counts in, the total among them."""

NOT_SET = "(not set)"
"""The segment of an event that does not name one."""

Slice = tuple[str, str]
"""Dimension and segment."""

TOTAL: Slice = ("all", "all")

MAX_SEGMENT = 200
"""Characters of a segment; a longer text of a client is cut, so that a record of deltas has a bounded size."""

_MAX_INTERNED = 20_000


class Slices:
    """The slices of an event, the total first. Compared by identity, so it is a cheap key in the hot path."""

    __slots__ = ("pairs", "segments")

    def __init__(self, pairs: tuple[Slice, ...], segments: tuple[str | None, ...]) -> None:
        self.pairs = pairs
        self.segments = segments


class Slicing:
    """Finds the slices of an event; equal segments give the same object."""

    def __init__(self, dimensions: tuple[str, ...], wanted: tuple[str, ...]) -> None:
        """`dimensions`: what the positions of an event's segments mean; `wanted`: those that are measured."""
        self._positions = tuple((dimensions.index(name), name) for name in wanted)
        self._interned: dict[tuple[str | None, ...], Slices] = {}
        self._alone: dict[Slice, Slices] = {}

    def of(self, segments: tuple[str | None, ...]) -> Slices:
        """The slices of an event with these segments; None is `(not set)`."""
        found = self._interned.get(segments)
        if found is None:
            segments = tuple(text[:MAX_SEGMENT] if text else None for text in segments)
            if len(self._interned) >= _MAX_INTERNED:  # free text in a campaign must not fill the memory
                self._interned.clear()
            pairs = (TOTAL, *((name, segments[i] or NOT_SET) for i, name in self._positions))
            found = self._interned[segments] = Slices(pairs, segments)
        return found

    def alone(self, piece: Slice) -> Slices:
        """One slice for itself, for what does not count in the others."""
        found = self._alone.get(piece)
        if found is None:
            if len(self._alone) >= _MAX_INTERNED:
                self._alone.clear()
            found = self._alone[piece] = Slices((piece,), ())
        return found

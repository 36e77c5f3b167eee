"""One series as it is kept: its windows packed, 32 bytes each, and the records of the newest ones as published.

A window needs no value and no interval: numerator and denominator say both. An object or an array a column would take
more than the figures themselves, fifty thousand times.
"""

import math
from collections.abc import Iterator
from struct import Struct
from typing import Final, NamedTuple

_PACKED: Final = Struct("<qddII")
_START: Final = Struct("<q")
SIZE: Final = _PACKED.size


class Point(NamedTuple):
    """A window. Start in s since 1970 UTC; major units for money; `denominator` None: of a sum.

    `definition`: 32 bits of the hash, to tell two apart.
    """

    start_s: int
    numerator: float
    denominator: float | None
    revision: int
    definition: int

    @property
    def value(self) -> float | None:
        """None over 0."""
        if self.denominator is None:
            return self.numerator
        return self.numerator / self.denominator if self.denominator else None


class Row:
    """Windows in the order of their starts. `raws`: the records of the last ones, in the same order."""

    __slots__ = ("packed", "raws")

    def __init__(self) -> None:
        self.packed = bytearray()
        self.raws: list[bytes] = []

    def __len__(self) -> int:
        return len(self.packed) // SIZE

    @property
    def last_s(self) -> int | None:
        """Start of the newest window."""
        return self._start(len(self) - 1) if self.packed else None

    @property
    def last_raw(self) -> bytes | None:
        """The record of the newest window; None once it was deleted."""
        return self.raws[-1] if self.raws else None

    def put(self, point: Point, raw: bytes, keep: int) -> bool:
        """A revision of a window; of at most the `keep` newest the record is kept.

        False: a higher revision of the same definition is known.
        """
        index = self._index(point.start_s)
        packed = _PACKED.pack(
            point.start_s,
            point.numerator,
            math.nan if point.denominator is None else point.denominator,
            point.revision,
            point.definition,
        )
        place = index - (len(self) - len(self.raws))
        if index < len(self) and self._start(index) == point.start_s:
            known = self._point(index)
            if known.definition == point.definition and known.revision > point.revision:
                return False
            self.packed[index * SIZE : (index + 1) * SIZE] = packed
            if place >= 0:
                self.raws[place] = raw
            return True
        self.packed[index * SIZE : index * SIZE] = packed
        if place >= 0:
            self.raws.insert(place, raw)
            del self.raws[:-keep]
        return True

    def delete(self, start_s: int) -> bool:
        """Whether the window was known."""
        index = self._index(start_s)
        if index == len(self) or self._start(index) != start_s:
            return False
        place = index - (len(self) - len(self.raws))
        del self.packed[index * SIZE : (index + 1) * SIZE]
        if place >= 0:
            del self.raws[place]
        return True

    def at(self, start_s: int) -> Point | None:
        """The window that begins then."""
        index = self._index(start_s)
        return self._point(index) if index < len(self) and self._start(index) == start_s else None

    def points(self, last: int | None = None) -> Iterator[Point]:
        """Oldest first; at most the `last` ones."""
        first = 0 if last is None else max(0, len(self) - last)
        return map(self._point, range(first, len(self)))

    def kept(self) -> Iterator[tuple[int, bytes]]:
        """Start and record of the newest windows, oldest first."""
        first = len(self) - len(self.raws)
        return ((self._start(first + place), raw) for place, raw in enumerate(self.raws))

    def trim(self, most: int) -> int:
        """Let go of the oldest but for `most`; how many went."""
        gone = max(0, len(self) - most)
        del self.packed[: gone * SIZE]
        del self.raws[:-most]
        return gone

    def trim_before(self, start_s: int) -> int:
        """Let go of the windows that began before; how many went."""
        if not self.packed or self._start(0) >= start_s:
            return 0
        return self.trim(len(self) - self._index(start_s)) if start_s <= (self.last_s or 0) else self._clear()

    def _clear(self) -> int:
        gone = len(self)
        self.packed.clear()
        self.raws.clear()
        return gone

    def _index(self, start_s: int) -> int:
        """Of the first window that begins then or later; nearly always asked for one of the last."""
        low, high = 0, len(self)
        if high and self._start(high - 1) < start_s:
            return high
        while low < high:
            middle = (low + high) // 2
            if self._start(middle) < start_s:
                low = middle + 1
            else:
                high = middle
        return low

    def _start(self, index: int) -> int:
        start_s: int = _START.unpack_from(self.packed, index * SIZE)[0]
        return start_s

    def _point(self, index: int) -> Point:
        start_s, numerator, denominator, revision, definition = _PACKED.unpack_from(self.packed, index * SIZE)
        return Point(start_s, numerator, None if math.isnan(denominator) else denominator, revision, definition)

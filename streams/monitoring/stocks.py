"""Stock measures: the value of a window is the sum of everything that was booked up to its end.

A booking comes once, with the number of the first window that contains it, and is not copied to the later ones. What
is kept is the sum of all bookings and, for as long as windows may be corrected, what of it began with which window:

    value of window m = total - what begins with a window after m

So a booking costs one addition however many windows it changes, an old one that comes late changes all later values at
once, and a window without bookings has a value.
"""

from collections.abc import Collection, Iterator

import msgspec

from models.delta import Measured
from models.memory import rows_bytes
from models.slices import OTHER, TOTAL, Slice
from models.table import Change, Table, packed_codec
from streams.monitoring.windows import Kind

StockKey = tuple[str, str, str, str]
"""Clock, window name, dimension and segment."""


class Level(msgspec.Struct, array_like=True):
    """Of a slice: the sum of all bookings, and those to windows that may still be corrected, by their number."""

    total: Measured
    booked: dict[int, Measured]


class Stocks:
    """A table (see ChangeLogged) with an index. The first `limit` segments ever of a dimension have their own level."""

    name = "stocks"

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._table: Table[StockKey, Level] = Table(self.name, packed_codec(Level, StockKey))
        self._levels: dict[Kind, dict[Slice, Level]] | None = None  # made of the rows when first asked for
        self._named: dict[tuple[Kind, str], int] = {}

    def __len__(self) -> int:
        return len(self._table)

    def book(self, kind: Kind, number: int, piece: Slice, measured: Measured, kept_from: int | None) -> Slice:
        """Add to a window and all later ones; answers where: under the slice's own name, or in the rest.

        Windows before `kept_from` are not corrected any more (None: all are).
        """
        levels = self._of(kind)
        level = levels.get(piece)
        if level is None:
            piece = self._place(kind, piece)
            level = levels.get(piece)
        if level is None:
            level = levels[piece] = Level({}, {})
            self._named[kind, piece[0]] = self._named.get((kind, piece[0]), 0) + 1
            self._table.put((*kind, *piece), level)
        self._table.touch((*kind, *piece))
        _add(level.total, measured)
        if kept_from is None or number >= kept_from:
            _add(level.booked.setdefault(number, {}), measured)
        for old in [old for old in level.booked if kept_from is not None and old < kept_from]:
            del level.booked[old]
        return piece

    def up_to(self, kinds: Collection[Kind], number: int, piece: Slice) -> Measured:
        """The measures of a slice at the end of a window; those that are 0 are left out."""
        found: Measured = {}
        for kind in kinds:
            level = self._of(kind).get(piece)
            if level is not None:
                later = [measured for begins, measured in level.booked.items() if begins > number]
                for name, total in level.total.items():
                    if value := total - sum(measured.get(name, 0) for measured in later):
                        found[name] = value
        return found

    def pieces(self, kinds: Collection[Kind], number: int) -> set[Slice]:
        """Slices in which something is there at the end of a window."""
        found = {piece for kind in kinds for piece in self._of(kind)}
        return {piece for piece in found if self.up_to(kinds, number, piece)}

    def begun(self, kind: Kind) -> Iterator[tuple[int, Slice, Measured]]:
        """What was booked, by the first window of each booking, as far as windows may be corrected."""
        for piece, level in self._of(kind).items():
            for number, measured in level.booked.items():
                yield number, piece, measured

    def count(self, kinds: Collection[Kind]) -> int:
        """Slices that have a level, at most."""
        return sum(len(self._of(kind)) for kind in kinds)

    def fullest(self) -> dict[str, int]:
        """By dimension, the segments that have a level of their own, of the kind that has the most."""
        found: dict[str, int] = {}
        for (_, dimension), count in self._named.items():
            found[dimension] = max(found.get(dimension, 0), count)
        return found

    def drain(self) -> Iterator[Change]:
        """See ChangeLogged."""
        return self._table.drain()

    def restore(self, key: bytes, value: bytes | None) -> None:
        """See ChangeLogged."""
        self._levels = None
        self._table.restore(key, value)

    def memory_bytes(self) -> int:
        """See ChangeLogged and models.memory.rows_bytes."""
        return self._table.memory_bytes() + rows_bytes([*(self._levels or {}).values()])

    def _of(self, kind: Kind) -> dict[Slice, Level]:
        if self._levels is None:
            self._levels, self._named = {}, {}
            for (clock, window, dimension, segment), level in self._table.rows.items():
                known = (clock, window)
                self._levels.setdefault(known, {})[dimension, segment] = level
                self._named[known, dimension] = self._named.get((known, dimension), 0) + 1
        return self._levels.setdefault(kind, {})

    def _place(self, kind: Kind, piece: Slice) -> Slice:
        if piece[0] == TOTAL[0] or self._named.get((kind, piece[0]), 0) < self._limit:
            return piece
        return piece[0], OTHER


def _add(to: Measured, measured: Measured) -> None:
    for name, n in measured.items():
        to[name] = to.get(name, 0) + n

"""Event-time TTL of a table: finds the rows that are past without a search through all of them.

A key is filed under the grain of event time in which its row comes due: once when the row is made, and again only when
that grain has passed and the row was touched since. So a touch costs nothing, and few rows are looked at that stay.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from heapq import heappop, heappush
from sys import getsizeof
from typing import Generic, TypeVar

from models.window import MINUTE_US

K = TypeVar("K")
V = TypeVar("V")


@dataclass(frozen=True, slots=True)
class Ttl(Generic[V]):
    """A row is kept `keep_us` of event time after its time `at_us`, which never goes back, and up to a grain more."""

    keep_us: int
    at_us: Callable[[V], int]
    grain_us: int = MINUTE_US


class Expiry(Generic[K, V]):
    """The keys of a table by the grain in which their rows are to be looked at."""

    __slots__ = ("_filed", "_grains", "ttl", "unfiled")

    def __init__(self, ttl: Ttl[V]) -> None:
        self.ttl = ttl
        # Not lists: a key that was deleted and came back is in two grains, until both are one. Not sets: their order
        # changes from run to run.
        self._filed: dict[int, dict[K, None]] = {}
        self._grains: list[int] = []  # a heap

        self.unfiled: list[K] = []  # keys of restored rows

    def file(self, key: K, at_us: int) -> None:
        """Take up a new row, of this time."""
        self._file(key, (at_us + self.ttl.keep_us) // self.ttl.grain_us)

    def reached(self, watermark_us: int) -> bool:
        """Whether there are rows to look at."""
        return bool(self.unfiled) or (bool(self._grains) and self._grains[0] < watermark_us // self.ttl.grain_us)

    def past(self, at_us_of: Callable[[K], int | None], watermark_us: int, looks: int) -> Iterator[K]:
        """Keys of rows that are past, to be deleted as they come; `looks` bounds the rows that are looked at.

        `at_us_of`: the time of the row of a key, None if there is none.
        """
        ttl, now = self.ttl, watermark_us // self.ttl.grain_us
        if self.unfiled:
            self._file_restored(at_us_of, looks)
            return
        for key in self._reached(watermark_us, looks):
            at_us = at_us_of(key)
            if at_us is None:
                continue
            grain = (at_us + ttl.keep_us) // ttl.grain_us
            if grain < now:
                yield key
            else:
                self._file(key, grain)

    def _file_restored(self, at_us_of: Callable[[K], int | None], looks: int) -> None:
        """Take up restored rows; one that has been filed meanwhile is looked at once more."""
        for key in self.unfiled[-looks:]:
            at_us = at_us_of(key)
            if at_us is not None:
                self.file(key, at_us)
        del self.unfiled[-looks:]

    def memory_bytes(self) -> int:
        """Without the keys, which are the table's."""
        return getsizeof(self._filed) + getsizeof(self._grains) + sum(map(getsizeof, self._filed.values()))

    def _reached(self, watermark_us: int, looks: int) -> Iterator[K]:
        """Take out the keys of the grains that have passed, earliest first."""
        for _ in range(looks):
            if not self.reached(watermark_us):
                return
            keys = self._filed[self._grains[0]]
            key, _ = keys.popitem()
            if not keys:
                del self._filed[heappop(self._grains)]
            yield key

    def _file(self, key: K, grain: int) -> None:
        keys = self._filed.get(grain)
        if keys is None:
            keys = self._filed[grain] = {}
            heappush(self._grains, grain)
        keys[key] = None

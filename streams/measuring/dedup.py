"""Ids seen within the horizon of an input partition, exact to the collision of 64 bits.

A redelivery carries the timestamp of the first delivery, so an id is looked up only in the minute of its own event
time. A minute is a set while it is hot and a sorted array of 8 bytes an id later (about 25 bytes against 80, measured
with 3 million ids). The changelog gets the ids of a commit as one value a minute: appended, never rewritten.
"""

from array import array
from bisect import bisect_left
from collections.abc import Iterator, Sequence
from sys import getsizeof

import msgspec
import xxhash

from models.table import Change, Codec
from models.window import MINUTE_US

digest = xxhash.xxh3_64_intdigest
"""64 bits of bytes."""


def _packed(numbers: Sequence[int]) -> bytes:
    return array("Q", numbers).tobytes()


def _unpacked(stored: bytes) -> Sequence[int]:
    return array("Q", stored)


_CODEC = Codec(
    1, msgspec.msgpack.encode, msgspec.msgpack.Decoder(tuple[int, int]).decode, encode=_packed, decode=_unpacked
)
_ID_BYTES = getsizeof(1 << 63)


def id_hash(event_id: str) -> int:
    """64 bits of an id; two of three million live ids collide once in 10^13 events."""
    return digest(event_id.encode())


class _Minute:
    """The ids of a minute of event time: `hot` ones as a set, the rest sorted; `fresh` ones are not yet logged."""

    __slots__ = ("chunks", "cold", "fresh", "hot", "unsorted")

    def __init__(self) -> None:
        self.hot: set[int] = set()
        self.cold = array("Q")
        self.fresh: list[int] = []
        self.chunks = 0
        self.unsorted = False  # restored or cooled: most minutes are never asked for again

    def packed(self, number: int) -> bool:
        if self.unsorted:
            self.cold, self.unsorted = array("Q", sorted(self.cold)), False
        at = bisect_left(self.cold, number)
        return at < len(self.cold) and self.cold[at] == number

    def cool(self) -> None:
        self.cold.extend(self.hot)
        self.unsorted = True
        self.hot = set()

    def memory_bytes(self) -> int:
        own = getsizeof(self.hot) + getsizeof(self.cold) + getsizeof(self.fresh) + getsizeof(self)
        return own + len(self.hot) * _ID_BYTES


class SeenIds:
    """A table (see ChangeLogged) of id hashes by minute."""

    __slots__ = ("_cooled", "_forgotten", "_gone", "_minutes", "name")

    def __init__(self, name: str) -> None:
        self.name = name
        self._minutes: dict[int, _Minute] = {}
        self._gone: list[tuple[int, int]] = []
        self._cooled = self._forgotten = 0

    def __len__(self) -> int:
        return sum(len(minute.hot) + len(minute.cold) for minute in self._minutes.values())

    def claim(self, at_us: int, number: int) -> bool:
        """Remember the id hash of an event; False if an event with this id and timestamp was counted before."""
        name = at_us // MINUTE_US
        minute = self._minutes.get(name)
        if minute is None:
            minute = self._minutes[name] = _Minute()
        elif number in minute.hot or (minute.cold and minute.packed(number)):
            return False
        minute.hot.add(number)
        minute.fresh.append(number)
        return True

    def disclaim(self, at_us: int, number: int) -> None:
        """Take back the last claim: the event is not counted after all."""
        minute = self._minutes[at_us // MINUTE_US]
        minute.hot.discard(number)
        minute.fresh.pop()

    def sweep(self, hot_from_us: int, from_us: int) -> None:
        """Pack minutes before `hot_from_us` and forget those before `from_us`; once a minute of event time."""
        hot_from, first = hot_from_us // MINUTE_US, from_us // MINUTE_US
        if hot_from == self._cooled and first == self._forgotten:
            return
        self._cooled, self._forgotten = hot_from, first
        for name in [name for name in self._minutes if name < first]:
            self._forget(name)
        for name, minute in self._minutes.items():
            if name < hot_from and minute.hot:
                minute.cool()

    def drain(self) -> Iterator[Change]:
        """See ChangeLogged."""
        gone, self._gone = self._gone, []
        for name, minute in self._minutes.items():
            if not minute.fresh:
                continue
            yield _CODEC.key_to_bytes((name, minute.chunks)), _CODEC.stored(minute.fresh)
            minute.chunks += 1
            minute.fresh = []
        for key in gone:
            yield _CODEC.key_to_bytes(key), None

    def restore(self, key: bytes, value: bytes | None) -> None:
        """See ChangeLogged."""
        name, chunk = _CODEC.key(self.name, key)
        if value is None:
            self._minutes.pop(name, None)
            return
        numbers = _CODEC.row(self.name, value)
        minute = self._minutes.setdefault(name, _Minute())
        minute.cold.extend(numbers)
        minute.unsorted = True
        minute.chunks = max(minute.chunks, chunk + 1)

    def memory_bytes(self) -> int:
        """See ChangeLogged: of every minute, and exact but for a few lists that a commit empties."""
        return getsizeof(self._minutes) + sum(minute.memory_bytes() for minute in self._minutes.values())

    def _forget(self, name: int) -> None:
        minute = self._minutes.pop(name)
        self._gone += ((name, chunk) for chunk in range(minute.chunks))

"""Rows that rest: what was not changed for a while is kept as the bytes that are stored of it.

Most visitors of a day have left. A row of objects takes about three times the memory of its stored bytes, and a start
that takes the bytes as they are reads a million rows without making an object of one.
"""

from collections.abc import Callable, Iterator, Sequence
from sys import getsizeof
from typing import TypeVar

import msgspec

from models.errors import EngineFault
from models.memory import rows_bytes
from models.table import RESTORE, Change, Codec, Table
from models.table_ttl import Ttl

K = TypeVar("K")
V = TypeVar("V")

REST_US = 1_800_000_000
"""Event time; as long as a session usually waits for its next click, as waking a row costs as much as booking one.

Seen with a minute: on a backlog of 800,000 clicks a worker took 33 us of CPU a click instead of 24.
"""


class RestingTable(Table[K, V]):
    """`rows` holds those that are awake: who does not find one there has to ask `wake`.

    A row rests once it was not stored anew, nor woken, for one turn of `rest_us` to two. Until then what is stored of
    it is kept beside it, so that it is not encoded again.
    """

    __slots__ = ("_due", "_older", "_recent", "_rest_us", "_stored_us", "_turn", "resting")

    def __init__(
        self, name: str, codec: Codec[K, V], ttl: Ttl[V], stored_us: Callable[[bytes], int], rest_us: int = REST_US
    ) -> None:
        """`stored_us`: the time of a row from its stored value; raises a msgspec error if that is damaged."""
        super().__init__(name, codec, ttl)
        self.resting: dict[K, bytes] = {}
        self._recent: dict[K, bytes] = {}  # stored or woken in this turn
        self._older: dict[K, bytes] = {}  # in the one before
        self._due: dict[K, bytes] = {}  # and before that: these rest, a few at each step
        self._turn = 0
        self._rest_us = rest_us
        self._stored_us = stored_us

    def __len__(self) -> int:
        return len(self.rows) + len(self.resting)

    def get(self, key: K) -> V | None:
        """A row; it is awake then."""
        row = self.rows.get(key)
        return self.wake(key) if row is None else row

    def wake(self, key: K) -> V | None:
        """The row of a key that is not among `rows`, if it rests; it is among them then."""
        stored = self.resting.pop(key, None)
        if stored is None:
            return None
        row = self.rows[key] = self._codec.row(self.name, stored)
        self._recent[key] = stored
        return row

    def delete(self, key: K) -> None:
        """See Table."""
        if self.resting.pop(key, None) is None:
            del self.rows[key]
        self.changed.add(key)

    def rest(self, watermark_us: int, looks: int) -> None:
        """Put rows to rest, looking at no more than `looks`; asked every step."""
        due = self._due
        for _ in range(min(looks, len(due))):
            key, stored = due.popitem()
            if key in self.rows and not (key in self._recent or key in self._older or key in self.changed):
                del self.rows[key]
                self.resting[key] = stored
        turn = watermark_us // self._rest_us
        if turn > self._turn and not due:
            self._due, self._older, self._recent, self._turn = self._older, self._recent, {}, turn

    def drain(self) -> Iterator[Change]:
        """See ChangeLogged."""
        changed, self.changed = self.changed, set()
        to_bytes, to_stored, rows, recent = self._codec.key_to_bytes, self._codec.stored, self.rows, self._recent
        for key in changed:
            row = rows.get(key)
            if row is None:
                yield to_bytes(key), None
            else:
                stored = recent[key] = to_stored(row)
                yield to_bytes(key), stored

    def restore(self, key: bytes, value: bytes | None) -> None:
        """See ChangeLogged. All rows rest; damage that leaves a value well-formed is found when it is woken."""
        self._restored = True
        name, stored = self._read(key, value)
        if stored is None:
            self.resting.pop(name, None)
        else:
            self.resting[name] = stored

    def memory_bytes(self) -> int:
        """See ChangeLogged."""
        kept = (self._recent, self._older, self._due)
        beside = rows_bytes(kept, common_keys=True) if any(kept) else sum(map(getsizeof, kept))
        return super().memory_bytes() + rows_bytes([self.resting]) + beside

    def restore_all(self, changes: Sequence[Change]) -> None:
        """See models.restoring. A start restores a million rows: what is as it should be is not looked at twice."""
        self._restored = True
        from_bytes, version, resting = self._codec.key_from_bytes, self._codec.version.to_bytes(), self.resting
        for key, value in changes:
            if value is None or value[:1] != version:
                self.restore(key, value)
                continue
            try:
                self._stored_us(value)
                resting[from_bytes(key)] = value
            except Exception:  # noqa: BLE001  whatever a decoder calls it
                self.restore(key, value)  # says what is wrong

    def _read(self, key: bytes, value: bytes | None) -> tuple[K, bytes | None]:
        """A changelog record as it rests: the key, and the value in the format of today. Raises EngineFault."""
        codec = self._codec
        name = codec.key(self.name, key)
        if value is None:
            return name, None
        if value[:1] != codec.version.to_bytes():
            value = codec.stored(codec.row(self.name, value))
        try:
            self._stored_us(value)
        except msgspec.MsgspecError as error:
            raise EngineFault(f"table {self.name}: a stored value cannot be read ({error}); {RESTORE}") from error
        return name, value

    def _keys(self) -> list[K]:
        return [*self.rows, *self.resting]

    def _at_us(self, key: K) -> int | None:
        stored = self.resting.get(key)
        return super()._at_us(key) if stored is None else self._stored_us(stored)

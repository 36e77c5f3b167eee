"""Tables: the state of a task, which knows what changed since the last commit.

Everything a step changes is in a table; a commit drains what changed into the changelog, in the same transaction
as the outputs and the source positions. A stored value is one byte of format version and the encoded row.
"""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from sys import getsizeof
from typing import Any, Generic, Protocol, TypeVar

import msgspec

from models.errors import EngineFault
from models.memory import own_bytes, rows_bytes
from models.table_ttl import Expiry, Ttl

K = TypeVar("K")
V = TypeVar("V")
Change = tuple[bytes, bytes | None]
"""A changelog record below its table's name: key, and the stored value or None for a tombstone."""

RESTORE = "the changelog is damaged: put its topic back from a backup"


class ChangeLogged(Protocol):
    """What the engine needs of a table."""

    name: str

    def drain(self) -> Iterator[Change]:
        """What changed since the last drain, each key once."""

    def restore(self, key: bytes, value: bytes | None) -> None:
        """Take back one changelog record, oldest first. Raises EngineFault on a format it does not know."""

    def memory_bytes(self) -> int:
        """Memory held, for the metric: an estimate, at a cost that does not grow with the rows."""

    def __len__(self) -> int:
        """Rows held, for the metric."""


@dataclass(frozen=True, slots=True)
class Older:
    """A format that this program still reads: its decoder, and what makes a row of it one of the next version."""

    decode: Callable[[bytes], Any]
    lift: Callable[[Any], Any]


@dataclass(frozen=True, slots=True)
class Codec(Generic[K, V]):
    """How rows become bytes. `version` counts the formats this table ever had; `older`: those before it, by version."""

    version: int
    key_to_bytes: Callable[[K], bytes]
    key_from_bytes: Callable[[bytes], K]
    encode: Callable[[V], bytes]
    decode: Callable[[bytes], V]
    older: Mapping[int, Older] = field(default_factory=dict)

    def __post_init__(self) -> None:
        oldest = self.version - len(self.older)
        assert oldest > 0, f"versions count from 1, not {oldest}"
        assert set(self.older) == set(range(oldest, self.version)), f"a gap in the versions {sorted(self.older)}"

    def stored(self, row: V) -> bytes:
        """A row with its format version."""
        return self.version.to_bytes() + self.encode(row)

    def key(self, table: str, stored: bytes) -> K:
        """The key of a changelog record below the table's name."""
        try:
            return self.key_from_bytes(stored)
        except Exception as error:
            raise EngineFault(f"table {table}: key {stored!r} cannot be read ({error}); {RESTORE}") from error

    def row(self, table: str, stored: bytes) -> V:
        """The row of a stored value; one of an older version is lifted, version by version."""
        found = stored[0] if stored else 0
        if found != self.version and found not in self.older:
            raise EngineFault(f"table {table}: {self._refusal(stored)}")
        try:
            return self.decode(stored[1:]) if found == self.version else self._lifted(found, stored)
        except Exception as error:  # damage is a fault of the state, whatever a decoder calls it
            what = f"a value of format {found} cannot be read by this program, which reads {self._reads}"
            raise EngineFault(f"table {table}: {what} ({error}); {RESTORE}") from error

    @property
    def _reads(self) -> str:
        return f"{self.version - len(self.older)} to {self.version}" if self.older else f"{self.version}"

    def _lifted(self, version: int, stored: bytes) -> V:
        row: Any = self.older[version].decode(stored[1:])
        for older in range(version, self.version):
            row = self.older[older].lift(row)
        lifted: V = row
        return lifted

    def _refusal(self, stored: bytes) -> str:
        """A wrong number is worse than a worker that does not start."""
        later = bool(stored) and stored[0] > self.version
        earlier = bool(stored) and 0 < stored[0] < self.version
        remedy = (
            "run the release that wrote it" if later else "update by way of one that reads both" if earlier else RESTORE
        )
        return f"stored format {stored[0] if stored else 'none'}, this program reads {self._reads}; {remedy}"


def packed_codec(
    row_type: type[V],
    key_type: Any,  # noqa: ANN401  a type form
    version: int = 1,
    older: Mapping[int, Older] | None = None,
) -> Codec[Any, V]:
    """Keys and rows as msgpack of their types."""
    encode, decoder = msgspec.msgpack.Encoder().encode, msgspec.msgpack.Decoder
    return Codec(version, encode, decoder(key_type).decode, encode, decoder(row_type).decode, older or {})


def packed_older(row_type: type[V], lift: Callable[[V], Any]) -> Older:
    """An older format that was msgpack of a type, which stays in the program for as long as it is read."""
    return Older(msgspec.msgpack.Decoder(row_type).decode, lift)


class Table(Generic[K, V]):
    """Rows by key, made by `put` alone. A row changed in place has to be `touch`ed.

    `changed`: keys since the last drain. The hot path adds to it itself, to spare a call a click.
    """

    __slots__ = ("_codec", "_expiry", "_restored", "changed", "name", "rows")

    def __init__(self, name: str, codec: Codec[K, V], ttl: Ttl[V] | None = None) -> None:
        """Without `ttl` rows are kept for ever."""
        self.name = name
        self.rows: dict[K, V] = {}
        self.changed: set[K] = set()
        self._codec = codec
        self._expiry: Expiry[K, V] | None = None if ttl is None else Expiry(ttl)
        self._restored = False  # rows came that are not filed: that is left to the first steps

    def __len__(self) -> int:
        return len(self.rows)

    def put(self, key: K, row: V) -> None:
        """Set a row."""
        expiry = self._expiry
        if expiry is not None and key not in self.rows:
            expiry.file(key, expiry.ttl.at_us(row))
        self.rows[key] = row
        self.changed.add(key)

    def touch(self, key: K) -> None:
        """Say that the row of `key` was changed in place."""
        self.changed.add(key)

    def delete(self, key: K) -> None:
        """Remove a row; its changelog gets a tombstone."""
        del self.rows[key]
        self.changed.add(key)

    def expire(self, watermark_us: int, looks: int) -> bool:
        """Delete rows whose time is past, looking at no more than `looks`; whether there are more to look at."""
        if self._expiry is None:
            return False
        if self._restored:
            self._expiry.unfiled, self._restored = self._keys(), False
        if not self._expiry.reached(watermark_us):
            return False
        for key in self._expiry.past(self._at_us, watermark_us, looks):
            self.delete(key)
        return self._expiry.reached(watermark_us)

    def drain(self) -> Iterator[Change]:
        """See ChangeLogged."""
        changed, self.changed = self.changed, set()
        to_bytes, stored, rows = self._codec.key_to_bytes, self._codec.stored, self.rows
        for key in changed:
            row = rows.get(key)
            yield to_bytes(key), None if row is None else stored(row)

    def restore(self, key: bytes, value: bytes | None) -> None:
        """See ChangeLogged. A start restores a million rows: what is as it should be is not looked at twice."""
        codec, self._restored = self._codec, True
        try:
            name = codec.key_from_bytes(key)
            row = codec.decode(value[1:]) if value and value[0] == codec.version else None
        except Exception:  # noqa: BLE001  said below, by name
            row = None
        if row is not None:
            self.rows[name] = row
            return
        name = codec.key(self.name, key)
        if value is None:
            self.rows.pop(name, None)
        else:
            self.rows[name] = codec.row(self.name, value)

    def memory_bytes(self) -> int:
        """See ChangeLogged and models.memory.rows_bytes."""
        filed = 0 if self._expiry is None else self._expiry.memory_bytes()
        return rows_bytes([self.rows]) + getsizeof(self.changed) + filed

    def _keys(self) -> list[K]:
        return list(self.rows)

    def _at_us(self, key: K) -> int | None:
        """The time of a row for its expiry; None: there is no such row."""
        row = self.rows.get(key)
        return None if row is None or self._expiry is None else self._expiry.ttl.at_us(row)


class Single(Generic[V]):
    """A table of one row that is there from the start."""

    __slots__ = ("_changed", "_codec", "name", "row")

    def __init__(self, name: str, row: V, version: int = 1, older: Mapping[int, Older] | None = None) -> None:
        self.name = name
        self.row = row
        self._changed = False
        self._codec: Codec[str, V] = packed_codec(type(row), str, version, older)

    def __len__(self) -> int:
        return 1

    def touch(self) -> None:
        """Say that the row was changed in place."""
        self._changed = True

    def drain(self) -> Iterator[Change]:
        """See ChangeLogged."""
        if self._changed:
            self._changed = False
            yield b"", self._codec.stored(self.row)

    def restore(self, key: bytes, value: bytes | None) -> None:  # noqa: ARG002  (the contract's, and its only key)
        """See ChangeLogged."""
        if value is not None:
            self.row = self._codec.row(self.name, value)

    def memory_bytes(self) -> int:
        """See ChangeLogged."""
        return round(own_bytes(self.row))

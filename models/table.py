"""Tables: the state of a task, which knows what changed since the last commit.

Everything a step changes is in a table; a commit drains what changed into the changelog, in the same transaction
as the outputs and the source positions. A stored value is one byte of format version and the encoded row.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any, Generic, Protocol, TypeVar

import msgspec

from models.errors import EngineFault

K = TypeVar("K")
V = TypeVar("V")
Change = tuple[bytes, bytes | None]
"""A changelog record below its table's name: key, and the stored value or None for a tombstone."""


class ChangeLogged(Protocol):
    """What the engine needs of a table."""

    name: str

    def drain(self) -> Iterator[Change]:
        """What changed since the last drain, each key once."""

    def restore(self, key: bytes, value: bytes | None) -> None:
        """Take back one changelog record, oldest first. Raises EngineFault on a format it does not know."""

    def __len__(self) -> int:
        """Rows held, for the metric."""


@dataclass(frozen=True, slots=True)
class Codec(Generic[K, V]):
    """How rows become bytes; `version` counts the formats this table ever had."""

    version: int
    key_to_bytes: Callable[[K], bytes]
    key_from_bytes: Callable[[bytes], K]
    encode: Callable[[V], bytes]
    decode: Callable[[bytes], V]

    def stored(self, row: V) -> bytes:
        """A row with its format version."""
        return bytes((self.version,)) + self.encode(row)

    def row(self, table: str, stored: bytes) -> V:
        """The row of a stored value."""
        check_version(table, self.version, stored)
        return self.decode(stored[1:])


def check_version(table: str, version: int, stored: bytes) -> None:
    """Refuse state of another format: a wrong number is worse than a worker that does not start."""
    if not stored or stored[0] != version:
        found = stored[0] if stored else "none"
        raise EngineFault(f"table {table}: stored format {found}, this program reads {version}")


def packed_codec(row_type: type[V], key_type: Any, version: int = 1) -> Codec[Any, V]:  # noqa: ANN401  a type form
    """Keys and rows as msgpack of their types."""
    encode = msgspec.msgpack.Encoder().encode
    return Codec(
        version, encode, msgspec.msgpack.Decoder(key_type).decode, encode, msgspec.msgpack.Decoder(row_type).decode
    )


class Table(Generic[K, V]):
    """Rows by key. A row changed in place has to be `touch`ed."""

    __slots__ = ("_changed", "_codec", "name", "rows")

    def __init__(self, name: str, codec: Codec[K, V]) -> None:
        self.name = name
        self.rows: dict[K, V] = {}
        self._changed: set[K] = set()
        self._codec = codec

    def __len__(self) -> int:
        return len(self.rows)

    def put(self, key: K, row: V) -> None:
        """Set a row."""
        self.rows[key] = row
        self._changed.add(key)

    def touch(self, key: K) -> None:
        """Say that the row of `key` was changed in place."""
        self._changed.add(key)

    def delete(self, key: K) -> None:
        """Remove a row; its changelog gets a tombstone."""
        del self.rows[key]
        self._changed.add(key)

    def drain(self) -> Iterator[Change]:
        """See ChangeLogged."""
        changed, self._changed = self._changed, set()
        to_bytes, stored, rows = self._codec.key_to_bytes, self._codec.stored, self.rows
        for key in changed:
            row = rows.get(key)
            yield to_bytes(key), None if row is None else stored(row)

    def restore(self, key: bytes, value: bytes | None) -> None:
        """See ChangeLogged."""
        name = self._codec.key_from_bytes(key)
        if value is None:
            self.rows.pop(name, None)
        else:
            self.rows[name] = self._codec.row(self.name, value)


class Single(Generic[V]):
    """A table of one row that is there from the start."""

    __slots__ = ("_changed", "_codec", "name", "row")

    def __init__(self, name: str, row: V, version: int = 1) -> None:
        self.name = name
        self.row = row
        self._changed = False
        self._codec: Codec[str, V] = packed_codec(type(row), str, version)

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

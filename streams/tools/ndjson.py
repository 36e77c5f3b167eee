"""NDJSON files of records: one `{"key": ..., "value": {...}}` a line, or `"value_base64"` for exactly these bytes.

The bytes of `value` are published as they stand in the line. Optional: `"headers": {"name": "text"}`. A null or
absent key is a null key, `"value": null` a null value.
"""

import base64
import binascii
import gzip
import io
import zlib
from collections.abc import Iterator
from pathlib import Path

import msgspec

from models.errors import InputFileError
from streams.tools import instant
from streams.tools.record import Record

SUFFIXES = (".ndjson", ".ndjson.gz")
_SHAPE = 'write one {"key": "...", "value": {...}} (or "value_base64") a line'
_NULL = b"null"


class _Line(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    key: str | None = None
    value: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET
    value_base64: str | None = None
    headers: dict[str, str] = {}


class _Stamp(msgspec.Struct, frozen=True):
    timestamp: str | None = None


_LINES = msgspec.json.Decoder(_Line)
_STAMPS = msgspec.json.Decoder(_Stamp)


def topic_of(path: Path) -> str | None:
    """The topic an NDJSON file names (`orders.ndjson.gz`: `orders`), None for another kind of file."""
    for suffix in SUFFIXES:
        if path.name.endswith(suffix) and path.name != suffix:
            return path.name.removesuffix(suffix)
    return None


def records(path: Path, topic: str) -> Iterator[Record]:
    """The records in line order; blank lines are skipped; InputFileError names file and line of a malformed one."""
    try:
        with _open(path) as file:
            for number, line in enumerate(file, start=1):
                if not line.isspace():
                    yield _record(line, topic, f"{path}:{number}")
    except (OSError, EOFError, zlib.error) as error:
        raise InputFileError(str(path), f"cannot be read ({error})", "give a readable NDJSON(.gz) file") from error


def line_of(record: Record) -> bytes:
    """The line of a record whose value is JSON, with its newline; the inverse of reading it (headers are dropped)."""
    key = None if record.key is None else record.key.decode()
    return msgspec.json.encode(_Published(key, msgspec.Raw(record.value or _NULL))) + b"\n"


class _Published(msgspec.Struct, frozen=True):
    key: str | None
    value: msgspec.Raw


def _open(path: Path) -> io.BufferedReader | gzip.GzipFile:
    return gzip.open(path, "rb") if path.suffix == ".gz" else path.open("rb")


def _record(line: bytes, topic: str, where: str) -> Record:
    try:
        parsed = _LINES.decode(line)
        value = _value(parsed)
    except (msgspec.MsgspecError, UnicodeError, ValueError) as error:
        raise InputFileError(where, f"malformed line ({error})", _SHAPE) from error
    key = None if parsed.key is None else parsed.key.encode()
    headers = tuple((name, text.encode()) for name, text in parsed.headers.items())
    return Record(topic, key, value, timestamp_of(value), headers)


def _value(line: _Line) -> bytes | None:
    if isinstance(line.value, msgspec.UnsetType):
        if line.value_base64 is None:
            raise ValueError("needs `value` or `value_base64`")
        return _from_base64(line.value_base64)
    if line.value_base64 is not None:
        raise ValueError("has `value` and `value_base64`; one of them is meant")
    value = bytes(line.value)
    return None if value == _NULL else value


def _from_base64(text: str) -> bytes:
    try:
        return base64.b64decode(text, validate=True)
    except binascii.Error as error:
        raise ValueError(f"value_base64: {error}") from error


def timestamp_of(value: bytes | None) -> int | None:
    """The event time a value names in its field `timestamp`, us since 1970 UTC; None if it is no such value."""
    if not value:
        return None
    try:
        text = _STAMPS.decode(value).timestamp
    except (msgspec.MsgspecError, UnicodeError):
        return None
    return None if text is None else instant.parse(text)

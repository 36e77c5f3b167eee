"""The files `kpi replay` reads: data sets known by their file name, else NDJSON."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import msgspec

from models.errors import InputFileError
from streams.tools import cdnow, ecom, ndjson, online_retail
from streams.tools.record import Record


@dataclass(frozen=True, slots=True)
class Source:
    """A file that can be read again and again: each call of `read` gives its records from the first on."""

    path: Path
    topic: str
    read: Callable[[], Iterator[Record]]


@dataclass(frozen=True, slots=True)
class _DataSet:
    topic: str
    records: Callable[[Path], Iterator[Record]]


_DATA_SETS = {
    online_retail.NAME: _DataSet(online_retail.TOPIC, online_retail.records),
    ecom.NAME: _DataSet(ecom.TOPIC, ecom.records),
    cdnow.NAME: _DataSet(cdnow.TOPIC, cdnow.records),
}


def source(path: Path, topic: str | None) -> Source:
    """How to read a file, for `topic` or the topic its name says; InputFileError if it is missing or unknown."""
    if not path.is_file():
        raise InputFileError(str(path), "no such file", "give the path of an NDJSON(.gz) file or a known data set")
    if known := _DATA_SETS.get(path.name):
        return Source(path, topic or known.topic, partial(_readdressed, path, known, topic))
    named = topic or ndjson.topic_of(path)
    if named is None:
        kinds = ", ".join((*_DATA_SETS, *(f"TOPIC{suffix}" for suffix in ndjson.SUFFIXES)))
        raise InputFileError(str(path), "its name says no topic", f"name it one of {kinds}, or give --topic")
    return Source(path, named, partial(ndjson.records, path, named))


def _readdressed(path: Path, known: _DataSet, topic: str | None) -> Iterator[Record]:
    records = known.records(path)
    if topic is None or topic == known.topic:
        return records
    return (msgspec.structs.replace(record, topic=topic) for record in records)

"""What a task has done, in terms in which two implementations have to agree; not in which order or bytes."""

from array import array
from collections import Counter, defaultdict
from collections.abc import Mapping
from typing import Any

import msgspec

from kernel.task import Key, Task
from models import delta
from models.delta import decode_deltas
from models.order_fact import BY_CUSTOMER, decode_facts
from models.slices import Slices
from models.stage import Outgoing
from models.visitor import Visitor
from streams.measuring import dead_letter, dedup
from streams.measuring.visitor_stage import VisitorStage

SEEN = "seen"
Facts = dict[str, Any]


class Reader:
    """Reads what tasks write; rows are read by the codecs of `python`, the reference."""

    def __init__(self, python: VisitorStage[Any]) -> None:
        tables: Any = python.tables(0).all()
        self._codecs = {table.name: table._codec for table in tables if table.name != SEEN}
        self._kept_us = python.clicks.booking._kept_us  # type: ignore[attr-defined]  # a ClickBooking's

    def commit(self, task: Task) -> Facts:
        """The records of a commit, by topic."""
        topics = defaultdict(list)
        for record in task.written:
            topics[record.topic].append(record)
        found: Facts = {"deltas": _deltas(topics.pop(delta.TOPIC, []))}
        found["handed"] = [
            (one.partition, plain(decode_facts(one.value or b""))) for one in topics.pop(BY_CUSTOMER, [])
        ]
        found["letters"] = topics.pop(dead_letter.TOPIC, [])
        return found | {topic: [*records] for topic, records in topics.items()}

    def rows(self, task: Task, keys: set[Key]) -> Facts:
        """Of the changelog so far, those of some keys. A tombstone is as good as no record at all.

        When a visitor that nothing can reach any more is forgotten is nobody's business, but that it was not before.
        """
        minutes = {dedup._CODEC.key(SEEN, key)[0] for table, key in keys if table == SEEN}
        found: Facts = {f"{SEEN} {minute}": ids for minute, ids in _ids(task.changelog, minutes).items()}
        for table, key in sorted(keys):
            value = task.changelog.get((table, key))
            if table != SEEN:
                row = None if value is None else self._codecs[table].row(table, value)
                past = isinstance(row, Visitor) and row.last_us + self._kept_us < task.passed_us
                found[f"{table} {key!r}"] = None if past else plain(row)
        return found


def plain(row: Any) -> Any:
    """A row as dicts and lists, so that one can say where two of them differ."""
    match row:
        case Slices():
            return list(row.segments)
        case msgspec.Struct():
            return {name: plain(getattr(row, name)) for name in row.__struct_fields__}
        case array() | list() | tuple():
            return [plain(one) for one in row]
        case dict():
            return {key: plain(value) for key, value in row.items()}
        case _:
            return row


def _ids(changelog: Mapping[Key, bytes | None], minutes: set[int]) -> dict[int, list[int]]:
    """Id hashes by minute, whatever the chunks; one that was written twice is here twice."""
    found: dict[int, list[int]] = {minute: [] for minute in minutes}
    for (table, key), value in changelog.items():
        if table == SEEN and value is not None and (minute := dedup._CODEC.key(SEEN, key)[0]) in minutes:
            found[minute] += dedup._CODEC.row(SEEN, value)
    return {minute: sorted(ids) for minute, ids in found.items()}


def _deltas(records: list[Outgoing]) -> Facts:
    """What every window gets, and the last marks and all arrivals of each partition."""
    sums: Counter[Any] = Counter()
    marks: Facts = {}
    arrivals: Counter[Any] = Counter()
    for record in records:
        its = decode_deltas(record.value or b"")
        marks |= {f"{record.partition} {feed}": plain(mark) for feed, mark in its.marks.items()}
        arrivals.update({(record.partition, at_ms): n for at_ms, n in its.arrivals})
        for piece in its.slices:
            of = record.partition, piece.clock, piece.dimension, piece.segment
            for window, first, span, measured in piece.cells:
                for number in range(first, first + span):
                    for name, n in measured.items():
                        sums[*of, window, number, name] += n
    return {"sums": {key: n for key, n in sums.items() if n}, "marks": marks, "arrivals": dict(arrivals)}

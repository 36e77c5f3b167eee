"""Changelog records on their way to the tables; a whole restore runs against a broker in tests/contract."""

from types import SimpleNamespace
from typing import Any

import msgspec
import pytest
from aiokafka import TopicPartition

from models.errors import EngineFault
from models.table import Change, Table, packed_codec
from streams.engine.recovery import take_back

TP = TopicPartition("shop-visitors-changelog", 2)


def records(*rows: tuple[str, str, bytes | None]) -> list[Any]:
    """Of a table, a key and a stored value."""
    return [
        SimpleNamespace(key=table.encode() + b"|" + msgspec.msgpack.encode(key), value=value)
        for table, key, value in rows
    ]


def table(name: str) -> Table[str, int]:
    return Table(name, packed_codec(int, str))


class Bulk(Table[str, int]):
    """Says how many records it got at a time."""

    def __init__(self) -> None:
        super().__init__("bulk", packed_codec(int, str))
        self.sizes: list[int] = []

    def restore_all(self, changes: list[Change]) -> None:
        self.sizes.append(len(changes))
        for key, value in changes:
            self.restore(key, value)


def test_every_table_takes_its_own_and_the_last_record_of_a_key_counts() -> None:
    one, bulk = table("one"), Bulk()
    its = records(
        ("one", "a", b"\x01\x01"),
        ("bulk", "a", b"\x01\x02"),
        ("one", "a", b"\x01\x03"),
        ("bulk", "a", None),
        ("bulk", "b|c", None),
        ("bulk", "b|c", b"\x01\x04"),
        ("one", "gone", b"\x01\x05"),
        ("one", "gone", None),
    )
    take_back({b"one": one, b"bulk": bulk}, TP, its)
    assert (one.rows, bulk.rows, bulk.sizes) == ({"a": 3}, {"b|c": 4}, [4])


def test_a_row_of_a_table_that_this_program_has_not_is_refused() -> None:
    says = "shop-visitors-changelog/2: a row of table other, which this program has not"
    with pytest.raises(EngineFault, match=says):
        take_back({b"one": table("one")}, TP, records(("one", "a", b"\x01\x01"), ("other", "a", None)))


def test_damage_among_others_is_refused_with_its_table() -> None:
    its = records(("one", "a", b"\x01\x01"), ("one", "b", b"\x02\x01"), ("one", "c", b"\x01\x01"))
    with pytest.raises(EngineFault, match="table one: stored format 2, this program reads 1; run the release"):
        take_back({b"one": table("one")}, TP, its)

"""Tables read back from a broker: what is committed, the last of each key, by the kernel and without it."""

from collections.abc import Sequence
from typing import Any

import msgspec
import pytest
from aiokafka import TopicPartition
from aiokafka.consumer import fetcher as aiokafka_fetcher
from aiokafka.record.memory_records import MemoryRecords

import topic_log
import transaction
from kernel.stages import Rules, stage_of
from models.errors import EngineFault
from models.stage import Outgoing
from models.table import Table, packed_codec
from streams.engine.fetching import read_by_kernel
from streams.engine.recovery import restore
from streams.measuring.visitor_table import Visitors
from streams.native import INSTALLED
from streams.tools.broker import EmbeddedKafka

NATIVE = pytest.param(True, marks=pytest.mark.skipif(not INSTALLED, reason="no kpi_kernel"))
pytestmark = [pytest.mark.broker, pytest.mark.asyncio, pytest.mark.parametrize("native", [False, NATIVE])]


@pytest.fixture(autouse=True)
def reading(native: object, monkeypatch: pytest.MonkeyPatch) -> None:
    """By whom; put back afterwards, as it is the whole process's."""
    monkeypatch.setattr(aiokafka_fetcher, "MemoryRecords", MemoryRecords)
    if native:
        read_by_kernel()


def visitors(*, native: object) -> Visitors:
    """An empty table."""
    table: Visitors = stage_of(Rules(), native=bool(native)).tables(0).clicks.rows
    return table


def visitor(last_us: int) -> bytes:
    """As it is stored, without sessions."""
    return b"\x02" + msgspec.msgpack.encode((last_us, 1, 0, 0, []))


async def written(broker: EmbeddedKafka, *turns: Sequence[tuple[str, str, bytes | None]]) -> TopicPartition:
    """A changelog of transactions, of which every second one was aborted."""
    target = TopicPartition(topic_log.fresh("changelog"), 0)
    await topic_log.create(broker.bootstrap, [target.topic], 1)
    for turn, rows in enumerate(turns):
        records = [
            Outgoing(target.topic, 0, table.encode() + b"|" + msgspec.msgpack.encode(key), value)
            for table, key, value in rows
        ]
        await transaction.commit(broker.bootstrap, records, abort=turn % 2 == 1)
    return target


async def test_the_last_committed_row_of_a_key_is_there(broker: EmbeddedKafka, native: object) -> None:
    target = await written(
        broker,
        [("visitors", "a", visitor(1)), ("numbers", "a", b"\x01\x01"), ("visitors", "b", visitor(2))],
        [("visitors", "a", visitor(99)), ("numbers", "b", b"\x01\x63")],
        [("visitors", "c", visitor(3)), ("visitors", "b", None), ("visitors", "c", visitor(4))],
        [("visitors", "c", None)],
        [("visitors", "d", None), ("visitors", "d", visitor(5)), ("numbers", "a", b"\x01\x02")],
    )
    numbers: Table[str, int] = Table("numbers", packed_codec(int, str))
    rows = visitors(native=native)
    count, _ = await restore({target: [numbers, rows]}, {"bootstrap_servers": broker.bootstrap})
    found = {name: rows.get(name) for name in "abcd"}
    assert {name: row and row.last_us for name, row in found.items()} == {"a": 1, "b": None, "c": 4, "d": 5}
    assert (count, len(rows), numbers.rows) == (9, 3, {"a": 2})


@pytest.mark.parametrize(
    ("table", "value", "says"),
    [
        ("visitors", b"\x03\x00", "table visitors: stored format 3, this program reads 2; run the release"),
        ("visitors", b"\x02\x91", "table visitors: a stored value cannot be read"),
        ("others", b"\x01\x01", "a row of table others, which this program has not"),
    ],
)
async def test_damage_among_others_ends_it(
    broker: EmbeddedKafka, native: object, table: str, value: bytes, says: str
) -> None:
    target = await written(broker, [("visitors", "a", visitor(1)), (table, "b", value), ("visitors", "c", visitor(2))])
    tables: dict[TopicPartition, Any] = {target: [visitors(native=native)]}
    with pytest.raises(EngineFault, match=says):
        await restore(tables, {"bootstrap_servers": broker.bootstrap})

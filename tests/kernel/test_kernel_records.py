"""What is fetched is read by the kernel as it was written."""

from typing import Any

import pytest
from aiokafka.record.default_records import DefaultRecordBatchBuilder
from hypothesis import given
from hypothesis import strategies as st

from flow import Sent
from kernel.fetched import AT_MS, fetched
from kernel.script import START_US
from kernel.stages import Rules, stage_of
from models.stage import Batch
from streams.engine.fetching import value_sizes
from streams.engine.scheduler import chunks

pytestmark = pytest.mark.usefixtures("kernel")

CLICK = (
    b'{"event_id":"e%d","timestamp":"2026-03-02T12:00:00Z","event_type":"page_view","visitor_id":"v","session_id":"s"}'
)
BEAT = ("kpi-heartbeat", b"2026-03-02T12:05:00Z")
texts = st.none() | st.binary(max_size=200)
headers = st.lists(st.tuples(st.text(max_size=5), st.binary(max_size=5)), max_size=3)


@given(rows=st.lists(st.tuples(texts, texts, headers), min_size=1, max_size=12), batches=st.integers(1, 4))
def test_records_are_those_that_were_written(kernel: Any, rows: list[Any], batches: int) -> None:
    records = fetched(kernel, [row[:2] for row in rows], batches, [row[2] for row in rows])
    assert [(its.key, its.value, its.headers) for its in records] == rows
    assert [its.offset for its in records] == list(range(len(rows)))
    assert {its.timestamp - AT_MS for its in records} <= set(range(len(rows)))
    assert value_sizes(records) == [len(value or b"") for _, value, _ in rows]
    assert [its.offset for chunk in chunks(records, 300) for its in chunk] == list(range(len(rows)))


def test_records_are_a_sequence(kernel: Any) -> None:
    records = fetched(kernel, [(b"%d" % number, None) for number in range(5)])
    assert (records[-1].key, records[1:][0].key, len(records[3:1]), len(records[1:3][1:])) == (b"4", b"1", 0, 1)
    for wrong in (5, -6):
        with pytest.raises(IndexError):
            records[wrong]
    with pytest.raises(ValueError, match="without gaps"):
        records[::2]


def test_what_is_damaged_is_seen(kernel: Any) -> None:
    records = fetched(kernel, [(b"k", b"v" * 50)])
    assert records[0].value == b"v" * 50
    [sound] = kernel.record_batches(written := batch(b"v" * 50))
    [damaged] = kernel.record_batches(written.replace(b"vvv", b"vvw", 1))
    assert (sound.validate_crc(), damaged.validate_crc()) == (True, False)
    assert len(kernel.record_batches(written + written[:-1])) == 1  # the end of a fetch is cut off
    assert kernel.record_batches(written[:16] + b"\x01" + written[17:]) is None  # an older format


def batch(value: bytes) -> bytes:
    builder = DefaultRecordBatchBuilder(2, 0, False, -1, -1, -1, 1 << 20)
    builder.append(0, AT_MS, b"k", value, [])
    return bytes(builder.build())


@pytest.mark.parametrize("native", [False, True])
def test_a_heartbeat_among_clicks_that_have_other_headers_is_none_of_them(kernel: Any, native: bool) -> None:  # noqa: FBT001
    """Three clicks and a duplicate, a heartbeat, and a record without a value."""
    values = [CLICK % 1, CLICK % 2, b"", CLICK % 3, CLICK % 2, None]
    its = [(), (("traceparent", b"00-1"),), (BEAT,), (("a", b""), ("b", b"1")), (), ()]
    stage = stage_of(Rules(), native=native)
    tables = stage.tables(0)
    rows = [(b"v", value) for value in values]
    objects = [
        Sent("clickstream", b"v", value, headers, offset=offset, timestamp=AT_MS)
        for offset, (value, headers) in enumerate(zip(values, its, strict=True))
    ]
    records = fetched(kernel, rows, headers=its) if native else objects
    stage.step(tables, Batch("clickstream", 0, records), START_US + 3_600_000_000)
    ledger = tables.clicks.ledger.row
    assert (ledger.received, ledger.counted, ledger.duplicate, ledger.invalid) == (5, 3, 1, 1)
    assert tables.clicks.heartbeats.row.applied == 1
    assert tables.clicks.sums.arrivals == {AT_MS: 5}

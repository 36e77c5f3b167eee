"""Fetched records, taken by the record batch.

aiokafka makes a ConsumerRecord of every record, in Python: most of what reading costs. Its Cython records have all that
a stage needs (offset, timestamp, key, value, headers), so a batch is taken as it is. Which batches count, and where the
next fetch begins, is decided as in aiokafka's PartitionRecords; tests/contract compares the two. Where it is installed,
the kernel reads batches where they lie in the fetch.
"""

from collections import OrderedDict
from collections.abc import Iterator, Sequence
from functools import partial
from typing import Any

from aiokafka import TopicPartition
from aiokafka.consumer import fetcher as stock
from aiokafka.consumer.fetcher import READ_COMMITTED, FetchResult
from aiokafka.errors import CorruptRecordException
from aiokafka.record.memory_records import MemoryRecords

from streams.native import INSTALLED

if INSTALLED:
    import kpi_kernel


def take_by_batch(fetcher: Any) -> None:  # noqa: ANN401  aiokafka's
    """Make everything that a Fetcher of aiokafka fetches from now on be taken by the batch."""
    if not isinstance(fetcher._records, _FetchResults):
        fetcher._records = _FetchResults(fetcher._records)


def read_by_kernel() -> None:
    """Have the kernel read what is taken by the batch from now on: no object is made of a record nobody looks at.

    What it cannot read (compressed, or of an older format) stays with aiokafka. Of every fetcher of this process.
    """
    stock.MemoryRecords = _KeptRecords


def value_sizes(records: Sequence[Any]) -> list[int]:
    """Bytes of the value of each record."""
    if INSTALLED and isinstance(records, kpi_kernel.Records):
        return records.value_sizes
    return [len(record.value or b"") for record in records]


class _KeptRecords(MemoryRecords):
    """With the bytes of the fetch."""

    def __init__(self, data: bytes) -> None:
        super().__init__(data)
        self.data = data


class _FetchResults(OrderedDict[TopicPartition, Any]):
    """The fetcher's results by partition, which it fills and empties."""

    def __setitem__(self, tp: TopicPartition, result: Any) -> None:  # noqa: ANN401  aiokafka's
        if type(result) is FetchResult:  # the fetcher asks for exactly this type
            result.getall = partial(_take, result)
        super().__setitem__(tp, result)


def _take(result: Any, max_records: None = None) -> Sequence[Any]:  # noqa: ANN401, ARG001  aiokafka's
    """FetchResult.getall: all records, and the position moves behind them."""
    if not result.check_assignment(result._topic_partition) or not result.has_more():
        return []
    records = _unpack(result._partition_records)
    result._update_position()
    result._partition_records = None
    del result.getall  # it holds the result: the collector would have to find each of them
    return records


def _unpack(fetched: Any) -> Sequence[Any]:  # noqa: ANN401  aiokafka's PartitionRecords
    kept, start = [], fetched.next_fetch_offset
    data = getattr(fetched._records, "data", None)
    ours = None if data is None else kpi_kernel.record_batches(data)
    for batch in _batches(fetched._records) if ours is None else ours:
        if fetched._check_crcs and not batch.validate_crc():
            raise CorruptRecordException(f"Invalid CRC - {fetched._tp}")
        if not _skipped(fetched, batch):
            kept.append(batch)
        fetched.next_fetch_offset = batch.next_offset
    return _records_of(kept, start) if ours is None else kpi_kernel.Records(kept, start)


def _batches(records: Any) -> Iterator[Any]:  # noqa: ANN401  aiokafka's MemoryRecords
    while records.has_next():
        yield records.next_batch()


def _records_of(batches: Sequence[Any], start: int) -> list[Any]:
    """Those from an offset on: the fetch began within the first batch, perhaps."""
    found = [record for batch in batches for record in batch]
    return found if not found or found[0].offset >= start else [record for record in found if record.offset >= start]


def _skipped(fetched: Any, batch: Any) -> bool:  # noqa: ANN401  aiokafka's
    """Whether a batch is an aborted one or a transaction marker."""
    if fetched._isolation_level == READ_COMMITTED and batch.producer_id is not None:
        fetched._consume_aborted_up_to(batch.base_offset)
        if batch.is_control_batch and _aborts(fetched, batch):
            fetched._aborted_producers.discard(batch.producer_id)
        if batch.is_transactional and batch.producer_id in fetched._aborted_producers:
            return True
    return bool(batch.is_control_batch)


def _aborts(fetched: Any, batch: Any) -> bool:  # noqa: ANN401  aiokafka's
    aborts: bool = batch.aborts if hasattr(batch, "aborts") else fetched._contains_abort_marker(batch)
    return aborts

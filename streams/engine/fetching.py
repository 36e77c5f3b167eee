"""Fetched records, taken by the record batch.

aiokafka makes a ConsumerRecord of every record, in Python: most of what reading costs. Its Cython records have all that
a stage needs (offset, timestamp, key, value, headers), so a batch is taken as it is. Which batches count, and where the
next fetch begins, is decided as in aiokafka's PartitionRecords; tests/contract compares the two.
"""

from collections import OrderedDict
from functools import partial
from typing import Any

from aiokafka import TopicPartition
from aiokafka.consumer.fetcher import READ_COMMITTED, FetchResult
from aiokafka.errors import CorruptRecordException


def take_by_batch(fetcher: Any) -> None:  # noqa: ANN401  aiokafka's
    """Make everything that a Fetcher of aiokafka fetches from now on be taken by the batch."""
    if not isinstance(fetcher._records, _FetchResults):
        fetcher._records = _FetchResults(fetcher._records)


class _FetchResults(OrderedDict[TopicPartition, Any]):
    """The fetcher's results by partition, which it fills and empties."""

    def __setitem__(self, tp: TopicPartition, result: Any) -> None:  # noqa: ANN401  aiokafka's
        if type(result) is FetchResult:  # the fetcher asks for exactly this type
            result.getall = partial(_take, result)
        super().__setitem__(tp, result)


def _take(result: Any, max_records: None = None) -> list[Any]:  # noqa: ANN401, ARG001  aiokafka's
    """FetchResult.getall: all records, and the position moves behind them."""
    if not result.check_assignment(result._topic_partition) or not result.has_more():
        return []
    records = _unpack(result._partition_records)
    result._update_position()
    result._partition_records = None
    del result.getall  # it holds the result: the collector would have to find each of them
    return records


def _unpack(fetched: Any) -> list[Any]:  # noqa: ANN401  aiokafka's PartitionRecords
    found: list[Any] = []
    batches = fetched._records
    while batches.has_next():
        batch = batches.next_batch()
        if fetched._check_crcs and not batch.validate_crc():
            raise CorruptRecordException(f"Invalid CRC - {fetched._tp}")
        if not _skipped(fetched, batch):
            records = list(batch)
            if records and records[0].offset < fetched.next_fetch_offset:  # the fetch began within the batch
                records = [record for record in records if record.offset >= fetched.next_fetch_offset]
            found += records
        fetched.next_fetch_offset = batch.next_offset
    return found


def _skipped(fetched: Any, batch: Any) -> bool:  # noqa: ANN401  aiokafka's
    """Whether a batch is an aborted one or a transaction marker."""
    if fetched._isolation_level == READ_COMMITTED and batch.producer_id is not None:
        fetched._consume_aborted_up_to(batch.base_offset)
        if batch.is_control_batch and fetched._contains_abort_marker(batch):
            fetched._aborted_producers.discard(batch.producer_id)
        if batch.is_transactional and batch.producer_id in fetched._aborted_producers:
            return True
    return bool(batch.is_control_batch)

"""Two requests of Kafka's protocol that aiokafka has not: who is writing where (KIP-664), and the end of a transaction.

Fields and versions as in Kafka's DescribeProducersRequest.json and WriteTxnMarkersRequest.json.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

from aiokafka import TopicPartition
from aiokafka.protocol.api import Request, RequestStruct, Response
from aiokafka.protocol.types import (
    Boolean,
    CompactArray,
    CompactString,
    Int16,
    Int32,
    Int64,
    Schema,
    TaggedFields,
)

_NAME, _TAGS = CompactString("utf-8"), ("tags", TaggedFields)


def _topics(*of_partition: Any) -> CompactArray:  # noqa: ANN401  aiokafka's types and named ones
    return CompactArray(("name", _NAME), ("partitions", CompactArray(*of_partition)), _TAGS)


class OpenTransaction(NamedTuple):
    """A producer with a transaction in a partition. `coordinator_epoch`: of the last end marker, -1: none yet."""

    tp: TopicPartition
    producer_id: int
    producer_epoch: int
    coordinator_epoch: int
    first_offset: int


class _DescribeProducersResponse(Response):
    API_KEY = 61
    API_VERSION = 0
    SCHEMA = Schema(
        ("throttle_time_ms", Int32),
        (
            "topics",
            _topics(
                ("partition", Int32),
                ("error_code", Int16),
                ("error_message", _NAME),
                (
                    "producers",
                    CompactArray(
                        ("producer_id", Int64),
                        ("producer_epoch", Int32),
                        ("last_sequence", Int32),
                        ("last_timestamp", Int64),
                        ("coordinator_epoch", Int32),
                        ("first_offset", Int64),
                        _TAGS,
                    ),
                ),
                _TAGS,
            ),
        ),
        _TAGS,
    )

    def errors(self) -> dict[TopicPartition, int]:
        """The error code of every partition, 0 is none."""
        return _errors(self.topics)

    def open_transactions(self) -> list[OpenTransaction]:
        """Of every partition."""
        return [
            OpenTransaction(TopicPartition(name, partition), producer_id, epoch, coordinator_epoch, first)
            for name, partitions, _ in self.topics
            for partition, _, _, producers, _ in partitions
            for producer_id, epoch, _, _, coordinator_epoch, first, _ in producers
            if first >= 0
        ]


class _DescribeProducersStruct(RequestStruct):
    FLEXIBLE_VERSION = True
    API_KEY = 61
    API_VERSION = 0
    RESPONSE_TYPE = _DescribeProducersResponse
    SCHEMA = Schema(("topics", _topics(Int32)), _TAGS)


class DescribeProducersRequest(Request[_DescribeProducersStruct]):
    """To the leader of the partitions."""

    API_KEY = 61

    def __init__(self, tps: Sequence[TopicPartition]) -> None:
        self._tps = tps

    def build(self, request_struct_class: type[_DescribeProducersStruct]) -> _DescribeProducersStruct:
        """For the version that was negotiated."""
        return request_struct_class(_by_topic(self._tps), {})


class _WriteTxnMarkersResponse(Response):
    API_KEY = 27
    API_VERSION = 1
    SCHEMA = Schema(
        (
            "markers",
            CompactArray(
                ("producer_id", Int64),
                ("topics", _topics(("partition", Int32), ("error_code", Int16), _TAGS)),
                _TAGS,
            ),
        ),
        _TAGS,
    )

    def errors(self) -> dict[TopicPartition, int]:
        """The error code of every partition, 0 is none."""
        return _errors(topic for _, topics, _ in self.markers for topic in topics)


class _WriteTxnMarkersStruct(RequestStruct):
    FLEXIBLE_VERSION = True
    API_KEY = 27
    API_VERSION = 1
    RESPONSE_TYPE = _WriteTxnMarkersResponse
    SCHEMA = Schema(
        (
            "markers",
            CompactArray(
                ("producer_id", Int64),
                ("producer_epoch", Int16),
                ("committed", Boolean),
                ("topics", _topics(Int32)),
                ("coordinator_epoch", Int32),
                _TAGS,
            ),
        ),
        _TAGS,
    )


@dataclass(frozen=True, slots=True)
class End:
    """How transactions of a producer end. Refused where a later `epoch` or a later coordinator has written."""

    producer_id: int
    epoch: int
    coordinator_epoch: int
    committed: bool


class WriteTxnMarkersRequest(Request[_WriteTxnMarkersStruct]):
    """To the leader of the partitions: end what is open there. Needs ClusterAction on the cluster."""

    API_KEY = 27

    def __init__(self, end: End, tps: Sequence[TopicPartition]) -> None:
        self._end, self._tps = end, tps

    def build(self, request_struct_class: type[_WriteTxnMarkersStruct]) -> _WriteTxnMarkersStruct:
        """For the version that was negotiated."""
        end = self._end
        # One marker a request: Kafka 4.3 does not answer if one of several is written before another is left out
        of_whom = (end.producer_id, end.epoch, end.committed)
        return request_struct_class([(*of_whom, _by_topic(self._tps), max(0, end.coordinator_epoch), {})], {})


def _errors(topics: Iterable[Any]) -> dict[TopicPartition, int]:
    return {
        TopicPartition(name, partition): code for name, partitions, _ in topics for partition, code, *_ in partitions
    }


def _by_topic(tps: Sequence[TopicPartition]) -> list[tuple[str, list[int], dict[int, bytes]]]:
    topics: dict[str, list[int]] = {}
    for tp in tps:
        topics.setdefault(tp.topic, []).append(tp.partition)
    return [(topic, partitions, {}) for topic, partitions in topics.items()]

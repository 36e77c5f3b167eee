"""What a transaction coordinator has noted in `__transaction_state`: the truth about how a transaction ended.

Fields as in Kafka's TransactionLogKey.json and TransactionLogValue.json; value version 1 is compact and has tags.
"""

import struct
from collections.abc import Sequence
from io import BytesIO
from typing import NamedTuple

from aiokafka import TopicPartition
from aiokafka.protocol.types import (
    Array,
    CompactArray,
    CompactString,
    Int8,
    Int16,
    Int32,
    Int64,
    Schema,
    String,
    TaggedFields,
)

from models.errors import EngineFault

TOPIC = "__transaction_state"

_PREPARE_COMMIT, _PREPARE_ABORT = 2, 3
_HEAD = (("producer_id", Int64), ("producer_epoch", Int16), ("timeout_ms", Int32), ("status", Int8))
_VALUES = {
    0: Schema(*_HEAD, ("topics", Array(("name", String("utf-8")), ("partitions", Array(Int32))))),
    1: Schema(
        *_HEAD,
        (
            "topics",
            CompactArray(("name", CompactString("utf-8")), ("partitions", CompactArray(Int32)), ("tags", TaggedFields)),
        ),
    ),
}
"""What follows (times, tags) is not read."""


class Decision(NamedTuple):
    """How a transaction of a producer is to end, and in which partitions."""

    producer_id: int
    committed: bool
    partitions: frozenset[TopicPartition]


def partition_of(name: str, partitions: int) -> int:
    """Where the coordinator of a transactional id or of a group keeps it: Java's String.hashCode without its sign."""
    number = 0
    for (unit,) in struct.iter_unpack(">H", name.encode("utf-16-be")):
        number = (31 * number + unit) & 0xFFFF_FFFF
    return min(number, (1 << 32) - number) % (1 << 31) % partitions  # -2147483648 has no positive one: 0


def transactional_id_of(key: bytes) -> str | None:
    """None: of a version that is not known."""
    read = BytesIO(key)
    return String("utf-8").decode(read) if Int16.decode(read) == 0 else None


def decision_of(value: bytes | None) -> Decision | None:
    """None: this note decides nothing; EngineFault if it is of a version that is not known."""
    if value is None:  # forgotten: not used for a week
        return None
    read = BytesIO(value)
    version = Int16.decode(read)
    if version not in _VALUES:
        raise EngineFault(f"{TOPIC}: a note of version {version}, which this program does not know")
    producer_id, _, _, status, topics = _VALUES[version].decode(read)
    if status not in (_PREPARE_COMMIT, _PREPARE_ABORT):
        return None
    there = frozenset(
        TopicPartition(name, partition) for name, partitions, *_ in topics or () for partition in partitions
    )
    return Decision(producer_id, status == _PREPARE_COMMIT, there)


def last_decision(decisions: Sequence[Decision], producer_id: int, tp: TopicPartition) -> bool | None:
    """Whether the last transaction of a producer that had a partition was committed; None: none of them had it."""
    its = (one.committed for one in reversed(decisions) if one.producer_id == producer_id and tp in one.partitions)
    return next(its, None)

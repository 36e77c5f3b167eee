"""Transactions that Kafka decided about and never ended (KIP-664 calls them hanging), ended as it had decided.

Kafka takes a partition without a leader for a deleted one. A broker without replicas that crashed starts again, still
owes the end markers of some transactions, finds that its session of before has run out and the leadership with it,
skips the markers and notes the transactions as complete. Their records are neither there nor gone from then on, and
the next transaction of the same producer carries them along, whatever had been decided: lost or doubled.

The coordinator's notes say how each of them was to end, and writing a marker late is no more than it should have done.
"""

import asyncio
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import structlog
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.client import AIOKafkaClient
from aiokafka.errors import IncompatibleBrokerVersion, for_code

from models.errors import EngineFault
from streams.engine import transaction_log
from streams.engine.transaction_log import Decision
from streams.engine.transaction_requests import DescribeProducersRequest, OpenTransaction, WriteTxnMarkersRequest

log = structlog.get_logger("engine")

OFFSETS_TOPIC = "__consumer_offsets"
PATIENCE_S = 10.0
"""For partitions that have no leader at the moment."""
RETRY_S = 0.1
RECENT = 50_000
"""Notes of the coordinator that are read first: some minutes of a busy cluster."""

Ends = Mapping[OpenTransaction, bool]


@dataclass(frozen=True, slots=True)
class Fenced:
    """A producer whose former owner can write no more. `topics`: where it writes, beside offsets of its group."""

    transactional_id: str
    producer_id: int
    topics: Collection[str]


async def end_hanging(producer: Fenced, kafka: AIOKafkaClient, options: Mapping[str, Any]) -> int:
    """End what hangs of a producer that is not in a transaction; in how many partitions.

    `options` make a consumer. EngineFault if it cannot be known how one was to end, or its marker is refused.
    """
    found = await _hanging(producer, kafka)
    if not found:
        return 0
    ends = await _decided(found, producer.transactional_id, kafka, options)
    await _write(ends, kafka)
    if left := await _hanging(producer, kafka):
        raise _fault(left[0], "its marker changed nothing")
    return len(ends)


async def _hanging(producer: Fenced, kafka: AIOKafkaClient) -> list[OpenTransaction]:
    metadata = await kafka.fetch_all_metadata()
    topics = (*producer.topics, OFFSETS_TOPIC)
    todo = [TopicPartition(topic, number) for topic in topics for number in metadata.partitions_for_topic(topic) or ()]
    found: list[OpenTransaction] = []
    try:
        async with asyncio.timeout(PATIENCE_S):
            while todo:
                leaders, todo = await _leaders(todo, kafka)
                for node, tps in leaders.items():
                    answer = await kafka.send(node, DescribeProducersRequest(tps))
                    found += (one for one in answer.open_transactions() if one.producer_id == producer.producer_id)
                    todo += _to_ask_again(answer.errors())
                await asyncio.sleep(RETRY_S if todo else 0)
    except TimeoutError:
        raise EngineFault(f"{todo[0].topic}/{todo[0].partition}: no broker leads it for {PATIENCE_S:g} s") from None
    except (IncompatibleBrokerVersion, NotImplementedError) as error:
        log.warning("transactions that hang are not looked for, Kafka is too old", error=repr(error))
    return found


async def _leaders(
    tps: Iterable[TopicPartition], kafka: AIOKafkaClient
) -> tuple[dict[int, list[TopicPartition]], list[TopicPartition]]:
    """Partitions by the node that leads them, and those that none leads."""
    metadata = await kafka.fetch_all_metadata()
    leaders: dict[int, list[TopicPartition]] = {}
    for tp in tps:
        leader = metadata.leader_for_partition(tp)
        leaders.setdefault(-1 if leader is None else leader, []).append(tp)
    return leaders, leaders.pop(-1, [])


def _to_ask_again(errors: Mapping[TopicPartition, int]) -> list[TopicPartition]:
    failed = {tp: for_code(code) for tp, code in errors.items() if code}
    for tp, error in failed.items():
        if not error.retriable:  # a user that may only write there: no worse than not to look at all
            log.warning("not looked for transactions that hang", topic=tp.topic, why=error.__name__)
    return [tp for tp, error in failed.items() if error.retriable]


async def _decided(
    found: Sequence[OpenTransaction], transactional_id: str, kafka: AIOKafkaClient, options: Mapping[str, Any]
) -> Ends:
    """How each was to end, from the coordinator's notes, the last ones first."""
    metadata = await kafka.fetch_all_metadata()
    partitions = len(metadata.partitions_for_topic(transaction_log.TOPIC) or ())
    if not partitions:
        raise _fault(found[0], f"{transaction_log.TOPIC} cannot be read")
    notes = TopicPartition(transaction_log.TOPIC, transaction_log.partition_of(transactional_id, partitions))
    async with AIOKafkaConsumer(**options, enable_auto_commit=False, auto_offset_reset="earliest") as consumer:
        consumer.assign([notes])
        first = (await consumer.beginning_offsets([notes]))[notes]
        end = (await consumer.end_offsets([notes]))[notes]
        for start in (max(first, end - RECENT), first):
            decisions = await _read(consumer, notes, range(start, end), transactional_id)
            outcomes = {one: transaction_log.last_decision(decisions, one.tp) for one in found}
            ends = {one: committed for one, committed in outcomes.items() if committed is not None}
            if len(ends) == len(found):
                return ends
    raise _fault(next(one for one in found if one not in ends), f"{notes.topic} does not say how it was to end")


async def _read(
    consumer: AIOKafkaConsumer, notes: TopicPartition, offsets: range, transactional_id: str
) -> list[Decision]:
    consumer.seek(notes, offsets.start)
    decisions: list[Decision] = []
    while await consumer.position(notes) < offsets.stop:
        for record in (await consumer.getmany(notes, timeout_ms=1000)).get(notes, ()):
            if record.key is not None and transaction_log.transactional_id_of(record.key) == transactional_id:
                decision = transaction_log.decision_of(record.value)
                decisions += [decision] if decision is not None else []
    return decisions


async def _write(ends: Ends, kafka: AIOKafkaClient) -> None:
    for one, committed in ends.items():
        place = f"{one.tp.topic}/{one.tp.partition}"
        log.warning("ending a transaction that hangs", partition=place, offset=one.first_offset, committed=committed)
    leaders, without = await _leaders({one.tp for one in ends}, kafka)
    failed = dict.fromkeys(without, "its partition has no leader")
    for node, tps in leaders.items():
        request = WriteTxnMarkersRequest({one: committed for one, committed in ends.items() if one.tp in tps})
        errors = (await kafka.send(node, request)).errors()
        failed |= {tp: f"its marker is refused ({for_code(code).__name__})" for tp, code in errors.items() if code}
    for one in ends:
        if one.tp in failed:
            raise _fault(one, failed[one.tp])


def _fault(one: OpenTransaction, why: str) -> EngineFault:
    return EngineFault(
        f"{one.tp.topic}/{one.tp.partition}: the transaction at offset {one.first_offset} has no end, the broker "
        f"lost it, and {why}; allow the worker Read on {transaction_log.TOPIC} and ClusterAction on the cluster, "
        "and start it again"
    )

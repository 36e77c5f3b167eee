"""Transactions that Kafka decided about and never ended (KIP-664 calls them hanging), ended as it had decided.

Kafka takes a partition without a leader for a deleted one. A broker without replicas that crashed starts again, still
owes the end markers of some transactions, finds that its session of before has run out and the leadership with it,
skips the markers and notes the transactions as complete. Their records are neither there nor gone from then on, and
the next transaction of the same producer carries them along, whatever had been decided: lost or doubled.

The coordinator's notes say how each of them was to end, and writing a marker late is no more than it should have done.
It is written under the epoch of who asks: a partition where a later owner has written since refuses it.
"""

import asyncio
import time
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import structlog
from aiokafka import AIOKafkaConsumer, TopicPartition
from aiokafka.client import AIOKafkaClient
from aiokafka.cluster import ClusterMetadata
from aiokafka.errors import (
    ClusterAuthorizationFailedError,
    IncompatibleBrokerVersion,
    InvalidProducerEpoch,
    KafkaError,
    KafkaTimeoutError,
    LeaderNotAvailableError,
    TopicAuthorizationFailedError,
    TransactionCoordinatorFenced,
    UnknownError,
    for_code,
)

from models.errors import EngineFault
from streams.engine import transaction_log
from streams.engine.transaction_log import Decision, partition_of
from streams.engine.transaction_requests import DescribeProducersRequest, End, OpenTransaction, WriteTxnMarkersRequest

log = structlog.get_logger("engine")

OFFSETS_TOPIC = "__consumer_offsets"
RETRY_S = 0.1
PATIENCE_S = 10.0
"""Each time after so long without an answer it is said what is waited for."""
SETTLE_S = 0.5
"""What still hangs after so long is not about to be ended by its coordinator."""
RECENT = 50_000
"""Notes of the coordinator that are read first: some minutes of a busy cluster."""

_BY_HAND = "end it with Kafka's kafka-transactions.sh (find-hanging, abort): its records are dropped, committed or not"

Ends = Mapping[OpenTransaction, bool]


@dataclass(frozen=True, slots=True)
class Owner:
    """A producer that is in no transaction. It writes to `topics`, and the offsets of `group`."""

    transactional_id: str
    producer_id: int
    epoch: int
    topics: Collection[str]
    group: str


async def end_hanging(owner: Owner, kafka: AIOKafkaClient, options: Mapping[str, Any]) -> None:
    """End what hangs of a producer. Asks until it is answered. `options` make a consumer.

    EngineFault: there is a later owner, or it cannot be known how one was to end, or its marker is refused.
    """
    told_s = time.monotonic()
    while True:
        try:
            await _end(owner, kafka, options)
        except KafkaError as error:
            if not passes(error):
                raise
            if time.monotonic() - told_s > PATIENCE_S:
                told_s = time.monotonic()
                log.warning("waiting to look for transactions that hang", of=owner.transactional_id, why=repr(error))
            await asyncio.sleep(RETRY_S)
        else:
            return


def passes(error: KafkaError) -> bool:
    """Whether to look again: a broker that starts, or a coordinator that has just written the marker itself."""
    no_metadata = type(error) is KafkaError
    return (
        error.retriable
        or no_metadata
        or isinstance(error, (KafkaTimeoutError, UnknownError, TransactionCoordinatorFenced))
    )


async def _end(owner: Owner, kafka: AIOKafkaClient, options: Mapping[str, Any]) -> None:
    found = await _hanging(owner, kafka)
    if found:
        await asyncio.sleep(SETTLE_S)
        found = [one for one in await _hanging(owner, kafka) if one in found]
    if not found:
        return
    ends = await _decided(found, owner.transactional_id, kafka, options)
    await _write(ends, owner, kafka)
    if left := await _hanging(owner, kafka):
        raise _fault(left[0], "its marker changed nothing", _BY_HAND)


async def _hanging(owner: Owner, kafka: AIOKafkaClient) -> list[OpenTransaction]:
    found: list[OpenTransaction] = []
    cluster = await kafka.fetch_all_metadata()
    for node, tps in _leaders(_places(owner, cluster), cluster).items():
        try:
            answer = await kafka.send(node, DescribeProducersRequest(tps))
        except (IncompatibleBrokerVersion, NotImplementedError):  # aiokafka's: no such request, no version in common
            _not_looked(f"all that broker {node} leads", "it is too old to tell")  # before Kafka 2.8
            continue
        found += (one for one in answer.open_transactions() if one.producer_id == owner.producer_id)
        _check_answered(answer.errors())
    if later := next((one for one in found if one.producer_epoch > owner.epoch), None):
        raise EngineFault(f"{owner.transactional_id}: has a later owner, which writes {later.tp.topic}")
    return found


def _places(owner: Owner, cluster: ClusterMetadata) -> list[TopicPartition]:
    """Where it writes, as far as it may look."""
    counts = {topic: len(cluster.partitions_for_topic(topic) or ()) for topic in (*owner.topics, OFFSETS_TOPIC)}
    for topic, count in counts.items():
        if not count and topic != OFFSETS_TOPIC:  # which comes with the first commit
            _not_looked(topic, "it is not told of")
    places = [TopicPartition(topic, number) for topic in owner.topics for number in range(counts[topic])]
    if of_offsets := counts[OFFSETS_TOPIC]:
        places.append(TopicPartition(OFFSETS_TOPIC, partition_of(owner.group, of_offsets)))
    return places


def _leaders(tps: Iterable[TopicPartition], cluster: ClusterMetadata) -> dict[int, list[TopicPartition]]:
    """By node; raises LeaderNotAvailableError."""
    leaders: dict[int, list[TopicPartition]] = {}
    for tp in tps:
        leader = cluster.leader_for_partition(tp)
        if leader is None or leader < 0:
            raise LeaderNotAvailableError(f"{tp.topic}/{tp.partition}")
        leaders.setdefault(leader, []).append(tp)
    return leaders


def _check_answered(errors: Mapping[TopicPartition, int]) -> None:
    failed = {tp: for_code(code) for tp, code in errors.items() if code}
    for topic in {tp.topic for tp, error in failed.items() if error is TopicAuthorizationFailedError}:
        _not_looked(topic, "this user may not read it")
    for tp, error in failed.items():
        if error is not TopicAuthorizationFailedError:
            raise error(f"{tp.topic}/{tp.partition}")


@cache
def _not_looked(where: str, why: str) -> None:
    """Said once in a process."""
    log.warning("not looked for transactions that hang", where=where, why=why)


async def _decided(
    found: Sequence[OpenTransaction], transactional_id: str, kafka: AIOKafkaClient, options: Mapping[str, Any]
) -> Ends:
    """How each was to end, from the coordinator's notes, the last ones first."""
    allow = f"allow the worker Read on {transaction_log.TOPIC}"
    partitions = len((await kafka.fetch_all_metadata()).partitions_for_topic(transaction_log.TOPIC) or ())
    if not partitions:
        raise _fault(found[0], f"{transaction_log.TOPIC} is not told of", allow)
    notes = TopicPartition(transaction_log.TOPIC, partition_of(transactional_id, partitions))
    async with AIOKafkaConsumer(**options, enable_auto_commit=False, auto_offset_reset="earliest") as consumer:
        consumer.assign([notes])
        first = (await consumer.beginning_offsets([notes]))[notes]
        end = (await consumer.end_offsets([notes]))[notes]
        for start in (max(first, end - RECENT), first):
            try:
                decisions = await _read(consumer, notes, range(start, end), transactional_id)
            except TopicAuthorizationFailedError as error:
                raise _fault(found[0], "how it was to end may not be read", allow) from error
            outcomes = {one: transaction_log.last_decision(decisions, one.producer_id, one.tp) for one in found}
            ends = {one: committed for one, committed in outcomes.items() if committed is not None}
            if len(ends) == len(found):
                return ends
    unknown = next(one for one in found if one not in ends)
    raise _fault(unknown, f"{notes.topic} does not say how it was to end", _BY_HAND)


async def _read(
    consumer: AIOKafkaConsumer, notes: TopicPartition, offsets: range, transactional_id: str
) -> list[Decision]:
    consumer.seek(notes, offsets.start)
    decisions: list[Decision] = []
    while await consumer.position(notes) < offsets.stop:
        records = (await consumer.getmany(notes, timeout_ms=round(PATIENCE_S * 1000))).get(notes, ())
        if not records:
            raise LeaderNotAvailableError(f"{notes.topic}/{notes.partition}")
        for record in records:
            if record.key is not None and transaction_log.transactional_id_of(record.key) == transactional_id:
                decision = transaction_log.decision_of(record.value)
                decisions += [decision] if decision is not None else []
    return decisions


async def _write(ends: Ends, owner: Owner, kafka: AIOKafkaClient) -> None:
    for one, committed in ends.items():
        place = f"{one.tp.topic}/{one.tp.partition}"
        log.warning("ending a transaction that hangs", partition=place, offset=one.first_offset, committed=committed)
    found = {one.tp: one for one in ends}
    coordinator_epoch = max(one.coordinator_epoch for one in ends)
    for committed in set(ends.values()):
        end = End(owner.producer_id, owner.epoch, coordinator_epoch, committed)
        cluster = await kafka.fetch_all_metadata()
        for node, tps in _leaders([one.tp for one in ends if ends[one] is committed], cluster).items():
            for tp, code in (await kafka.send(node, WriteTxnMarkersRequest(end, tps))).errors().items():
                if code:
                    raise _refused(found[tp], for_code(code))


def _refused(one: OpenTransaction, error: type[KafkaError]) -> KafkaError | EngineFault:
    if error is ClusterAuthorizationFailedError:
        return _fault(one, "its marker is refused", "allow the worker ClusterAction on the cluster")
    if error is InvalidProducerEpoch:
        return _fault(one, "a later owner writes there", "nothing is to be done: it has ended this one")
    return error(f"{one.tp.topic}/{one.tp.partition}")


def _fault(one: OpenTransaction, why: str, remedy: str) -> EngineFault:
    return EngineFault(
        f"{one.tp.topic}/{one.tp.partition}: the transaction at offset {one.first_offset} has no end, the broker "
        f"lost it, and {why}; {remedy}"
    )

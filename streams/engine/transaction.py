"""One Kafka transaction a commit, under a transactional id that fences the previous owner of the task."""

import asyncio
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from enum import Enum
from typing import Any, Protocol

from aiokafka import AIOKafkaProducer, TopicPartition
from aiokafka.conn import CloseReason
from aiokafka.errors import KafkaError
from aiokafka.protocol.transaction import AddOffsetsToTxnRequest, AddPartitionsToTxnRequest

from models.errors import EngineFault
from models.stage import Headers
from streams.engine.hanging import Owner, end_hanging

TIMEOUT_MS = 10_000
"""A dead task blocks readers of committed records for at most this long."""

RETRY_BACKOFF_MS = 20
"""The broker verifies partitions of an old-protocol client and asks for a retry at first use; the default is 100."""

MAX_BATCH_BYTES = 512 * 1024
"""Well under the broker's limit of 1 MiB a batch. A single larger record goes alone; its topic must allow it."""

CLOSE_TIMEOUT_S = 5.0

FIRST_OF_A_TRANSACTION = (AddPartitionsToTxnRequest, AddOffsetsToTxnRequest)

Rows = Sequence[tuple[bytes | None, bytes | None, Headers]]


@dataclass(frozen=True, slots=True)
class Snapshot:
    """What one commit writes: key, value and headers by target partition, and the next offsets of the sources."""

    rows: Mapping[TopicPartition, Rows]
    offsets: Mapping[TopicPartition, int]

    @property
    def size(self) -> int:
        """Records to write."""
        return sum(len(rows) for rows in self.rows.values())


class CommitStep(Enum):
    """The steps of a commit, in their order. A process that ends before any of them loses and doubles nothing."""

    BEGIN = "begin"
    SEND = "send"
    OFFSETS = "offsets"
    ACKNOWLEDGE = "acknowledge"
    COMMIT = "commit"
    DONE = "done"


class Writer(Protocol):
    """Writes the commits of one task."""

    async def start(self) -> None:
        """Fence the previous owner: it can write no more, and all its transactions have ended when this returns."""

    async def write(self, snapshot: Snapshot, reached: Callable[[CommitStep], None]) -> None:
        """All or nothing; `reached` is told each step before it is made."""

    async def close(self) -> None:
        """Let go of the connections."""


class TransactionalWriter:
    """The producer of one task. After any error it is never used again: exit, restart, restore."""

    def __init__(
        self,
        transactional_id: str,
        group: str,
        client: Mapping[str, Any],
        topics: Collection[str],
        fail: Callable[[Exception], None],
    ) -> None:
        """`topics`: all it writes to; `fail` ends the process and does not return."""
        self._transactional_id, self._group, self._options, self._topics = transactional_id, group, client, topics
        self._fail = fail
        self._losses = self._losses_seen_to = 0
        self._producer = AIOKafkaProducer(
            **client,
            transactional_id=transactional_id,
            acks="all",
            linger_ms=0,
            max_batch_size=MAX_BATCH_BYTES,
            transaction_timeout_ms=TIMEOUT_MS,
            retry_backoff_ms=RETRY_BACKOFF_MS,
        )
        kafka = self._producer.client  # the producer makes it itself, and tells nobody of a connection that it lost
        self._pass_on, self._request = kafka._on_connection_closed, kafka.send
        kafka._on_connection_closed, kafka.send = self._connection_closed, self._careful_request

    async def start(self) -> None:
        """See Writer."""
        await self._producer.start()
        await self._end_hanging()

    async def write(self, snapshot: Snapshot, reached: Callable[[CommitStep], None]) -> None:
        """See Writer."""
        producer = self._producer
        if unknown := {target.topic for target in snapshot.rows}.difference(self._topics):
            raise EngineFault(f"{self._transactional_id} writes to {unknown}, which is none of its outputs")
        reached(CommitStep.BEGIN)  # an empty transaction costs nothing: the broker hears of it with the first write
        await producer.begin_transaction()
        reached(CommitStep.SEND)  # changed rows and outputs, batched by target partition
        sends = [send for target, rows in snapshot.rows.items() for send in await self._send(target, rows)]
        reached(CommitStep.OFFSETS)  # the positions of the sources
        if snapshot.offsets:
            await producer.send_offsets_to_transaction(dict(snapshot.offsets), self._group)
        reached(CommitStep.ACKNOWLEDGE)  # of every send: aiokafka commits although one of them failed
        await asyncio.gather(*sends)
        reached(CommitStep.COMMIT)
        await producer.commit_transaction()
        reached(CommitStep.DONE)

    async def close(self) -> None:
        """Let go of the connections; raises TimeoutError if the broker does not answer."""
        async with asyncio.timeout(CLOSE_TIMEOUT_S):
            await self._producer.stop()

    def _connection_closed(self, connection: object, reason: CloseReason) -> None:
        self._pass_on(connection, reason)
        self._losses += reason is not CloseReason.SHUTDOWN  # that is by ourselves

    async def _careful_request(self, node: int, request: object, **group: Any) -> Any:  # noqa: ANN401  as aiokafka's
        """A broker that went away may have lost the end of the last transaction (see hanging.py).

        aiokafka begins the next one all the same, and it would go into what hangs. Until it has an answer to the first
        request it writes nothing, so that all that is open is of the last one.
        """
        first = isinstance(request, FIRST_OF_A_TRANSACTION) and self._producer._txn_manager.is_empty_transaction()
        if first:
            await self._see_to_losses()
        answer = await self._request(node, request, **group)
        if first:
            await self._see_to_losses()  # that were not noticed before
        return answer

    async def _see_to_losses(self) -> None:
        while self._losses_seen_to < self._losses:
            await self._end_hanging()

    async def _end_hanging(self) -> None:
        losses, state = self._losses, self._producer._txn_manager
        owner = Owner(self._transactional_id, state.producer_id, state.producer_epoch, self._topics, self._group)
        try:
            await end_hanging(owner, self._producer.client, self._options)
        except (EngineFault, KafkaError) as fault:  # aiokafka would try again, or make one of its own of it
            self._fail(fault)
            raise
        self._losses_seen_to = losses

    async def _send(self, target: TopicPartition, rows: Rows) -> list["asyncio.Future[Any]"]:
        producer, sends = self._producer, []
        await producer.client._wait_on_metadata(target.topic)
        batch = producer.create_batch()
        for key, value, headers in rows:
            if batch.append(key=key, value=value, timestamp=None, headers=list(headers)) is None:
                sends.append(await producer.send_batch(batch, target.topic, partition=target.partition))
                batch = producer.create_batch()
                taken = batch.append(key=key, value=value, timestamp=None, headers=list(headers))
                assert taken is not None, "an empty batch takes a record of any size"
        batch.close()
        sends.append(await producer.send_batch(batch, target.topic, partition=target.partition))
        return sends

"""The transactional producer of a task, on the in-memory log. Its steps are those of TransactionalWriter."""

import random
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass

from aiokafka import TopicPartition

from simulation.log import FencedError, Log
from streams.engine.transaction import CommitStep, Rows, Snapshot


class SendError(Exception):
    """A send failed; whether the records were written is not known."""


class AnswerLostError(Exception):
    """The answer to a commit did not come; whether it was made is not known."""


OUTSIDE = (FencedError, SendError, AnswerLostError)
"""Errors that end a worker and are none of its mistakes."""


@dataclass
class Faults:
    """`share`: of the requests to the broker that fail."""

    chance: random.Random
    share: float

    def drawn(self, share: float | None = None) -> bool:
        return self.chance.random() < (self.share if share is None else share)


class LogWriter:
    """See streams.engine.transaction.Writer."""

    def __init__(self, log: Log, producer: str, pause: Callable[[], Awaitable[None]], faults: Faults) -> None:
        self.log = log
        self.producer = producer
        self.epoch = -1
        self.pause = pause
        self._faults = faults

    @property
    def fenced(self) -> bool:
        """Whether it can write no more, known or not."""
        return self.log.epochs[self.producer] != self.epoch

    async def start(self) -> None:
        """See Writer."""
        await self.pause()
        self.epoch = self.log.fence(self.producer)
        await self.pause()

    async def write(self, snapshot: Snapshot, reached: Callable[[CommitStep], None]) -> None:
        """See Writer; a kill may come before each step, and between the sends."""
        reached(CommitStep.BEGIN)
        await self.begin(snapshot)
        reached(CommitStep.SEND)
        sent = [await self.send(target, rows) for target, rows in snapshot.rows.items()]
        reached(CommitStep.OFFSETS)
        await self.pause()
        if snapshot.offsets:
            self.send_offsets(snapshot.offsets)
        reached(CommitStep.ACKNOWLEDGE)
        await self.pause()
        self.acknowledge(sent)
        reached(CommitStep.COMMIT)
        await self.pause()
        self.log.commit(self.producer, self.epoch)
        await self.committed()
        reached(CommitStep.DONE)

    async def close(self) -> None:
        """See Writer."""

    async def begin(self, _: Snapshot) -> None:
        """The broker hears of a transaction with the first write."""
        await self.pause()

    async def send(self, target: TopicPartition, rows: Rows) -> bool:
        """Whether it will be acknowledged; a failed one may have been written."""
        await self.pause()
        failed = self._faults.drawn()
        if not failed or self._faults.drawn(0.5):
            self.log.send(self.producer, self.epoch, target, rows)
        return not failed

    async def committed(self) -> None:
        """The answer to the commit."""
        await self.pause()
        if self._faults.drawn():
            raise AnswerLostError(self.producer)

    def send_offsets(self, offsets: Mapping[TopicPartition, int]) -> None:
        self.log.send_offsets(self.producer, self.epoch, offsets)

    def acknowledge(self, sent: list[bool]) -> None:
        if not all(sent):
            raise SendError(self.producer)

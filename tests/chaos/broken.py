"""Engines with one part broken: the check has to find each of them, or it proves nothing of the whole one."""

import random
from collections.abc import Callable
from itertools import count
from typing import Any

from streams.engine import app, consumer
from streams.engine.transaction import CommitStep, Snapshot, TransactionalWriter
from streams.measuring.dedup import SeenIds


class OffsetsFirst(TransactionalWriter):
    """Commits the positions of the sources before the transaction of what was made of them."""

    async def write(self, snapshot: Snapshot, reached: Callable[[CommitStep], None]) -> None:
        if snapshot.offsets:
            await self._producer.begin_transaction()
            await self._producer.send_offsets_to_transaction(dict(snapshot.offsets), self._group)
            await self._producer.commit_transaction()
        await super().write(Snapshot(snapshot.rows, {}), reached)


def without_dedup() -> None:
    # A worker that takes over the state of another must not come upon the numbers of that one.
    claim, numbers = SeenIds.claim, count(random.getrandbits(62))
    setattr(SeenIds, "claim", lambda ids, at_us, _: claim(ids, at_us, next(numbers)))  # noqa: B010  mypy: a method


def with_offsets_outside() -> None:
    setattr(app, "TransactionalWriter", OffsetsFirst)  # noqa: B010  mypy: it is a type


def with_uncommitted_reads() -> None:
    create = consumer.BatchConsumerThread._create_worker_consumer

    def uncommitted(thread: Any, transport: Any) -> Any:
        made = create(thread, transport)
        made._isolation_level = "read_uncommitted"
        return made

    setattr(consumer.BatchConsumerThread, "_create_worker_consumer", uncommitted)  # noqa: B010  mypy: a method


PARTS = {"dedup": without_dedup, "offsets": with_offsets_outside, "uncommitted": with_uncommitted_reads}

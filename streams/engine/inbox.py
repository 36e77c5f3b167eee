"""Time-aligned reading: which of a task's inputs is read next, and which has to wait.

A replay of a year of clicks must not run past the orders that belong to it. So the chunk with the earliest head goes
first, and an input that is too far ahead of another, which has unread records, is held. Expect up to twice the bound:
a chunk is looked at by its first record.
"""

from collections import deque
from collections.abc import Callable, Iterable
from math import inf

from faust.types import TP

from models.stage import IDLE
from streams.engine.consumer import Fetched

CROWDED = 3
"""Chunks of a held input that wait here; the consumer is told to read no more of it."""


class Inbox:
    """Chunks handed over and not applied. Times are event time in us since 1970 UTC."""

    def __init__(self, inputs: Iterable[TP], ahead_us: int) -> None:
        """`ahead_us`: how far an input may be ahead of one that has unread records."""
        self._waiting: dict[TP, deque[tuple[int, Fetched]]] = {tp: deque() for tp in inputs}
        self._reached_us: dict[TP, int] = {}
        self._ahead_us = ahead_us

    @property
    def aligned(self) -> bool:
        """Whether there is anything to align: heads of a single input need no time."""
        return len(self._waiting) > 1

    def put(self, fetched: Fetched, head_us: int | None) -> None:
        """Take a chunk; `head_us` is the time of its first record, None if that has none: then as the last one's.

        One that is IDLE is read at once.
        """
        at_us = self._reached_us.get(fetched.tp, 0) if head_us is None else head_us
        self._waiting[fetched.tp].append((at_us, fetched))

    def next(self, idle: Callable[[TP], bool]) -> TP | None:
        """The input to read now; `idle` says of one without a chunk here whether it has no unread records."""
        if not any(self._waiting.values()):  # asked of every task a hundred times a second
            return None
        heads = [(waiting[0][0], tp) for tp, waiting in self._waiting.items() if waiting]
        at_us, first = min(heads)
        behind = (tp for tp, waiting in self._waiting.items() if not waiting and not idle(tp))
        return None if any(at_us > self._reaches_us(tp) for tp in behind) else first

    def pop(self, tp: TP) -> Fetched:
        """The next chunk of an input."""
        at_us, fetched = self._waiting[tp].popleft()
        self._reached_us[tp] = at_us if at_us == IDLE else max(at_us, self._reached_us.get(tp, at_us))
        return fetched

    def _reaches_us(self, tp: TP) -> float:
        """How far another input may be read while this one has unread records."""
        reached_us = self._reached_us.get(tp, -self._ahead_us)
        return inf if reached_us == IDLE else reached_us + self._ahead_us

    def crowded(self) -> set[TP]:
        """Inputs of which enough is here."""
        return {tp for tp, waiting in self._waiting.items() if len(waiting) >= CROWDED}

    def clear(self) -> None:
        """Drop the chunks: they are read again."""
        for waiting in self._waiting.values():
            waiting.clear()

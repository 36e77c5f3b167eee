"""When a task commits."""

from collections.abc import Callable
from dataclasses import dataclass

BEHIND_RECORDS = 10_000
"""Unread records of a task from which on its results are late in any case, so that larger commits cost nobody time."""


@dataclass(frozen=True, slots=True)
class Pending:
    """What a task has not committed: since when (monotonic s), how many records, how many bytes of outputs."""

    since_s: float
    records: int
    output_bytes: int


@dataclass(frozen=True, slots=True)
class CommitPolicy:
    """Commit `every_s` after the first uncommitted change, or sooner at a number of records or bytes of outputs.

    `behind_every_s` counts instead while the task is behind: a row that changes often is then written once a second.
    `together`: at whole multiples of `every_s` of the machine's clock, where all tasks commit at once; the stage that
    reads what they write then has its input at once, and commits once for all of them. Not while behind.
    """

    every_s: float
    every_records: int
    behind_every_s: float = 1.0
    together: bool = False
    every_bytes: int = 2 * 1024 * 1024  # encoded at once, in some 25 ms

    def due(self, pending: Pending, lag: Callable[[], int], now_s: float) -> bool:
        """Whether to commit now; `lag` tells the number of unread records if it matters, `now_s` is monotonic."""
        if pending.records >= self.every_records or pending.output_bytes >= self.every_bytes:
            return True
        waited_s = now_s - pending.since_s
        return self._waited(pending.since_s, now_s) and (waited_s >= self.behind_every_s or lag() < BEHIND_RECORDS)

    def _waited(self, since_s: float, now_s: float) -> bool:
        if self.together:
            return now_s // self.every_s > since_s // self.every_s
        return now_s - since_s >= self.every_s

    def full(self, pending: Pending) -> bool:
        """Whether to take nothing more before the commit that is due: a storm must not fill the memory."""
        return pending.output_bytes >= 2 * self.every_bytes or pending.records >= 2 * self.every_records

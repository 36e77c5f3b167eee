"""Ids of the kernel and those of Python: the same calls, answers, drains; each restores what the other has written."""

from collections.abc import Callable
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from models.window import MINUTE_US
from streams.measuring import dedup
from streams.measuring.dedup import SeenIds, id_hash
from streams.measuring.kernel_tables import KernelIds

NOON = 29_540_880  # 2026-03-02 12:00 UTC, minutes since 1970

Changes = dict[bytes, bytes | None]
numbers = st.one_of(st.sampled_from([0, 1, 1 << 63, (1 << 64) - 1]), st.integers(0, 40).map(lambda n: id_hash(f"e{n}")))
claims = st.tuples(st.just("claim"), st.integers(0, 130), st.integers(0, MINUTE_US - 1), numbers, st.booleans())
sweeps = st.tuples(st.just("sweep"), st.integers(0, 30), st.integers(0, 90))
commits = st.sampled_from([("commit",), ("restart",), ("swap",)])
calls = st.lists(st.one_of(claims, claims, claims, claims, sweeps, commits), max_size=80)


class Pair:
    """Two tables that get the same calls, and their changelogs."""

    def __init__(self, *makers: Callable[[str], Any]) -> None:
        self._makers = makers
        self._tables = [make("seen") for make in makers]
        self._logs: list[Changes] = [{} for _ in makers]
        self._hot_from = self._first = 0

    def claim(self, minute: int, us: int, number: int, refused: Any) -> None:
        """Not before what is forgotten: such an event is late. One that is `refused` is taken back."""
        at_us = (NOON + max(minute, self._first)) * MINUTE_US + us
        answers = [table.claim(at_us, number) for table in self._tables]
        assert len(set(answers)) == 1, (at_us, number, answers)
        if refused and answers[0]:
            for table in self._tables:
                table.disclaim(at_us, number)

    def sweep(self, more: int, kept: int) -> None:
        """As a watermark goes on, which never goes back."""
        self._hot_from += more
        self._first = max(self._first, self._hot_from - kept)
        for table in self._tables:
            table.sweep((NOON + self._hot_from) * MINUTE_US, (NOON + self._first) * MINUTE_US)

    def commit(self) -> None:
        drained = [list(table.drain()) for table in self._tables]
        assert all(len(its) == len(dict(its)) for its in drained), "a key twice"
        one, other = map(dict, drained)
        assert ids(one) == ids(other)
        for log, its in zip(self._logs, drained, strict=True):
            log.update(its)

    def restart(self) -> None:
        self.commit()
        self._restore(self._logs)

    def swap(self) -> None:
        """Each takes over from the other."""
        self.commit()
        self._restore(self._logs[::-1])

    def check(self) -> None:
        assert len({len(table) for table in self._tables}) == 1
        assert all(table.memory_bytes() >= 0 for table in self._tables)

    def _restore(self, logs: list[Changes]) -> None:
        self._tables = [make("seen") for make in self._makers]
        for table, log in zip(self._tables, logs, strict=True):
            for key, value in log.items():
                table.restore(key, value)


def ids(changes: Changes) -> dict[bytes, list[int] | None]:
    """By key; the order of the ids of a value is nobody's business."""
    return {key: None if value is None else sorted(dedup._CODEC.row("seen", value)) for key, value in changes.items()}


def go_through(pair: Pair, its: list[Any]) -> None:
    for name, *arguments in its:
        getattr(pair, name)(*arguments)
        pair.check()
    pair.restart()
    pair.check()


@given(calls)
def test_ids_of_both_are_the_same(kernel: Any, its: list[Any]) -> None:
    go_through(Pair(SeenIds, lambda name: KernelIds(name, kernel.Ids())), its)

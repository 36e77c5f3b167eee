"""The engine's decisions, without an engine."""

from dataclasses import dataclass

from faust.types import TP
from hypothesis import given
from hypothesis import strategies as st

from streams.engine.commit_policy import BEHIND_RECORDS, CommitPolicy, Pending
from streams.engine.health import Health
from streams.engine.scheduler import CHUNK_BYTES, MAX_RECORDS, BatchScheduler, chunks
from streams.engine.watchdog import Progress

POLICY = CommitPolicy(every_s=0.2, every_records=100, every_bytes=1_000)


@dataclass(frozen=True)
class Record:
    value: bytes | None = b""


def test_a_commit_is_due_by_time_records_or_bytes() -> None:
    assert not POLICY.due(Pending(10.0, 99, 999), lambda: 0, 10.19)
    assert POLICY.due(Pending(10.0, 1, 0), lambda: 0, 10.21)
    assert POLICY.due(Pending(10.0, 100, 0), lambda: 0, 10.0)
    assert POLICY.due(Pending(10.0, 0, 1_000), lambda: 0, 10.0)


def test_tasks_that_commit_together_do_so_whenever_they_began() -> None:
    together = CommitPolicy(every_s=0.25, every_records=100, together=True)
    for since_s in (10.0, 10.1, 10.2):
        assert not together.due(Pending(since_s, 1, 0), lambda: 0, 10.24)
        assert together.due(Pending(since_s, 1, 0), lambda: 0, 10.25)
    assert not together.due(Pending(10.25, 1, 0), lambda: 0, 10.49)
    assert not together.due(Pending(10.0, 1, 0), lambda: BEHIND_RECORDS, 10.99), "behind"
    assert together.due(Pending(10.1, 1, 0), lambda: BEHIND_RECORDS, 11.1), "each by itself"


def test_a_task_that_is_behind_commits_less_often() -> None:
    assert not POLICY.due(Pending(10.0, 1, 0), lambda: BEHIND_RECORDS, 10.99)
    assert POLICY.due(Pending(10.0, 1, 0), lambda: BEHIND_RECORDS, 11.01)
    assert POLICY.due(Pending(10.0, 100, 0), lambda: BEHIND_RECORDS, 10.0)


def test_a_task_is_full_at_twice_what_makes_a_commit_due() -> None:
    assert not POLICY.full(Pending(10.0, 199, 1_999))
    assert POLICY.full(Pending(10.0, 200, 0))
    assert POLICY.full(Pending(10.0, 0, 2_000))


def test_partitions_take_turns_and_keep_their_order() -> None:
    first, second = TP("t", 0), TP("t", 1)
    many, few = [Record() for _ in range(MAX_RECORDS + 1)], [Record()]
    found = list(BatchScheduler({}).iterate({first: many, second: few, TP("t", 2): []}))
    assert [(tp, len(chunk)) for tp, chunk in found] == [(first, MAX_RECORDS), (second, 1), (first, 1)]
    assert [record for tp, chunk in found if tp == first for record in chunk] == many


def test_a_chunk_is_bounded_by_bytes_and_holds_at_least_one_record() -> None:
    tp, large, half = TP("t", 0), Record(b"x" * (CHUNK_BYTES + 1)), Record(b"x" * (CHUNK_BYTES // 2))
    found = list(BatchScheduler({}).iterate({tp: [large, half, half, half, Record(None)]}))
    assert [len(chunk) for _, chunk in found] == [1, 2, 2]


def test_a_topic_may_have_chunks_of_its_own_size() -> None:
    half, many = Record(b"x" * (CHUNK_BYTES // 2)), [Record()] * (4 * MAX_RECORDS + 1)
    scheduler = BatchScheduler({"cheap": 4 * CHUNK_BYTES, "dear": CHUNK_BYTES // 4})
    found = list(scheduler.iterate({TP("cheap", 0): [half] * 9, TP("dear", 0): [half] * 2, TP("cheap", 1): many}))
    assert [(tp.topic, tp.partition, len(chunk)) for tp, chunk in found] == [
        ("cheap", 0, 8),
        ("dear", 0, 1),
        ("cheap", 1, 4 * MAX_RECORDS),
        ("cheap", 0, 1),
        ("dear", 0, 1),
        ("cheap", 1, 1),
    ]


@given(st.lists(st.none() | st.integers(0, 40).map(lambda size: b"x" * size)), st.integers(1, 60))
def test_chunks_are_all_records_in_order_and_as_large_as_they_may_be(values: list[bytes | None], most: int) -> None:
    records = [Record(value) for value in values]
    found = list(chunks(records, most))
    assert [record for chunk in found for record in chunk] == records
    sizes = [sum(len(record.value or b"") for record in chunk) for chunk in found]
    assert all(size <= most or len(chunk) == 1 for size, chunk in zip(sizes, found, strict=True))
    following = [len(chunk[0].value or b"") for chunk in found[1:]]
    assert all(size + more > most for size, more in zip(sizes, following, strict=False))


def test_a_worker_with_unread_records_and_still_positions_is_stuck() -> None:
    progress = Progress({"a": 1}, moved_s=0.0).seen({"a": 1}, resting=False, now_s=59.0)
    assert not progress.stuck(60.0, 59.0)
    assert progress.stuck(60.0, 60.0)


def test_a_worker_without_unread_records_is_not_stuck() -> None:
    progress = Progress({"a": 1}, moved_s=0.0).seen({"a": 1}, resting=True, now_s=59.0)
    assert not progress.stuck(60.0, 60.0)


def test_a_worker_that_moves_is_not_stuck() -> None:
    progress = Progress({"a": 1}, moved_s=0.0).seen({"a": 2}, resting=False, now_s=59.0)
    assert not progress.stuck(60.0, 60.0)


def test_a_probe_is_told_every_reason() -> None:
    assert Health().reasons(0.0) == ["joining the group or restoring state"]
    assert Health(joined=True, tasks=2).reasons(0.0) == ["the broker does not answer"]
    assert Health(joined=True, tasks=2, heard_s=5.0).reasons(14.0) == []
    assert Health(joined=True, tasks=2, heard_s=5.0, stuck=True).reasons(16.0) == [
        "the broker does not answer",
        "records are waiting and no position moves",
    ]


def test_a_worker_that_got_no_task_is_ready() -> None:
    assert Health(joined=True).reasons(100.0) == []

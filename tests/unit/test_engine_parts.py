"""The engine's decisions, without an engine."""

from dataclasses import dataclass

from faust.types import TP

from streams.engine.commit_policy import BEHIND_RECORDS, CommitPolicy, Pending
from streams.engine.health import Health
from streams.engine.scheduler import MAX_BYTES, MAX_RECORDS, BatchScheduler
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
    chunks = list(BatchScheduler().iterate({first: many, second: few, TP("t", 2): []}))
    assert [(tp, len(chunk)) for tp, chunk in chunks] == [(first, MAX_RECORDS), (second, 1), (first, 1)]
    assert [record for tp, chunk in chunks if tp == first for record in chunk] == many


def test_a_chunk_is_bounded_by_bytes_and_holds_at_least_one_record() -> None:
    tp, large, half = TP("t", 0), Record(b"x" * (MAX_BYTES + 1)), Record(b"x" * (MAX_BYTES // 2))
    chunks = list(BatchScheduler().iterate({tp: [large, half, half, half, Record(None)]}))
    assert [len(chunk) for _, chunk in chunks] == [1, 2, 2]


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

"""The in-memory Kafka behaves as the real one was seen to: tests/contract holds the real one to the same."""

import pytest
from aiokafka import TopicPartition

from simulation.log import FencedError, Log, Transaction

pytestmark = pytest.mark.simulation
ROWS = [(b"k", b"v", ())]
TP0, TP1, SOURCE = TopicPartition("t", 0), TopicPartition("t", 1), TopicPartition("source", 0)


class Clock:
    now_us = 0


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def decided() -> list[Transaction]:
    return []


@pytest.fixture
def log(clock: Clock, decided: list[Transaction]) -> Log:
    return Log({"t": 2, "source": 1}, lambda: clock.now_us, decided.append)


def seen(log: Log, tp: TopicPartition = TP0, *, committed: bool = True) -> list[int]:
    return [record.offset for record in log.partitions[tp].read(0, 100, committed=committed)[0]]


def test_an_open_transaction_hides_its_records_and_all_after_them(log: Log) -> None:
    log.append(TP0, b"before", b"")
    log.send("p", log.fence("p"), TP0, ROWS)
    log.append(TP0, b"after", b"")
    assert (seen(log), seen(log, committed=False), log.partitions[TP0].stable_end) == ([0], [0, 1, 2], 1)


def test_a_marker_takes_an_offset_and_comes_to_each_partition_by_itself(log: Log) -> None:
    epoch = log.fence("p")
    log.send("p", epoch, TP0, ROWS)
    log.send("p", epoch, TP1, ROWS)
    log.send_offsets("p", epoch, {SOURCE: 7})
    log.commit("p", epoch)
    log.write_marker(0)
    assert (seen(log), seen(log, TP1), log.offsets) == ([0], [], {})
    assert log.partitions[TP0].read(0, 100, committed=True)[1] == 2, "the next offset to fetch"
    log.finish("p")
    assert (seen(log, TP1), log.offsets) == ([0], {SOURCE: 7})


def test_a_new_producer_aborts_what_the_old_one_had_open_and_fences_it(log: Log) -> None:
    old = log.fence("p")
    log.send("p", old, TP0, ROWS)
    log.send_offsets("p", old, {SOURCE: 7})
    new = log.fence("p")
    assert (seen(log), log.offsets, log.partitions[TP0].stable_end) == ([], {}, 2)
    with pytest.raises(FencedError):
        log.send("p", old, TP0, ROWS)
    with pytest.raises(FencedError):
        log.send_offsets("p", old, {SOURCE: 7})
    with pytest.raises(FencedError):
        log.commit("p", old)
    log.send("p", new, TP0, ROWS)
    log.commit("p", new)
    log.finish("p")
    assert seen(log) == [2], "offset 0 was aborted and 1 is its marker"


def test_a_new_producer_waits_for_a_commit_that_was_decided(log: Log) -> None:
    epoch = log.fence("p")
    log.send_offsets("p", epoch, {SOURCE: 7})
    log.commit("p", epoch)
    assert log.offsets == {}
    log.fence("p")
    assert log.offsets == {SOURCE: 7}


def test_a_transaction_that_is_open_for_too_long_is_given_up(log: Log, clock: Clock) -> None:
    epoch = log.fence("p")
    log.send("p", epoch, TP0, ROWS)
    clock.now_us = 10_000_001
    log.time_out()
    with pytest.raises(FencedError):
        log.commit("p", epoch)


def test_compaction_keeps_the_last_committed_record_of_a_key(log: Log) -> None:
    for value in (b"1", b"2"):
        log.append(TP0, b"a", value)
    log.append(TP0, b"b", b"3")
    log.partitions[TP0].compact()
    assert seen(log) == [1, 2]

"""What is read of a coordinator's notes. The bytes of version 1 are Kafka 4.3's; version 0 is written by hand."""

import struct

import pytest
from aiokafka import TopicPartition

from models.errors import EngineFault
from streams.engine.transaction_log import Decision, decision_of, last_decision, partition_of, transactional_id_of

A, B = TopicPartition("a", 0), TopicPartition("b", 3)
KEY = bytes.fromhex("000000047461736b")
TIMES = bytes.fromhex("000001a21ddf10a7000001a21ddf1045") + bytes.fromhex("0100080000000000000000")
HEAD = bytes.fromhex("0001000000000000000000000000ea60")
IN_A_AND_B = bytes.fromhex("0302610200000000000262020000000300")
IN_B = bytes.fromhex("020262020000000300")
COMMITTED, ABORTED = Decision(0, True, frozenset({A, B})), Decision(0, False, frozenset({B}))


@pytest.mark.parametrize(
    ("name", "of_50", "of_4"),
    [
        ("kpi-visitors-3", 26, 0),
        ("kpi-monitor-0", 32, 0),
        ("größe-0", 8, 0),
        ("shop🛒-orders-11", 48, 2),
        pytest.param("polygenelubricants", 0, 0, id="hash -2147483648"),
    ],
)
def test_the_partition_is_that_of_javas_hash_code(name: str, of_50: int, of_4: int) -> None:
    assert (partition_of(name, 50), partition_of(name, 4)) == (of_50, of_4)


def test_whose_note_it_is() -> None:
    assert transactional_id_of(KEY) == "task"
    assert transactional_id_of(b"\0\1" + KEY[2:]) is None, "of a version that is not known"


@pytest.mark.parametrize(
    ("note", "decision"),
    [
        pytest.param(HEAD + b"\x02" + IN_A_AND_B + TIMES, COMMITTED, id="PREPARE_COMMIT"),
        pytest.param(HEAD + b"\x03" + IN_B + TIMES, ABORTED, id="PREPARE_ABORT"),
        pytest.param(HEAD + b"\x00\x00" + TIMES, None, id="EMPTY"),
        pytest.param(HEAD + b"\x01" + IN_B + TIMES, None, id="ONGOING"),
        pytest.param(HEAD + b"\x04\x01" + TIMES, None, id="COMPLETE_COMMIT"),
        pytest.param(None, None, id="forgotten"),
    ],
)
def test_what_a_note_decides(note: bytes | None, decision: Decision | None) -> None:
    assert decision_of(note) == decision


def test_what_a_note_of_an_older_kafka_decides() -> None:
    in_b = struct.pack(">ih1sii", 1, 1, b"b", 1, 3)
    assert decision_of(b"\0\0" + HEAD[2:] + b"\x03" + in_b + TIMES[:16]) == ABORTED


def test_a_note_of_a_newer_kafka_is_refused() -> None:
    with pytest.raises(EngineFault, match="version 2"):
        decision_of(b"\0\2" + HEAD[2:])


def test_the_last_transaction_that_had_the_partition_counts() -> None:
    notes = [COMMITTED, ABORTED]
    assert last_decision(notes, 0, A) is True
    assert last_decision(notes, 0, B) is False
    assert last_decision(notes, 0, TopicPartition("b", 0)) is None
    assert last_decision(notes, 1, A) is None, "of another producer with this transactional id"

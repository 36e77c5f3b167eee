"""Dead letters: what was received, and how it is sent again."""

from collections.abc import Sequence

from aiokafka import ConsumerRecord

from models.outcome import Invalid, Reason
from streams.measuring.dead_letter import dead_letter
from streams.tools.dead_letters import letters_table
from streams.tools.letter import Letter, letter
from streams.tools.record import Record

TRACE = ("trace", b"1")


def record(
    value: bytes | None, *, key: bytes | None = b"c1", headers: Sequence[tuple[str, bytes]] = (), offset: int = 9
) -> ConsumerRecord:
    return ConsumerRecord("kpi-dead-letters", 1, offset, 1_000, 0, key, value, None, 0, 0, tuple(headers))


def refused(value: bytes | None, *, key: bytes | None = b"c1", topic: str = "orders", partition: int = 3) -> Letter:
    """As stage 1 writes it, and as it is read."""
    source = record(value, key=key, headers=[TRACE], offset=77)
    sent = dead_letter(topic, partition, source, Invalid(Reason.NOT_JSON, "no JSON"), 4)
    return letter(record(sent.value, key=sent.key, headers=sent.headers))


def test_a_letter_says_where_it_came_from_and_why() -> None:
    assert refused(b"\xff[bold]").as_json() == {
        "topic": "orders",
        "reason": "not_json",
        "detail": "no JSON",
        "partition": 3,
        "offset": 77,
        "at": "1970-01-01T00:00:01Z",
        "key_base64": "YzE=",
        "value_base64": "/1tib2xkXQ==",
    }
    assert refused(b"\xff\n").as_row() == ("orders", "3", "77", "not_json", "no JSON", "c1", "2", r"\xff\n")
    assert letters_table([refused(b"[bold]"), refused(None)]).row_count == 2


def test_it_is_sent_again_with_its_own_headers_and_by_its_key() -> None:
    assert refused(b"{").record((0, 1, 2, 3)) == Record("orders", b"c1", b"{", None, (TRACE,), None)


def test_without_a_key_it_goes_to_its_partition_as_long_as_there_is_one() -> None:
    assert refused(None, key=None).record((0, 1, 2, 3)).partition == 3
    assert refused(None, key=None).record((0, 1)).partition is None


def test_the_headers_of_stage_1_win_over_those_of_the_same_name() -> None:
    said = [("kpi-topic", b"social"), ("kpi-topic", b"orders")]
    assert letter(record(b"{", headers=said)).topic == "orders"


def test_alerts_and_foreign_records_are_no_inputs() -> None:
    alert = letter(
        record(b"{}", headers=[("kpi-topic", b"kpi-alerts"), ("kpi-receiver", b"pager"), ("kpi-status", b"400")])
    )
    assert (alert.is_input, alert.as_json()["receiver"], alert.as_json()["status"]) == (False, "pager", "400")
    foreign = letter(record(b"{}", key=None))
    assert (foreign.is_input, foreign.topic, foreign.as_row()[5]) == (False, "", "(null)")


def test_letters_are_chosen_by_topic_and_reason() -> None:
    one = refused(b"{")
    assert one.matches(None, None)
    assert one.matches("orders", "not_json")
    assert not one.matches("social", None)
    assert not one.matches(None, "null_key")

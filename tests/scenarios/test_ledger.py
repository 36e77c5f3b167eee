"""Nothing vanishes: every event has one outcome, and a bad record its dead letter."""

import json

import pytest

from flow import Flow, Sent, at, click, heartbeat, order, sent, social
from streams.measuring.dead_letter import MAX_BYTES

GOOD = {"event_id": "1", "timestamp": "2026-03-02T12:00:00Z", "visitor_id": "v", "event_type": "page_view"}


def raw(value: bytes | None, key: bytes | None = b"v", topic: str = "clickstream") -> Sent:
    return Sent(topic, key, value, (("trace", b"abc"),), offset=7)


def with_fields(**fields: object) -> bytes:
    return json.dumps(GOOD | fields).encode()


@pytest.mark.parametrize(
    ("record", "reason"),
    [
        pytest.param(raw(b""), "empty", id="no bytes"),
        pytest.param(raw(None), "empty", id="a null value"),
        pytest.param(raw(b"\xff\xfe garbage"), "not_json", id="not JSON"),
        pytest.param(raw(b"x" * 1_000_000), "not_json", id="a megabyte of garbage"),
        pytest.param(raw(b'{"x":' * 100_000), "not_json", id="nested too deep"),
        pytest.param(raw(b'{"event_id": "1"}'), "missing_field", id="a field is missing"),
        pytest.param(raw(with_fields(country=7)), "ill_typed_field", id="an optional field of another type"),
        pytest.param(raw(with_fields(event_id="x" * 65)), "ill_typed_field", id="an id that is too long"),
        pytest.param(raw(with_fields(page_url="x" * 70_000)), "ill_typed_field", id="a text over 64 KiB"),
        pytest.param(raw(with_fields(timestamp="2026-03-02T12:00:00")), "ill_typed_field", id="a time without zone"),
        pytest.param(raw(with_fields(timestamp=1772452800)), "ill_typed_field", id="a time as number"),
        pytest.param(raw(with_fields(timestamp="2036-03-02T12:00:00Z")), "future_timestamp", id="the future"),
        pytest.param(raw(with_fields(timestamp="1999-12-31T23:59:59Z")), "ancient_timestamp", id="the last century"),
        pytest.param(raw(with_fields(), key=None), "null_key", id="no key"),
        pytest.param(raw(with_fields(), key=b"w"), "key_mismatch", id="another visitor's key"),
        pytest.param(order("12:00:00", "1e3"), "ill_typed_field", id="an amount in exponent form"),
        pytest.param(order("12:00:00", 5), "ill_typed_field", id="an amount as number"),  # type: ignore[arg-type]
        pytest.param(order("12:00:00", "-5"), "ill_typed_field", id="a negative amount"),
        pytest.param(order("12:00:00", "5", currency="XXQ"), "unknown_currency", id="no currency"),
        pytest.param(order("12:00:00", "5", currency="USD"), "no_fx_rate", id="a currency without rate"),
        pytest.param(
            order("12:00:00", "5", event_type="order_lost"), "unknown_event_type", id="an unknown order event"
        ),
        pytest.param(social("12:00:00", "wave"), "unknown_event_type", id="an unknown social event"),
        pytest.param(social("12:00:00", "like", count=0), "ill_typed_field", id="a count of nothing"),
        pytest.param(
            sent("orders", "o", "12:00:00", event_type="order_cancelled", order_id="o"),
            "unknown_order",
            id="a cancellation of nothing",
        ),
    ],
)
def test_a_bad_record_is_a_dead_letter_with_its_bytes(record: Sent, reason: str) -> None:
    flow = Flow()
    flow.read(record)
    [letter] = flow.dead_letters
    assert (letter.key, letter.value) == (record.key, record.value)
    headers = dict(letter.headers)
    assert headers["kpi-reason"] == reason.encode()
    assert headers["kpi-topic"] == record.topic.encode()
    assert headers["kpi-offset"] == str(record.offset).encode()
    assert headers["kpi-detail"]
    ledger = flow.ledger(record.topic)
    assert (ledger.received, ledger.invalid, ledger.counted) == (1, 1, 0)


def test_the_headers_of_the_sender_stay_on_a_dead_letter() -> None:
    flow = Flow()
    flow.read(raw(b"garbage"))
    assert ("trace", b"abc") in flow.dead_letters[0].headers


def test_a_redelivery_is_a_duplicate() -> None:
    flow, event = Flow(), order("12:00:20", "50.00")
    flow.read(event, event, heartbeat("orders", "13:00:00"))
    assert flow.last("orders", "1m") == {at("12:00:00"): 1}
    assert (flow.ledger("orders").counted, flow.ledger("orders").duplicate) == (1, 1)


def test_a_second_placing_of_an_order_is_a_duplicate() -> None:
    flow = Flow()
    flow.read(order("12:00:20", "50.00", "o-1"), order("12:00:21", "60.00", "o-1"))
    assert (flow.ledger("orders").counted, flow.ledger("orders").duplicate) == (1, 1)


def test_an_event_behind_the_horizon_is_late() -> None:
    flow = Flow()
    flow.read(click("14:00:05", "s1"), click("13:00:00", "s2"), click("12:59:59.999", "s3"))
    assert (flow.ledger("clickstream").counted, flow.ledger("clickstream").late) == (2, 1)


def test_a_refund_is_bounded_by_what_is_left_of_its_order() -> None:
    flow = Flow()
    refund = {"event_type": "order_refunded", "order_id": "o-1"}
    flow.read(
        order("12:00:20", "50.00", "o-1", channel="Email"),
        order("12:00:30", "30.00", **refund),
        order("12:00:31", "20.01", **refund),
        order("12:00:32", "20.00", **refund),
        heartbeat("orders", "13:00:00"),
    )
    ledger = flow.ledger("orders")
    assert (ledger.counted, ledger.invalid) == (3, 1)
    assert dict(flow.dead_letters[0].headers)["kpi-reason"] == b"over_refund"
    assert set(flow.last("net_revenue", "1m", ("channel", "Email")).values()) == {0.0}


def test_a_cancellation_takes_what_is_left() -> None:
    flow = Flow()
    flow.read(
        order("12:00:20", "50.00", "o-1"),
        order("12:00:30", "30.00", event_type="order_refunded", order_id="o-1"),
        sent("orders", "o-1", "12:00:40", event_type="order_cancelled", order_id="o-1"),
        heartbeat("orders", "13:00:00"),
    )
    assert set(flow.last("net_revenue", "1m").values()) == {0.0}
    assert set(flow.last("revenue", "1m").values()) == {50.0}


def test_a_heartbeat_counts_as_nothing() -> None:
    flow = Flow()
    flow.read(order("12:00:20", "1.00"), heartbeat("orders", "12:30:00"), heartbeat("orders", "12:00:00"))
    assert flow.ledger("orders").received == 1
    counts = flow.tables["orders"][0].heartbeats.row
    assert (counts.applied, counts.backward) == (1, 1)


@pytest.mark.parametrize("header", [None, b"", b"soon", b"2026-03-02T12:00:00", b"\xff", b"0001-01-01T00:00:00Z"])
def test_a_heartbeat_that_is_no_time_is_counted_and_ignored(header: bytes | None) -> None:
    flow = Flow()
    flow.read(Sent("orders", None, None, (("kpi-heartbeat", header),)))  # type: ignore[arg-type]  # a header may be null
    assert flow.tables["orders"][0].heartbeats.row.malformed == 1
    assert flow.tables["orders"][0].clock.row.at_us is None


def test_an_event_that_is_invalid_whenever_it_comes_is_not_late() -> None:
    flow = Flow(now_us=at("12:00:00") + 40 * 86_400_000_000)
    flow.read(heartbeat("orders", "720:00:00"), order("11:00:00", "5", currency="USD"), order("11:00:00", "5"))
    ledger = flow.ledger("orders")
    assert (ledger.invalid, ledger.late) == (1, 1)
    assert dict(flow.dead_letters[0].headers)["kpi-reason"] == b"no_fx_rate"


def test_a_letter_that_is_too_large_is_cut_and_says_so() -> None:
    flow = Flow()
    flow.read(raw(b"x" * (MAX_BYTES + 1)))
    [letter] = flow.dead_letters
    assert letter.value == b"x" * MAX_BYTES
    assert dict(letter.headers)["kpi-truncated"] == str(MAX_BYTES + 1).encode()

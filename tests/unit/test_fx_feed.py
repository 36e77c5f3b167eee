"""What a worker makes of the records of fx-rates."""

from decimal import Decimal

import structlog

from flow import Sent, at, text
from models.outcome import Outcome
from streams.fx_feed import MAX_LOGGED, FxFeed


def rate(value: str, key: bytes = b"USD", clock: str = "12:00:00") -> Sent:
    said = f'{{"currency": "USD", "rate": "{value}", "timestamp": "{text(clock)}"}}'
    return Sent("fx-rates", key, said.encode())


def test_a_rate_is_there_once_it_is_read() -> None:
    feed = FxFeed("GBP")
    feed.take(rate("0.8"))
    assert feed.rates.at("USD", at("12:00:00")) == Decimal("0.8")
    assert feed.counts == {Outcome.COUNTED: 1, Outcome.INVALID: 0}


def test_a_bad_record_is_counted_and_logged_and_stops_nothing() -> None:
    feed = FxFeed("GBP")
    with structlog.testing.capture_logs() as lines:
        for record in (rate("0.8"), rate("no"), rate("0.9", key=b"EUR"), Sent("fx-rates", b"USD", None)):
            feed.take(record)
    assert feed.rates.at("USD", at("12:00:00")) == Decimal("0.8")
    assert feed.counts == {Outcome.COUNTED: 1, Outcome.INVALID: 3}
    assert [line["reason"] for line in lines] == ["ill_typed_field", "key_mismatch", "empty"]


def test_a_topic_full_of_garbage_does_not_fill_the_log() -> None:
    feed = FxFeed("GBP")
    with structlog.testing.capture_logs() as lines:
        for _ in range(MAX_LOGGED + 50):
            feed.take(rate("no"))
    assert (len(lines), feed.counts[Outcome.INVALID]) == (MAX_LOGGED, MAX_LOGGED + 50)

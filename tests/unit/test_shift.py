"""Files of another year, moved so that they end today."""

import pytest

from models.errors import InputFileError
from streams.tools import instant
from streams.tools.record import Record
from streams.tools.shift import Span, days_to_move, moved, survey


def at(text: str) -> int:
    at_us = instant.parse(text)
    assert at_us is not None
    return at_us


def ending(text: str, topic: str = "orders") -> Span:
    return Span(topic, 1, at(text), at(text))


def event(value: bytes, text: str) -> Record:
    return Record("orders", b"a", value, at(text))


NOW_US = at("2026-11-25T12:00:00Z")


def test_a_file_ends_in_the_day_before_now() -> None:
    assert days_to_move([ending("2026-11-20T11:59:00Z")], NOW_US) == (5,)
    assert days_to_move([ending("2026-11-20T12:01:00Z")], NOW_US) == (4,)


def test_a_file_from_the_future_moves_back() -> None:
    assert days_to_move([ending("2026-11-26T11:00:00Z")], NOW_US) == (-1,)


def test_every_file_moves_by_itself() -> None:
    spans = [ending("2011-12-09T12:00:00Z"), ending("2024-06-29T22:00:00Z", "clickstream")]
    orders, clicks = days_to_move(spans, NOW_US)
    assert orders * instant.DAY_US + at("2011-12-09T12:00:00Z") == NOW_US
    assert NOW_US - instant.DAY_US < clicks * instant.DAY_US + at("2024-06-29T22:00:00Z") <= NOW_US


def test_rates_move_no_further_than_the_orders_that_need_them() -> None:
    spans = [ending("2026-11-10T00:00:00Z", "fx-rates"), ending("2026-11-20T00:00:00Z")]
    assert days_to_move(spans, NOW_US) == (5, 5)


def test_a_file_without_times_stays() -> None:
    assert days_to_move([Span("orders", 3, None, None)], NOW_US) == (0,)


def test_only_the_timestamp_field_changes_and_keeps_its_offset_and_fraction() -> None:
    value = b'{"a":1.50,"timestamp":"2026-02-27T23:30:00.1234567+01:00","b":{"timestamp":"2026-02-27"}}'
    [record] = moved([event(value, "2026-02-27T22:30:00Z")], 2)
    assert record.value == b'{"a":1.50,"timestamp":"2026-03-01T23:30:00.1234567+01:00","b":{"timestamp":"2026-02-27"}}'
    assert record.timestamp_us == at("2026-03-01T22:30:00Z")


def test_a_record_without_a_time_is_left_alone() -> None:
    garbage = Record("orders", None, b"\x00", None)
    assert list(moved([garbage], 5)) == [garbage]


def test_a_time_beyond_the_calendar_is_an_input_file_error() -> None:
    with pytest.raises(InputFileError, match="cannot be moved"):
        list(moved([event(b'{"timestamp":"9999-12-31T00:00:00Z"}', "9999-12-31T00:00:00Z")], 1))


def test_a_survey_counts_and_finds_the_first_and_the_latest_time() -> None:
    records = [Record("orders", None, None, us) for us in (None, 5, 9, None, 7)]
    assert survey("orders", records) == Span("orders", 5, 5, 9)

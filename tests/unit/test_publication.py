"""The public form of a value."""

import json
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.kpi_value import KpiValue, Series, Status, Unit
from streams.publication import major, read_value, rfc3339, value_of, value_record

VALUE = KpiValue(
    series=Series("average_order_value", "1h", "country", "a|b"),
    start_us=1_772_452_800_000_000,
    end_us=1_772_456_400_000_000,
    unit=Unit.MONEY,
    exponent=2,
    numerator=10_000,
    denominator=3,
    interval=None,
    status=Status.FINAL,
    revision=4,
    watermark_us=1_772_456_460_000_000,
    definition="abc",
    emitted_us=1_772_456_460_500_000,
)


def published(**changes: Any) -> dict[str, Any]:
    record = value_record(msgspec.structs.replace(VALUE, **changes), {"country": 2})
    found: dict[str, Any] = json.loads(record.value or b"")
    return found


def test_a_record_carries_the_whole_contract() -> None:
    assert published() == {
        "kpi": "average_order_value",
        "window": "1h",
        "start": "2026-03-02T12:00:00Z",
        "end": "2026-03-02T13:00:00Z",
        "dimension": "country",
        "segment": "a|b",
        "value": "33.333333333333333333",
        "unit": "money",
        "numerator": "100.00",
        "denominator": 3,
        "interval": None,
        "status": "final",
        "revision": 4,
        "watermark": "2026-03-02T13:01:00Z",
        "definition": "abc",
        "emitted_at": "2026-03-02T13:01:00.500000Z",
    }


def test_the_key_is_series_and_window_start_with_the_free_text_last() -> None:
    record = value_record(VALUE, {"country": 2})
    assert record.key == b"average_order_value|1h|country|2026-03-02T12:00:00Z|a|b"
    assert record.partition == 2


def test_a_ratio_over_nothing_is_null() -> None:
    assert published(denominator=0)["value"] is None
    assert published(denominator=0, unit=Unit.RATIO)["value"] is None


def test_a_ratio_that_is_no_money_is_an_unrounded_double() -> None:
    assert published(unit=Unit.RATIO, exponent=0, numerator=1)["value"] == 1 / 3


def test_a_record_is_read_back() -> None:
    assert read_value(value_record(VALUE, {"country": 0}).value or b"").revision == 4


@given(st.integers(-(10**17), 10**17), st.integers(0, 4))
def test_major_units_are_exact(minor: int, exponent: int) -> None:
    text = major(minor, exponent)
    assert Decimal(text) == Decimal(minor).scaleb(-exponent)
    assert "E" not in text


@pytest.mark.parametrize(("at_us", "text"), [(0, "1970-01-01T00:00:00Z"), (1_500_000, "1970-01-01T00:00:01.500000Z")])
def test_times_are_rfc_3339(at_us: int, text: str) -> None:
    assert rfc3339(at_us) == text


@pytest.mark.parametrize(
    ("unit", "exponent", "denominator"),
    [(Unit.MONEY, 2, None), (Unit.MONEY, 2, 7), (Unit.SECONDS, 6, 3), (Unit.RATIO, 0, 9_000), (Unit.COUNT, 0, None)],
)
@pytest.mark.parametrize("numerator", [0, 1, 12_345_678_901, -5])
def test_a_value_is_read_back_as_it_was(unit: Unit, exponent: int, denominator: int | None, numerator: int) -> None:
    changed = {"unit": unit, "exponent": exponent, "denominator": denominator, "numerator": numerator}
    value = msgspec.structs.replace(VALUE, **changed)
    assert value_of(read_value(value_record(value, {"country": 0}).value or b""), 2) == value

"""KPI values as text."""

import pytest

from models.kpi_value import Status, Unit
from streams.publication import KpiValueRecord
from streams.tools.value_text import age_text, sparkline, value_text


def record(value: float | str | None, unit: Unit, interval: tuple[float, float] | None = None) -> KpiValueRecord:
    return KpiValueRecord(
        kpi="k",
        window="1m",
        start="2024-05-01T12:00:00Z",
        end="2024-05-01T12:01:00Z",
        dimension="all",
        segment="all",
        value=value,
        unit=unit,
        numerator=1,
        denominator=None,
        interval=interval,
        status=Status.FINAL,
        revision=0,
        watermark="2024-05-01T12:02:00Z",
        definition="d",
        emitted_at="2024-05-01T12:02:01Z",
    )


@pytest.mark.parametrize(
    ("shown", "currency", "text"),
    [
        pytest.param(record(0.0235, Unit.RATIO, (0.021, 0.0262)), "GBP", "2.35 % (2.10 - 2.62)", id="proportion"),
        pytest.param(record(2.81, Unit.RATIO), "GBP", "2.81", id="a ratio that is no share"),
        pytest.param(record("1234567.5", Unit.MONEY), "GBP", "1,234,567.50 GBP", id="money"),
        pytest.param(record("12.3456789012345", Unit.MONEY), "EUR", "12.35 EUR", id="ratio of money"),
        pytest.param(record("1234.5", Unit.MONEY), "JPY", "1,234 JPY", id="half-even where there are no digits"),
        pytest.param(record(1234.0, Unit.COUNT), "GBP", "1,234", id="count"),
        pytest.param(record(3.14159, Unit.COUNT), "GBP", "3.14", id="mean of counts"),
        pytest.param(record(61.26, Unit.SECONDS), "GBP", "61.3 s", id="seconds"),
        pytest.param(record(None, Unit.RATIO), "GBP", "-", id="over 0"),
    ],
)
def test_a_value_is_shown_by_its_unit(shown: KpiValueRecord, currency: str, text: str) -> None:
    assert text == value_text(shown, currency)


@pytest.mark.parametrize(
    ("values", "line"),
    [
        ([], ""),
        ([1.0, 1.0, 1.0], "▄▄▄"),
        ([0.0, 7.0, None, 3.0], "▁█ ▄"),
        ([None], " "),
        ([-1.0, 1.0], "▁█"),
    ],
)
def test_a_sparkline_spans_from_the_lowest_to_the_highest(values: list[float | None], line: str) -> None:
    assert line == sparkline(values)


@pytest.mark.parametrize(
    ("later_s", "text"), [(-3, "0 s"), (119, "119 s"), (120, "2 min"), (7_200, "2 h"), (3 * 86_400, "3 d")]
)
def test_an_age_is_in_the_unit_that_reads_best(later_s: int, text: str) -> None:
    at_us = 1_714_564_800_000_000
    assert text == age_text("2024-05-01T12:00:00Z", at_us + later_s * 1_000_000)


def test_a_time_that_is_none_has_no_age() -> None:
    assert age_text("soon", 0) == "-"

"""The comparison of published figures with an oracle's finds what it is there for."""

import msgspec
import pytest

from broker.comparison import Value, differences
from broker.oracle import CellKey, Figures

TOTAL = CellKey("revenue", "1d", "2011-12-09T00:00:00Z", "all", "all")
RATE = CellKey("conversion_rate", "1d", "2011-12-09T00:00:00Z", "channel", "Direct")
ORACLE: Figures = {TOTAL: (1_250, None), RATE: (0, 4)}


def value(**fields: object) -> Value:
    known: dict[str, object] = dict(zip(CellKey._fields, RATE, strict=True))
    known |= {"end": "2011-12-10T00:00:00Z", "unit": "ratio", "status": "final", "value": 0.5, "numerator": 2}
    return msgspec.convert(known | {"denominator": 4, "interval": None} | fields, Value)


@pytest.mark.parametrize(
    ("found", "said"),
    [
        pytest.param({}, [], id="equal"),
        pytest.param(
            {TOTAL: (1_251, None)}, [f"{'|'.join(TOTAL)}: published (1251, None), the oracle has (1250, None)"]
        ),
        pytest.param({RATE: (0, 5)}, [f"{'|'.join(RATE)}: published (0, 5), the oracle has (0, 4)"]),
        pytest.param(
            {RATE._replace(segment="Email"): (0, 1)},
            ["conversion_rate|1d|2011-12-09T00:00:00Z|channel|Email: published (0, 1), the oracle has (0, None)"],
            id="published without an event",
        ),
        pytest.param({TOTAL._replace(start="2011-12-10T00:00:00Z"): (0, None)}, [], id="a zero may be published"),
    ],
)
def test_every_difference_is_told(found: Figures, said: list[str]) -> None:
    assert said == list(differences(ORACLE, ORACLE | found))


@pytest.mark.parametrize("missing", [TOTAL, RATE])
def test_a_figure_that_was_not_published_is_told(missing: CellKey) -> None:
    [said] = differences(ORACLE, {key: figure for key, figure in ORACLE.items() if key != missing})
    assert said.startswith("|".join(missing))


@pytest.mark.parametrize(
    ("fields", "consistent"),
    [
        pytest.param({}, True, id="ratio"),
        pytest.param({"value": 0.51}, False, id="another ratio"),
        pytest.param({"unit": "money", "value": "3.3333333333333333333", "numerator": "10.00", "denominator": 3}, True),
        pytest.param({"unit": "money", "value": "3.33", "numerator": "10.00", "denominator": 3}, False),
        pytest.param({"value": None, "numerator": 0, "denominator": 0}, True, id="over nothing"),
        pytest.param({"value": None}, False, id="no value over something"),
        pytest.param({"interval": (0.15003898915214947, 0.8499610108478506)}, True, id="Wilson, 2 of 4"),
        pytest.param({"interval": (0.01, 0.99)}, False, id="normal approximation, 2 of 4"),
    ],
)
def test_a_value_is_that_of_its_numerator_and_denominator(fields: dict[str, object], *, consistent: bool) -> None:
    assert value(**fields).is_consistent is consistent


def test_money_is_compared_in_minor_units_and_time_in_microseconds() -> None:
    assert value(unit="money", value="3.33", numerator="10.00", denominator=3).figure == (1_000, 3)
    assert value(unit="seconds", value=2.5, numerator=10, denominator=4).figure == (10_000_000, 4)

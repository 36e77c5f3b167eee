from decimal import Decimal

import pytest

from streams.tools.series_notation import BadSeries, Point, points


@pytest.mark.parametrize(
    ("text", "values"),
    [
        ("3", [3]),
        ("-1.5 1e3", [Decimal("-1.5"), 1000]),
        ("3x2", [3, 3, 3]),
        ("1+1x2", [1, 2, 3]),
        ("3-2x2", [3, 1, -1]),
        ("0.03+0.001x2", [Decimal("0.030"), Decimal("0.031"), Decimal("0.032")]),
        ("1 _ 2 _x2", [1, None, 2, None, None]),
        ("", []),
    ],
)
def test_values_are_written_as_promtool_writes_them(text: str, values: list[object]) -> None:
    assert [point.value for point in points(text)] == values


def test_stale_and_null_are_no_values_of_their_own_kind() -> None:
    assert points("stale nullx1") == (Point(stale=True), Point(null=True), Point(null=True))


@pytest.mark.parametrize(
    "text", ["x3", "1+1", "1..2", "1 x 3", "stall", "--1", "1x999999999", "1x100001", "1e400", "1e999999999x2"]
)
def test_what_is_no_series_says_what_to_write(text: str) -> None:
    with pytest.raises(BadSeries, match="; "):
        points(text)

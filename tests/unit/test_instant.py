"""Times as text and back."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.tools import instant

YEARS_1970_TO_2255_US = st.integers(min_value=0, max_value=9_000_000_000_000_000)


@given(YEARS_1970_TO_2255_US)
def test_a_rendered_time_reads_back_the_same(at_us: int) -> None:
    assert instant.parse(instant.render(at_us)) == at_us


@pytest.mark.parametrize(
    ("at_us", "text"),
    [
        (0, "1970-01-01T00:00:00Z"),
        (1_500_000, "1970-01-01T00:00:01.500Z"),
        (1_000_001, "1970-01-01T00:00:01.000001Z"),
        (1_323_440_999_000_000, "2011-12-09T14:29:59Z"),
    ],
)
def test_a_fraction_is_as_short_as_its_unit(at_us: int, text: str) -> None:
    assert instant.render(at_us) == text


def test_an_offset_is_counted_back_to_utc() -> None:
    noon = instant.of(datetime(2011, 12, 9, 12, tzinfo=UTC))
    assert instant.parse("2011-12-09T13:00:00+01:00") == noon


@pytest.mark.parametrize(
    "text", ["", "yesterday", "2011-12-09", "2011-12-09T12:00:00", "20111209T120000Z", "2011-13-09T12:00:00Z"]
)
def test_what_is_no_time_with_an_offset_is_none(text: str) -> None:
    assert instant.parse(text) is None

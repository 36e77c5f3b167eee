import pytest

from models import duration


@pytest.mark.parametrize(
    ("text", "seconds"), [("0s", 0), ("90s", 90), ("3m", 180), ("2h", 7_200), ("1d", 86_400), ("1w", 604_800)]
)
def test_a_duration_is_a_whole_number_and_a_unit(text: str, seconds: int) -> None:
    assert seconds * 1_000_000 == duration.parse(text)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("3", '"3" has no unit; write 3m'),
        ("3M", '"3M" has the unit "M"; units are s m h d w; write 3m'),
        ("1.5h", '"1.5h" is no duration; write a whole number and a unit of s m h d w, like 3m'),
        ("-3m", '"-3m" is no duration; write a whole number and a unit of s m h d w, like 3m'),
        ("", '"" is no duration; write a whole number and a unit of s m h d w, like 3m'),
    ],
)
def test_what_is_no_duration_is_said_with_how_to_write_it(text: str, message: str) -> None:
    with pytest.raises(duration.NotADuration) as wrong:
        duration.parse(text)
    assert message == str(wrong.value)


@pytest.mark.parametrize("text", ["0s", "90s", "3m", "2h", "1d", "1w"])
def test_the_shortest_writing_is_read_back(text: str) -> None:
    assert text == duration.text(duration.parse(text))

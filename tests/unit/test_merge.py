"""Several files as one stream."""

from hypothesis import given
from hypothesis import strategies as st

from streams.tools.merge import merged
from streams.tools.record import Record

TIMES = st.lists(st.none() | st.integers(min_value=0, max_value=100), max_size=20)


def file(topic: str, *times_us: int | None) -> list[Record]:
    return [Record(topic, str(line).encode(), None, at_us) for line, at_us in enumerate(times_us)]


def test_files_are_merged_by_time() -> None:
    turns = merged([file("orders", 1, 4, 6), file("clickstream", 2, 3, 7)])
    assert [(at, r.topic[0]) for at, r in turns] == [(1, "o"), (2, "c"), (3, "c"), (4, "o"), (6, "o"), (7, "c")]


def test_a_line_behind_its_file_keeps_its_place_and_the_turn_of_the_latest_before_it() -> None:
    turns = merged([file("orders", 5, 2, None, 8), file("clickstream", 4, 6)])
    assert [(at, r.topic[0]) for at, r in turns] == [(4, "c"), (5, "o"), (5, "o"), (5, "o"), (6, "c"), (8, "o")]


def test_at_the_same_turn_the_file_named_first_comes_first() -> None:
    assert [r.topic for _, r in merged([file("b", 1), file("a", 1)])] == ["b", "a"]


def test_no_files_are_no_records() -> None:
    assert list(merged([])) == []


@given(st.lists(TIMES, max_size=4))
def test_turns_never_go_back_and_every_file_keeps_its_order(files: list[list[int | None]]) -> None:
    turns = list(merged([file(str(number), *times) for number, times in enumerate(files)]))
    assert [at for at, _ in turns] == sorted(at for at, _ in turns)
    for number, times in enumerate(files):
        assert [r.key for _, r in turns if r.topic == str(number)] == [str(line).encode() for line in range(len(times))]

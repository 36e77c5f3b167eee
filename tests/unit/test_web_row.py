"""One series in packed bytes says what a dictionary would."""

from hypothesis import given
from hypothesis import strategies as st

from streams.web.row import SIZE, Point, Row

KEEP = 3
starts = st.integers(0, 12)
revisions = st.tuples(starts, st.integers(0, 3), st.sampled_from([1, 2]))


def point(start: int, revision: int = 0, definition: int = 1) -> Point:
    return Point(start, start + revision / 8, None if start % 2 else float(start), revision, definition)


def raw(start: int, revision: int = 0, definition: int = 1) -> bytes:
    return b"%d/%d/%d" % (start, revision, definition)


@given(st.lists(revisions), st.sets(starts))
def test_a_row_is_a_table_of_windows_whose_newest_keep_their_records(
    puts: list[tuple[int, int, int]], gone: set[int]
) -> None:
    row = Row()
    table: dict[int, tuple[int, int]] = {}
    for start, revision, definition in puts:
        known = table.get(start)
        lower = known is not None and known[1] == definition and revision < known[0]
        assert row.put(point(start, revision, definition), raw(start, revision, definition), KEEP) is not lower
        if not lower:
            table[start] = (revision, definition)
    assert list(row.points()) == [point(start, *table[start]) for start in sorted(table)]
    assert list(row.kept()) == [(start, raw(start, *table[start])) for start in sorted(table)[-KEEP:]]
    for start in gone:
        assert row.delete(start) is (table.pop(start, None) is not None)
    assert [one.start_s for one in row.points()] == sorted(table)
    assert all((start, raw(start, *table[start])) in list(row.kept()) for start, _ in row.kept())
    assert row.last_s == max(table, default=None)
    assert [row.at(start) for start in range(13)] == [point(s, *table[s]) if s in table else None for s in range(13)]


@given(st.sets(starts), st.integers(0, 14), st.integers(1, 5))
def test_the_oldest_go_first(known: set[int], before: int, most: int) -> None:
    row = Row()
    for start in known:
        row.put(point(start), raw(start), KEEP)
    left = sorted(start for start in known if start >= before)
    assert row.trim_before(before) == len(known) - len(left)
    assert [one.start_s for one in row.points()] == left
    assert row.trim(most) == max(0, len(left) - most)
    assert [one.start_s for one in row.points(2)] == left[-most:][-2:]
    assert [start for start, _ in row.kept()] == left[-most:][-KEEP:]


def test_a_window_takes_32_bytes_and_says_its_value() -> None:
    row = Row()
    row.put(Point(5, 1.25, None, 0, 1), b"", 1)
    row.put(Point(6, 3.0, 0.0, 0, 1), b"", 1)
    row.put(Point(7, 3.0, 4.0, 4_000_000_000, 4_294_967_295), b"", 1)
    assert len(row.packed) == 3 * SIZE == 96
    assert [one.value for one in row.points()] == [1.25, None, 0.75], "a ratio over 0 has no value"

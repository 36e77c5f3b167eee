"""Rows are kept for a time of events after their own time, and found without a search through all of them."""

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.table import Change, Table, packed_codec
from models.table_ttl import Ttl

KEEP, GRAIN = 10, 4
ALL = 10**9


def times() -> Table[str, list[int]]:
    """A row is a list of one time, so that it can be changed in place."""
    return Table("times", packed_codec(list[int], str), Ttl(KEEP, lambda row: row[0], GRAIN))


class Searched:
    """The same by a search through all rows: one is past when the grain in which it comes due has passed."""

    def __init__(self) -> None:
        self.rows: dict[str, list[int]] = {}

    def expire(self, watermark: int) -> None:
        for key in [key for key, [at] in self.rows.items() if (at + KEEP) // GRAIN < watermark // GRAIN]:
            del self.rows[key]


def until_done(table: Table[str, list[int]], watermark: int, looks: int) -> None:
    while table.expire(watermark, looks):
        pass


KEYS = st.sampled_from("ab")
STEPS = st.lists(
    st.tuples(st.just("event"), KEYS, st.integers(0, KEEP))
    | st.tuples(st.just("delete"), KEYS, st.just(0))
    | st.tuples(st.just("watermark"), st.just(""), st.integers(0, KEEP))
    | st.tuples(st.just("restart"), st.just(""), st.just(0)),
    max_size=80,
)


@given(STEPS, st.integers(1, 4))
def test_what_expires_is_what_a_search_finds(steps: list[tuple[str, str, int]], looks: int) -> None:
    table, searched, log, watermark = times(), Searched(), list[Change](), 0
    for kind, key, n in steps:
        if kind == "event" and key in table.rows:  # a time never goes back
            table.rows[key][0] = searched.rows[key][0] = max(table.rows[key][0], watermark + n)
            table.touch(key)
        elif kind == "event":
            table.put(key, [watermark + n])
            searched.rows[key] = [watermark + n]
        elif kind == "delete" and key in table.rows:
            table.delete(key)
            del searched.rows[key]
        elif kind == "watermark":
            watermark += n
            until_done(table, watermark, looks)
            searched.expire(watermark)
        elif kind == "restart":
            log += table.drain()
            table = restored(log)
        assert table.rows == searched.rows
    until_done(table, watermark + 1000, looks)
    assert (len(table), table._expiry and table._expiry._filed) == (0, {})


def restored(log: list[Change]) -> Table[str, list[int]]:
    table = times()
    for key, value in log:
        table.restore(key, value)
    return table


def test_an_expired_row_gets_a_tombstone() -> None:
    table = times()
    table.put("a", [0])
    [(key, _)] = table.drain()
    assert not table.expire(KEEP + GRAIN, ALL)
    assert list(table.drain()) == [(key, None)]
    assert len(table) == 0


@pytest.mark.parametrize(
    ("watermark", "kept"), [(KEEP, True), (KEEP + 1, True), (KEEP - KEEP % GRAIN + GRAIN - 1, True), (12, False)]
)
def test_a_row_is_kept_its_time_and_never_more_than_a_grain_longer(watermark: int, kept: bool) -> None:  # noqa: FBT001
    table = times()
    table.put("a", [0])
    table.expire(watermark, ALL)
    assert ("a" in table.rows) == kept


def test_a_row_that_was_touched_is_kept_its_time_from_then_on() -> None:
    table = times()
    table.put("a", [0])
    table.rows["a"][0] = 10
    table.touch("a")
    kept = [watermark for watermark in (12, 20, 23, 24) if not table.expire(watermark, ALL) and "a" in table.rows]
    assert kept == [12, 20, 23]


def test_a_row_that_was_touched_is_not_gone_when_the_watermark_jumps() -> None:
    table = times()
    table.put("a", [0])
    table.rows["a"][0] = 10
    table.touch("a")
    table.expire(20, ALL)
    assert "a" in table.rows


def test_a_step_looks_at_no_more_rows_than_it_may() -> None:
    table = times()
    for n in range(100):
        table.put(f"{n}", [n % 7])
    left = [len(table) for _ in iter(lambda: table.expire(1000, 30), False)]
    assert [*left, len(table)] == [70, 40, 10, 0]


class Counted:
    """The time of a row, and how often it was asked for."""

    def __init__(self) -> None:
        self.asked = 0

    def __call__(self, row: list[int]) -> int:
        self.asked += 1
        return row[0]


def test_the_time_of_a_row_is_not_asked_for_when_it_is_touched() -> None:
    at = Counted()
    table: Table[str, list[int]] = Table("times", packed_codec(list[int], str), Ttl(KEEP, at, GRAIN))
    for now in range(5 * KEEP):
        for key in "abc":
            if now == 0:
                table.put(key, [0])
            if key == "a":
                table.put(key, [now])
            else:
                table.rows[key][0] = now
                table.touch(key)
        table.expire(now, ALL)
    assert len(table) == 3
    # Once when made, and once in each time it was kept; a search in every grain would ask 37 times.
    assert at.asked <= 3 * (1 + 5)
    assert not table.expire(7 * KEEP, ALL)
    assert len(table) == 0


def test_a_key_that_comes_and_goes_is_not_filed_for_ever() -> None:
    table = times()
    for now in (*burst(), *range(200, 200 + 2 * KEEP)):
        if now < 200:
            table.put("a", [now])
            table.delete("a")
        elif now == 200:
            table.put("a", [10**6])
        table.expire(now, ALL)
    assert table._expiry
    assert [len(keys) for keys in table._expiry._filed.values()] == [1]


def burst() -> Iterator[int]:
    yield from range(200)

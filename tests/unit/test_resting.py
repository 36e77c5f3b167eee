"""Rows rest as their stored bytes, and nobody who looks for one can tell."""

from collections.abc import Iterator

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from clicking import START_US, Clicking
from models.errors import EngineFault
from models.resting import REST_US, RestingTable
from models.restoring import restore_all
from models.table import Change, packed_codec
from models.table_ttl import Ttl
from session_oracle import S, Seen

KEEP, TURN = 50, 10
ALL = 10**9
Log = dict[bytes, bytes | None]


def first_of(stored: bytes) -> int:
    return msgspec.msgpack.decode(stored[1:], type=list[int])[0]


def table_of(log: Log) -> RestingTable[str, list[int]]:
    """A row is a list: its time, and what was added to it."""
    ttl: Ttl[list[int]] = Ttl(KEEP, lambda row: row[0], 4)
    table = RestingTable("rows", packed_codec(list[int], str), ttl, first_of, TURN)
    restore_all(table, list(log.items()))
    return table


def drained(table: RestingTable[str, list[int]]) -> Iterator[Change]:
    changes = list(table.drain())
    assert len(changes) == len({key for key, _ in changes})
    yield from changes


KEYS = st.sampled_from("ab")
STEPS = st.lists(
    st.tuples(st.sampled_from(["change", "look", "delete"]), KEYS, st.integers(0, 9))
    | st.tuples(st.sampled_from(["commit", "restart"]), st.just(""), st.just(0))
    | st.tuples(st.just("watermark"), st.just(""), st.sampled_from([1, TURN])),
    max_size=40,
)
CHANGE, COMMIT, TURNED, LATER = ("change", "a", 1), ("commit", "", 0), ("watermark", "", TURN), ("watermark", "", 1)
DUE = [CHANGE, COMMIT, TURNED, TURNED]
"""The row of `a` rests at the next step."""


@example([*DUE, CHANGE, LATER], ALL).via("changed when it was due")
@example([*DUE, CHANGE, COMMIT, LATER], ALL).via("stored anew when it was due")
@example([CHANGE, COMMIT, TURNED, CHANGE, COMMIT, TURNED, LATER], ALL).via("stored anew a turn after")
@given(STEPS, st.sampled_from([1, 2, ALL]))
def test_rows_are_as_if_none_ever_rested(steps: list[tuple[str, str, int]], looks: int) -> None:
    log: Log = {}
    table, rows, watermark = table_of(log), dict[str, list[int]](), 0
    for kind, key, n in steps:
        if kind == "change":
            row = table.get(key)
            if row is None:
                table.put(key, [watermark, n])
            else:
                row[0] = watermark
                row.append(n)
                table.touch(key)
            rows[key] = [watermark, *rows.get(key, [0])[1:], n]
        elif kind == "look":
            assert table.get(key) == rows.get(key)
        elif kind == "delete" and key in rows:
            table.delete(key)
            del rows[key]
        elif kind == "watermark":
            watermark += n
            table.rest(watermark, looks)
        else:
            log |= drained(table)
            table = table_of(log) if kind == "restart" else table
        assert len(table) == len(rows)
    assert {key: table.get(key) for key in "ab"} == {key: rows.get(key) for key in "ab"}


def test_a_row_rests_when_it_was_not_changed_for_a_turn() -> None:
    table = table_of({})
    for name in "ab":
        table.put(name, [0])
    list(table.drain())
    for watermark, awake in ((TURN, {"a", "b"}), (2 * TURN, {"a", "b"}), (2 * TURN + 1, {"a"}), (9 * TURN, {"a"})):
        table.put("a", [watermark])
        list(table.drain())
        table.rest(watermark, ALL)
        assert set(table.rows) == awake


def test_no_step_puts_more_rows_to_rest_than_it_may() -> None:
    table = table_of({})
    for n in range(5):
        table.put(f"{n}", [0])
    list(table.drain())
    found = []
    for step in range(6):
        table.rest((step + 1) * TURN, 2)
        found.append(len(table.resting))
    assert found == [0, 0, 2, 4, 5, 5]


def test_a_row_that_was_only_looked_at_rests_again() -> None:
    table = table_of({})
    table.restore(msgspec.msgpack.encode("a"), b"\x01" + msgspec.msgpack.encode([7]))
    assert (table.get("a"), len(table.rows), list(table.drain())) == ([7], 1, [])
    for turn in range(1, 4):
        table.rest(turn * TURN, ALL)
    assert (table.rows, len(table.resting)) == ({}, 1)


def test_rows_that_rest_expire_with_a_tombstone() -> None:
    log: Log = {}
    table = table_of(log)
    table.put("a", [0])
    log |= drained(table)
    table = table_of(log)
    while table.expire(KEEP + TURN, ALL):
        pass
    [change] = table.drain()
    assert (change, len(table)) == ((msgspec.msgpack.encode("a"), None), 0)


@pytest.mark.parametrize("value", [b"", b"\x02\x91\x01", b"\x01\xc1", b"\x01\x91"])
def test_a_value_that_is_unknown_or_cut_is_refused_at_the_start(value: bytes) -> None:
    with pytest.raises(EngineFault, match="table rows: "):
        table_of({msgspec.msgpack.encode("a"): value})


def test_a_visitor_that_is_well_formed_but_none_is_refused_when_it_wakes() -> None:
    visitors = Clicking().visitors
    visitors.restore(msgspec.msgpack.encode("v"), b"\x02" + msgspec.msgpack.encode([START_US, 1, 0, 0, "sessions"]))
    with pytest.raises(EngineFault, match=r"table visitors: .*cannot be read"):
        visitors.get("v")


CLICKS = st.lists(
    st.tuples(
        st.sampled_from("uvw"),
        st.sampled_from(["s", "t", None]),
        st.integers(-30, 30),
        st.sampled_from(["page_view", "view_item", "purchase"]),
    ),
    max_size=25,
)


@given(CLICKS)
def test_clicks_add_the_same_whether_visitors_rest_or_not(clicks: list[tuple[str, str | None, int, str]]) -> None:
    awake, resting = Clicking(), Clicking()
    for n, (visitor, session, minutes, kind) in enumerate(clicks):
        seen = Seen(f"{n}", visitor, session, START_US + n * 120 * S + minutes * 7 * S, kind, ("Email",))
        for clicking in (awake, resting):
            clicking.click(seen)
        list(resting.visitors.drain())
        for turn in range(3):
            resting.visitors.rest((3 * n + turn + 1) * REST_US, ALL)
        assert not resting.visitors.rows
    assert resting.sums() == awake.sums()

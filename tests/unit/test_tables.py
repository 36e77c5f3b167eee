"""A table is what its changelog says."""

from collections.abc import Iterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.delta import SliceDelta
from models.errors import EngineFault
from models.outcome import Ledger
from models.table import Change, ChangeLogged, Single, Table, packed_codec
from streams.measuring.dedup import SeenIds, id_hash
from streams.monitoring.windows import WindowedTable

MINUTE = 60_000_000


def log_of(*tables: ChangeLogged) -> Iterator[tuple[bytes, bytes | None]]:
    for table in tables:
        yield from table.drain()


def numbers() -> Table[str, int]:
    return Table("numbers", packed_codec(int, str))


@given(st.lists(st.tuples(st.sampled_from("abc"), st.none() | st.integers(0, 9), st.booleans())))
def test_a_restored_table_has_the_rows_of_the_original(changes: list[tuple[str, int | None, bool]]) -> None:
    table = numbers()
    log: list[Change] = []
    for key, row, commit in changes:
        if row is not None:
            table.put(key, row)
        elif key in table.rows:
            table.delete(key)
        if commit:
            log += table.drain()
    log += table.drain()
    restored = numbers()
    for changed, value in log:
        restored.restore(changed, value)
    assert restored.rows == table.rows


def test_a_drain_gives_each_change_once() -> None:
    table = numbers()
    table.put("a", 1)
    table.put("a", 2)
    assert len(list(table.drain())) == 1
    assert list(table.drain()) == []


def test_another_format_is_refused() -> None:
    newer: Table[str, int] = Table("numbers", packed_codec(int, str, version=2))
    newer.put("a", 1)
    [(key, value)] = newer.drain()
    with pytest.raises(EngineFault, match="table numbers: stored format 2, this program reads 1"):
        numbers().restore(key, value)


def test_a_single_row_is_restored() -> None:
    ledger = Single("ledger", Ledger())
    ledger.row.received = ledger.row.counted = 3
    ledger.touch()
    [(key, value)] = ledger.drain()
    restored = Single("ledger", Ledger())
    restored.restore(key, value)
    assert restored.row == ledger.row


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 20), st.booleans()), max_size=60))
def test_seen_ids_survive_a_restore_and_the_packing_of_old_minutes(events: list[tuple[int, int, bool]]) -> None:
    seen = SeenIds("seen")
    log: list[Change] = []
    known: set[tuple[int, int]] = set()
    for minute, number, commit in events:
        at_us, name = minute * MINUTE, id_hash(f"{number}")
        assert seen.claim(at_us, name) == ((minute, number) not in known)
        known.add((minute, number))
        if commit:
            log += seen.drain()
            seen.sweep(minute * MINUTE, 0)
    log += seen.drain()
    restored = SeenIds("seen")
    for key, value in log:
        restored.restore(key, value)
    assert len(restored) == len(known)
    assert not any(restored.claim(minute * MINUTE, id_hash(f"{number}")) for minute, number in known)


def test_ids_before_the_horizon_are_forgotten_with_tombstones() -> None:
    seen = SeenIds("seen")
    seen.claim(0, 1)
    added = list(seen.drain())
    seen.sweep(5 * MINUTE, 3 * MINUTE)
    assert list(seen.drain()) == [(key, None) for key, _ in added]
    assert seen.claim(0, 1)


def test_an_id_that_was_disclaimed_may_come_again() -> None:
    seen = SeenIds("seen")
    assert seen.claim(0, 1)
    seen.disclaim(0, 1)
    assert seen.claim(0, 1)
    [(_, chunk)] = seen.drain()
    assert chunk == bytes((1,)) + (1).to_bytes(8, "little")


def test_windows_are_restored_and_let_go() -> None:
    table = WindowedTable()
    piece = SliceDelta("all", "all", [("5m", 3, 5, {"orders": 1})])
    assert [number for _, number, _ in table.fold("orders", piece, {})] == [3, 4, 5, 6, 7]
    table.revisions("orders", "5m", 3, ("all", "all"))["orders"] = 1
    restored = WindowedTable()
    for key, value in log_of(table):
        restored.restore(key, value)
    assert restored.rows == table.rows
    restored.release("orders", "5m", before=7)
    assert list(restored.rows["orders", "5m"]) == [7]
    assert [value for _, value in restored.drain()] == [None] * 4


def test_a_cell_of_a_window_that_is_gone_is_counted() -> None:
    table = WindowedTable()
    piece = SliceDelta("all", "all", [("5m", 3, 5, {"orders": 1})])
    assert [number for _, number, _ in table.fold("orders", piece, {"5m": 6})] == [6, 7]
    assert table.frozen == 3

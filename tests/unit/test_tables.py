"""A table is what its changelog says."""

from collections.abc import Iterator
from decimal import Decimal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.delta import SliceDelta
from models.errors import EngineFault
from models.outcome import Ledger
from models.table import Change, ChangeLogged, Older, Single, Table, packed_codec, packed_older
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


class BasketV1(msgspec.Struct, array_like=True):
    """A basket as the first release kept it: its value in whole pounds."""

    pounds: int


class BasketV2(msgspec.Struct, array_like=True):
    """With pence, and in a currency."""

    amount: Decimal
    currency: str


class Basket(msgspec.Struct, array_like=True):
    """In minor units."""

    minor: int
    currency: str


FROM_V1 = packed_older(BasketV1, lambda row: BasketV2(Decimal(row.pounds), "GBP"))
FROM_V2 = packed_older(BasketV2, lambda row: Basket(int(row.amount * 100), row.currency))


def baskets() -> Table[str, Basket]:
    return Table("baskets", packed_codec(Basket, str, version=3, older={1: FROM_V1, 2: FROM_V2}))


def stored(row: object, version: int) -> bytes:
    return bytes((version,)) + msgspec.msgpack.encode(row)


KEY = msgspec.msgpack.encode("a")


@pytest.mark.parametrize(
    "value",
    [
        pytest.param(stored(BasketV1(12), 1), id="lifted twice"),
        pytest.param(stored(BasketV2(Decimal("12.00"), "GBP"), 2), id="lifted once"),
        pytest.param(stored(Basket(1200, "GBP"), 3), id="as it is"),
    ],
)
def test_a_row_of_an_older_format_is_lifted_and_stored_anew_once_it_changes(value: bytes) -> None:
    table = baskets()
    table.restore(KEY, value)
    assert table.rows == {"a": Basket(1200, "GBP")}
    assert list(table.drain()) == []
    table.touch("a")
    assert list(table.drain()) == [(KEY, stored(Basket(1200, "GBP"), 3))]


@pytest.mark.parametrize(
    ("value", "says"),
    [
        (stored(1, 4), "table baskets: stored format 4, this program reads 1 to 3; run the release that wrote it"),
        (stored(1, 0), "table baskets: stored format 0, this program reads 1 to 3; .* from a backup"),
        (b"", "table baskets: stored format none, this program reads 1 to 3; .* from a backup"),
        (b"\x03", "table baskets: a value of format 3 cannot be read .* from a backup"),
        (stored(Basket(1200, "GBP"), 3)[:-1], "table baskets: a value of format 3 cannot be read"),
        (stored(BasketV1(12), 1)[:-1], "table baskets: a value of format 1 cannot be read"),
        (stored(["12"], 1), "table baskets: a value of format 1 cannot be read .*Expected `int`, got `str`"),
        (stored(BasketV2(Decimal("NaN"), "GBP"), 2), "table baskets: a value of format 2 cannot be read .*NaN"),
    ],
)
def test_a_value_that_is_not_known_or_damaged_is_refused(value: bytes, says: str) -> None:
    table = baskets()
    with pytest.raises(EngineFault, match=says):
        table.restore(KEY, value)
    assert table.rows == {}


def test_a_format_that_is_no_longer_read_names_the_way() -> None:
    table: Table[str, Basket] = Table("baskets", packed_codec(Basket, str, version=3, older={2: FROM_V2}))
    with pytest.raises(
        EngineFault, match="stored format 1, this program reads 2 to 3; update by way of one that reads"
    ):
        table.restore(KEY, stored(BasketV1(12), 1))


def test_a_damaged_key_is_refused() -> None:
    with pytest.raises(EngineFault, match=r"table baskets: key b'\\xa5a' cannot be read"):
        baskets().restore(b"\xa5a", stored(Basket(1200, "GBP"), 3))


@pytest.mark.parametrize("older", [{1: FROM_V1}, {0: FROM_V1, 1: FROM_V1, 2: FROM_V2}, {3: FROM_V1}])
def test_versions_have_no_gap(older: dict[int, Older]) -> None:
    with pytest.raises(AssertionError, match="version"):
        packed_codec(Basket, str, version=3, older=older)


@pytest.mark.parametrize("table", [SeenIds("seen"), WindowedTable(), Single("ledger", Ledger()), numbers()])
@pytest.mark.parametrize("value", [b"", b"\x00\x01", b"\x02\x01", b"\x01\xc1"])
def test_every_kind_of_table_refuses(table: ChangeLogged, value: bytes) -> None:
    keys = {"seen": (1, 0), "windows": ("orders", "5m", 3, "all", "all"), "numbers": "a", "ledger": ""}
    with pytest.raises(EngineFault, match=f"table {table.name}: "):
        table.restore(msgspec.msgpack.encode(keys[table.name]), value)


def test_a_single_row_is_lifted() -> None:
    basket = Single("basket", Basket(0, "GBP"), version=3, older={1: FROM_V1, 2: FROM_V2})
    basket.restore(b"", stored(BasketV1(12), 1))
    assert basket.row == Basket(1200, "GBP")


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
    piece = SliceDelta("orders", "all", "all", [("5m", 3, 5, {"orders": 1})])
    assert [number for _, number, _, _ in table.fold(piece, {})] == [3, 4, 5, 6, 7]
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
    piece = SliceDelta("orders", "all", "all", [("5m", 3, 5, {"orders": 1})])
    assert [number for _, number, _, _ in table.fold(piece, {"5m": 6})] == [6, 7]
    assert table.frozen == 3

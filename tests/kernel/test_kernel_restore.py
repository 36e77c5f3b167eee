"""Visitors taken back from a changelog, by the kernel and by Python: the same rows, and the same words of damage."""

from collections.abc import Sequence
from dataclasses import replace
from itertools import pairwise
from types import SimpleNamespace
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from flow import Sent
from kernel.fetched import fetched
from kernel.script import START_US
from kernel.stages import Rules, stage_of
from models.errors import EngineFault
from models.restoring import restore_all
from models.stage import Batch
from models.table import Change, Older
from models.visitor import Visitor
from streams.engine.recovery import _by_table
from streams.measuring.kernel_tables import KernelVisitors
from streams.measuring.visitor_table import Visitors

pytestmark = pytest.mark.usefixtures("kernel")

TEXT = (
    '{"event_id":"%s","timestamp":"2026-03-02T12:00:%02dZ","event_type":"page_view","visitor_id":"v","session_id":"s"}'
)
KEY = msgspec.msgpack.encode("v")
LONG = "v" * 300
NAMES = ("v", "", "ż", LONG)


def values() -> list[bytes]:
    """Stored rows of a visitor after one, two and three clicks."""
    stage = stage_of(Rules(), native=False)
    tables, found = stage.tables(0), []
    for number in range(3):
        click = Sent("clickstream", b"v", (TEXT % (f"e{number}", 10 * number)).encode(), offset=number)
        stage.step(tables, Batch("clickstream", 0, [click]), START_US + 3_600_000_000)
        found += [value for _, value in tables.clicks.rows.drain() if value is not None]
    assert len(found) == 3
    return found


VALUES = values()
changes = st.lists(
    st.tuples(st.sampled_from([msgspec.msgpack.encode(name) for name in NAMES]), st.none() | st.sampled_from(VALUES)),
    max_size=30,
)


def pair() -> tuple[Visitors, KernelVisitors]:
    """Empty tables: that of Python, and that of the kernel."""
    python, native = (stage_of(Rules(), native=native).tables(0).clicks.rows for native in (False, True))
    assert isinstance(native, KernelVisitors)
    assert not isinstance(python, KernelVisitors)
    return python, native


def rows(table: Visitors) -> dict[str, bytes]:
    """As they would be stored."""
    found = {name: table.get(name) for name in NAMES}
    return {name: table._codec.stored(row) for name, row in found.items() if row is not None}


def of_a_fetch(kernel: Any, its: Sequence[Change]) -> Sequence[Change]:
    """As the kernel has them from a fetch."""
    found: Sequence[Change] = fetched(kernel, [(b"visitors|" + key, value) for key, value in its]).by_table()[
        b"visitors"
    ]
    assert list(found) == list(its)
    return found


@given(changes, st.lists(st.integers(0, 30), max_size=4), st.booleans())
def test_the_last_record_of_a_key_counts_in_whatever_batches(
    kernel: Any,
    its: list[Change],
    cuts: list[int],
    read: bool,  # noqa: FBT001  of a fetch
) -> None:
    python, native = pair()
    restore_all(python, its)
    for start, stop in pairwise(sorted({0, len(its), *(cut for cut in cuts if cut < len(its))})):
        some = its[start:stop]
        restore_all(native, of_a_fetch(kernel, some) if read else some)
    assert len(native) == len(python)
    assert rows(native) == rows(python)
    kept = {msgspec.msgpack.decode(key): value for key, value in its}
    assert rows(native) == {name: value for name, value in kept.items() if value is not None}
    assert list(native.drain()) == [], "what comes from the changelog is not written to it again"


@pytest.mark.parametrize(
    ("key", "value", "says"),
    [
        (KEY, b"", "stored format none, this program reads 2; .* from a backup"),
        (KEY, b"\x00\x01", "stored format 0, this program reads 2; .* from a backup"),
        (KEY, b"\x01" + VALUES[0][1:], "stored format 1, this program reads 2; update by way of one that reads both"),
        (KEY, b"\x03" + VALUES[0][1:], "stored format 3, this program reads 2; run the release that wrote it"),
        (KEY, b"\x02", "a stored value cannot be read .* from a backup"),
        (KEY, b"\x02\x95\xc0\x00\x00\x00\x90", "a stored value cannot be read .* from a backup"),
        (b"\x01", VALUES[0], r"key b'\\x01' cannot be read"),
        (KEY[:-1], VALUES[0], r"key b'\\xa1' cannot be read"),
        (KEY + b"\x00", VALUES[0], r"key b'\\xa1v\\x00' cannot be read"),
        (b"\xa1\xff", None, r"key b'\\xa1\\xff' cannot be read"),
    ],
)
def test_damage_in_the_middle_of_a_batch_is_refused_in_the_same_words(
    kernel: Any, key: bytes, value: bytes | None, says: str
) -> None:
    its = [(KEY, VALUES[0]), (key, value), (KEY, VALUES[1])]
    said = set()
    python, native = pair()
    for table, given_as in ((python, its), (native, its), (pair()[1], of_a_fetch(kernel, its))):
        with pytest.raises(EngineFault, match=f"^table visitors: {says}") as refused:
            restore_all(table, given_as)
        said.add(str(refused.value))
        assert rows(table) == {"v": VALUES[0]}, "what came before it, and nothing after"
    assert len(said) == 1


@pytest.mark.parametrize("read", [False, True])
def test_a_value_of_an_older_format_is_lifted_in_its_turn(kernel: Any, read: bool) -> None:  # noqa: FBT001
    def lift(row: Visitor) -> Visitor:
        row.joined = 7
        return row

    _, native = pair()
    codec = native._codec
    table = KernelVisitors(replace(codec, older={1: Older(codec.decode, lift)}), 0, native.kernel)
    other = msgspec.msgpack.encode(LONG)
    its = [(KEY, VALUES[0]), (KEY, b"\x01" + VALUES[1][1:]), (other, VALUES[2])]
    restore_all(table, of_a_fetch(kernel, its) if read else its)
    assert rows(table) == {"v": codec.stored(lift(codec.decode(VALUES[1][1:]))), LONG: VALUES[2]}
    assert rows(table)["v"] != VALUES[1]


@given(
    st.lists(
        st.tuples(st.none() | st.sampled_from([b"a|1", b"b|2|3", b"|", b"a", b""]), st.none() | st.binary(max_size=3))
    ),
    st.integers(1, 3),
    st.integers(0, 9),
)
def test_the_kernel_tells_tables_apart_as_python_does(
    kernel: Any, its: list[tuple[bytes | None, bytes | None]], batches: int, start: int
) -> None:
    records = fetched(kernel, its, batches)[start:]
    one_by_one = [SimpleNamespace(key=key, value=value) for key, value in its[start:]]
    assert {name: list(found) for name, found in records.by_table().items()} == _by_table(one_by_one)
    assert _by_table(records).keys() == _by_table(one_by_one).keys()

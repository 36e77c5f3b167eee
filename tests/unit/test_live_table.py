"""The live table: rows from records, with a clock that is given."""

import msgspec
from rich.console import Console

from models.kpi_value import Status, Unit
from streams.publication import KpiValueRecord
from streams.tools.live_table import HISTORY, LiveTable
from streams.tools.revisions import Choice

NOW_US = 1_714_564_800_000_000  # 2024-05-01T12:00:00Z


def put(  # a record of minute `minute`
    table: LiveTable, minute: int, value: float, *, kpi: str = "visits", window: str = "1m", piece: str = "all all"
) -> None:
    dimension, segment = piece.split(" ", 1)
    start = f"2024-05-01T{minute // 60:02d}:{minute % 60:02d}:00Z"
    record = KpiValueRecord(
        kpi=kpi,
        window=window,
        start=start,
        end=start,
        dimension=dimension,
        segment=segment,
        value=value,
        unit=Unit.COUNT,
        numerator=1,
        denominator=None,
        interval=None,
        status=Status.PROVISIONAL,
        revision=0,
        watermark=start,
        definition="d",
        emitted_at="2024-05-01T11:59:56Z",
    )
    table.take(f"{kpi}|{window}|{dimension}|{start}|{segment}".encode(), msgspec.json.encode(record))


def test_a_row_is_the_newest_window_and_the_line_of_all() -> None:
    table = LiveTable("GBP")
    for minute, value in ((0, 1.0), (2, 8.0), (1, 4.0), (2, 3.0)):  # unordered, and minute 2 revised
        put(table, minute, value)
    assert table.rows(NOW_US) == [("visits", "1m", "", "3", "▁█▆", "provisional", "4 s")]


def test_a_line_holds_no_more_than_the_last_windows() -> None:
    table = LiveTable("GBP")
    for minute in range(100):
        put(table, minute, float(minute))
    put(table, 3, 1_000.0)  # a correction of a window that is no longer shown
    [row] = table.rows(NOW_US)
    assert (row[3], len(row[4]), row[4][0], row[4][-1]) == ("99", HISTORY, "▁", "█")


def test_the_totals_are_shown_unless_slices_are_chosen() -> None:
    totals, channels = LiveTable("GBP"), LiveTable("GBP", Choice(dimension="channel").totals)
    for table in (totals, channels):
        put(table, 0, 1.0)
        put(table, 0, 2.0, piece="channel Email")
    assert [row[2:4] for row in totals.rows(NOW_US)] == [("", "1")]
    assert [row[2:4] for row in channels.rows(NOW_US)] == [("channel Email", "2")]


def test_short_windows_come_first_then_by_name() -> None:
    table = LiveTable("GBP")
    for kpi, window in (("visits", "1d"), ("visits", "1m"), ("orders", "1d"), ("orders", "5m")):
        put(table, 0, 1.0, kpi=kpi, window=window)
    assert [row[:2] for row in table.rows(NOW_US)] == [
        ("visits", "1m"),
        ("orders", "5m"),
        ("orders", "1d"),
        ("visits", "1d"),
    ]


def test_a_deleted_window_disappears() -> None:
    table = LiveTable("GBP")
    put(table, 0, 1.0)
    table.take(b"visits|1m|all|2024-05-01T00:00:00Z|all", None)
    assert table.rows(NOW_US) == []


def test_what_does_not_fit_is_counted() -> None:
    table = LiveTable("GBP", clock_us=lambda: NOW_US)
    for kpi in ("a", "b", "[c]"):
        put(table, 0, 1.0, kpi=kpi)
    console = Console(width=100, height=7, record=True, file=None, quiet=False, force_terminal=False)
    with console.capture() as capture:
        console.print(table)
    assert "1 more: choose with --kpi, --window" in capture.get()
    table.limit = 3
    with console.capture() as capture:
        console.print(table)
    assert "[c]" in capture.get()
    assert "more" not in capture.get()

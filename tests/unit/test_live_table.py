"""The live table: rows from records, with a clock that is given."""

import msgspec
import pytest
from rich.console import Console

from models.kpi_value import Status, Unit
from streams.publication import KpiValueRecord
from streams.tools.live_row import Row
from streams.tools.live_table import HISTORY, LiveTable
from streams.tools.revisions import Choice

NOW_US = 1_714_564_800_000_000  # 2024-05-01T12:00:00Z
DAY = "2024-05-01T00:00:00Z"


def put_at(  # a record of a window
    table: LiveTable,
    start: str,
    end: str,
    value: float | None,
    *,
    kpi: str = "visits",
    window: str = "1m",
    piece: str = "all all",
    unit: Unit = Unit.COUNT,
    status: Status = Status.PROVISIONAL,
    interval: tuple[float, float] | None = None,
) -> None:
    dimension, segment = piece.split(" ", 1)
    record = KpiValueRecord(
        kpi=kpi,
        window=window,
        start=start,
        end=end,
        dimension=dimension,
        segment=segment,
        value=value,
        unit=unit,
        numerator=1,
        denominator=None,
        interval=interval,
        status=status,
        revision=0,
        watermark=start,
        definition="d",
        emitted_at="2024-05-01T11:59:56Z",
    )
    table.take(f"{kpi}|{window}|{dimension}|{start}|{segment}".encode(), msgspec.json.encode(record))


def put(  # of minute `minute`
    table: LiveTable, minute: int, value: float, *, kpi: str = "visits", window: str = "1m", piece: str = "all all"
) -> None:
    start = f"2024-05-01T{minute // 60:02d}:{minute % 60:02d}:00Z"
    put_at(table, start, start, value, kpi=kpi, window=window, piece=piece)


def shown(table: LiveTable, width: int = 160, height: int = 50) -> str:
    console = Console(width=width, height=height, force_terminal=False, highlight=False)
    with console.capture() as capture:
        console.print(table)
    return capture.get()


def test_a_row_is_the_newest_window_and_the_line_of_all() -> None:
    table = LiveTable("GBP")
    for minute, value in ((0, 1.0), (2, 8.0), (1, 4.0), (2, 3.0)):  # unordered, and minute 2 revised
        put(table, minute, value)
    assert table.rows(NOW_US) == [Row("", "visits", "1m", "", "3", "", "", "", "▁█▆", "provisional", "4 s")]


def test_a_line_holds_no_more_than_the_last_windows() -> None:
    table = LiveTable("GBP")
    for minute in range(100):
        put(table, minute, float(minute))
    put(table, 3, 1_000.0)  # a correction of a window that is no longer shown
    [row] = table.rows(NOW_US)
    assert (row.value, len(row.line), row.line[0], row.line[-1]) == ("99", HISTORY, "▁", "█")


def test_the_totals_are_shown_unless_slices_are_chosen() -> None:
    totals, channels = LiveTable("GBP"), LiveTable("GBP", Choice(dimension="channel").totals)
    for table in (totals, channels):
        put(table, 0, 1.0)
        put(table, 0, 2.0, piece="channel Email")
    assert [(row.segment, row.value) for row in totals.rows(NOW_US)] == [("", "1")]
    assert [(row.segment, row.value) for row in channels.rows(NOW_US)] == [("channel Email", "2")]


def test_short_windows_come_first_then_by_name() -> None:
    table = LiveTable("GBP")
    for kpi, window in (("visits", "1d"), ("visits", "1m"), ("orders", "1d"), ("orders", "5m")):
        put(table, 0, 1.0, kpi=kpi, window=window)
    assert [(row.kpi, row.window) for row in table.rows(NOW_US)] == [
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
    assert "1 more: choose with --kpi, --window" in shown(table, height=7)
    table.limit = 3
    assert "[c]" in shown(table, height=7)
    assert "more" not in shown(table, height=7)


@pytest.mark.parametrize(
    ("kpi", "unit", "before", "now", "said"),
    [
        pytest.param("visits", Unit.COUNT, 200.0, 150.0, "-25.0 %", id="counts in percent"),
        pytest.param("sign_up_rate", Unit.RATIO, 0.02, 0.025, "+0.50 points", id="shares in points"),
        pytest.param("pages_per_visit", Unit.RATIO, 2.0, 2.5, "+25.0 %", id="other ratios in percent"),
        pytest.param("visits", Unit.COUNT, 0.0, 150.0, "-", id="of nothing there is no percentage"),
        pytest.param("visits", Unit.COUNT, None, 150.0, "", id="no value then"),
    ],
)
def test_a_complete_window_is_compared_with_the_one_a_week_before(
    kpi: str, unit: Unit, before: float | None, now: float, said: str
) -> None:
    table = LiveTable("GBP")
    put_at(table, "2024-04-24T10:00:00Z", "2024-04-24T11:00:00Z", before, kpi=kpi, unit=unit, status=Status.FINAL)
    put_at(table, "2024-05-01T10:00:00Z", "2024-05-01T11:00:00Z", now, kpi=kpi, unit=unit, status=Status.FINAL)
    put_at(table, "2024-05-01T11:00:00Z", "2024-05-01T12:00:00Z", 1.0, kpi=kpi, unit=unit)  # open: not whole yet
    [row] = table.rows(NOW_US)
    assert (row.last_week, row.status) == (said, "provisional")


def test_a_day_is_compared_over_a_change_of_the_clocks() -> None:
    table = LiveTable("GBP")  # in Warsaw the night of 31 March 2024 has 23 hours
    put_at(table, "2024-03-26T23:00:00Z", "2024-03-27T23:00:00Z", 100.0, window="1d", status=Status.FINAL)
    put_at(table, "2024-04-02T22:00:00Z", "2024-04-03T22:00:00Z", 110.0, window="1d", status=Status.FINAL)
    assert [row.last_week for row in table.rows(NOW_US)] == ["+10.0 %"]


def with_goals(table: LiveTable) -> None:
    for kpi, value, unit in (
        ("revenue", 35.0, Unit.MONEY),
        ("revenue_target", 50.0, Unit.MONEY),
        ("revenue_expected", 37.5, Unit.MONEY),
        ("revenue_attainment", 0.7, Unit.RATIO),
        ("revenue_forecast", 46.0, Unit.MONEY),
    ):
        put_at(table, DAY, "2024-05-02T00:00:00Z", value, kpi=kpi, window="1d", unit=unit)


@pytest.mark.parametrize("kpi", [None, "revenue"])
def test_a_goal_stands_beside_what_it_is_of(kpi: str | None) -> None:
    table = LiveTable("GBP", Choice(kpi=kpi).totals)
    with_goals(table)
    assert [(row.kpi, row.value, row.goal) for row in table.rows(NOW_US)] == [
        ("revenue", "35.00 GBP", "70 % of 50.00 GBP (75 % by now)")
    ]


def test_a_goal_that_is_asked_for_is_a_row() -> None:
    table = LiveTable("GBP", Choice(kpi="revenue_forecast").totals)
    with_goals(table)
    assert [(row.kpi, row.value) for row in table.rows(NOW_US)] == [("revenue_forecast", "46.00 GBP")]


def test_a_goal_of_another_window_is_not_shown_for_this_one() -> None:
    table = LiveTable("GBP")
    with_goals(table)
    put_at(table, "2024-05-02T00:00:00Z", "2024-05-03T00:00:00Z", 1.0, kpi="revenue", window="1d", unit=Unit.MONEY)
    assert [row.goal for row in table.rows(NOW_US)] == [""]


def test_a_firing_alert_is_a_word_on_its_row() -> None:
    table = LiveTable("GBP", levels=lambda: {("visits", "1m", "all", "all"): "critical"})
    put(table, 0, 1.0)
    put(table, 0, 1.0, kpi="orders")
    assert [(row.kpi, row.alert) for row in table.rows(NOW_US)] == [("orders", ""), ("visits", "critical")]


def full(table: LiveTable) -> None:
    for day in (24, 25):
        start = f"2024-04-{day}T10:00:00Z"
        put_at(table, start, start, 0.02, kpi="conversion_rate", unit=Unit.RATIO, status=Status.FINAL)
    for minute in range(HISTORY):
        start = f"2024-05-01T10:{minute:02d}:00Z"
        share = (0.01 + minute / 10_000, 0.03)
        put_at(table, start, start, 0.02, kpi="conversion_rate", unit=Unit.RATIO, status=Status.FINAL, interval=share)


@pytest.mark.parametrize(
    ("width", "heads"),
    [
        (160, ["alert", "kpi", "window", "value", "95 %", "last windows", "status", "age"]),
        (108, ["alert", "kpi", "window", "value", "95 %", "last windows", "status"]),
        (80, ["alert", "kpi", "window", "value", "last windows", "status"]),
        (60, ["alert", "kpi", "window", "value", "status"]),
        (48, ["alert", "kpi", "window", "value"]),
    ],
)
def test_a_narrow_terminal_does_without_columns_and_keeps_the_value_and_the_alert(width: int, heads: list[str]) -> None:
    table = LiveTable(
        "GBP", clock_us=lambda: NOW_US, levels=lambda: {("conversion_rate", "1m", "all", "all"): "warning"}
    )
    full(table)
    text = shown(table, width)
    first = text.splitlines()[1].strip("┃").split("┃")
    assert [head.strip() for head in first] == heads
    assert max(map(len, text.splitlines())) <= width
    assert all(word in text for word in ("warning", "conversion_rate", "2.00 %"))

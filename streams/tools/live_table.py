"""KPIs as they move: a row a series with its last windows, for `kpi values --follow` and the demo. No I/O."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final, Literal

import msgspec
from rich.console import Console, ConsoleOptions, RenderResult
from rich.table import Table
from rich.text import Text

from models.goal import GoalKind
from models.kpi_value import Status, is_share
from streams.publication import KpiValueRecord, read_value
from streams.tools import instant
from streams.tools.live_row import COLUMNS, Row, change_text, fitting, goal_text
from streams.tools.revisions import Choice, Revisions, WindowKey, window_key
from streams.tools.value_text import age_text, interval_text, plain_text, sparkline
from streams.tools.week import Week

HISTORY = 30
"""Windows of a sparkline."""
WINDOW_ORDER = ("1m", "5m", "1h", "1d", "7d", "30d", "1M")
STYLES: Final[Mapping[str, str]] = {
    Status.PROVISIONAL: "yellow",
    Status.FINAL: "green",
    Status.CORRECTED: "magenta",
    "critical": "bold red",
    "warning": "bold yellow",
}
"""Colours of words that say it all without one."""
DAY_AT_LEAST_US = 23 * instant.HOUR_US  # where the clocks are put forward
_GOALS = {f"_{kind}".encode(): kind for kind in GoalKind}
_FRAME_LINES = 5  # head, rule, foot and the note below

SeriesKey = tuple[bytes, bytes, bytes, bytes]
Levels = Mapping[tuple[str, str, str, str], str]
"""By KPI, window, dimension and segment the level of the alert that fires."""


def wall_us() -> int:
    """Us since 1970 UTC."""
    return time.time_ns() // 1000


class _Value(msgspec.Struct, frozen=True, gc=False):
    value: float | str | None


_number_of = msgspec.json.Decoder(_Value).decode


@dataclass(slots=True)
class LiveTable:
    """Takes records of `kpi-values` and renders, whenever rich asks, the newest window of each series.

    Holds the last HISTORY windows of the chosen series, raw, and the numbers of a week. `limit`: rows; None: as the
    terminal is high. Take and render in one thread: `Live(table, auto_refresh=False)` and `live.refresh()`.
    """

    currency: str
    choice: Choice = field(default_factory=lambda: Choice().totals)
    limit: int | None = None
    clock_us: Callable[[], int] = wall_us
    levels: Callable[[], Levels] = dict
    _filter: Revisions = field(init=False)
    _series: dict[SeriesKey, dict[bytes, bytes]] = field(default_factory=dict)  # window start -> record
    _weeks: dict[SeriesKey, Week] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._filter = Revisions(self.choice)

    def take(self, key: bytes | None, value: bytes | None) -> None:
        """A record of the topic, wanted or not. With a KPI come its goals."""
        if key is None or not (self._filter.wants(key, value) or self._filter.wants(_base(key), value)):
            return
        parts = window_key(key)
        windows = self._series.setdefault(parts.series, {})
        start_us = instant.parse(parts.start.decode())
        if start_us is not None:
            its = None if value is None else _number(_number_of(value).value)
            self._weeks.setdefault(parts.series, Week()).put(start_us, its)
        if value is None:
            windows.pop(parts.start, None)
            return
        windows[parts.start] = value
        if len(windows) > HISTORY:
            del windows[min(windows)]

    def rows(self, now_us: int) -> list[Row]:
        """Short windows first, totals before segments. Goals are shown beside what they are of."""
        levels = self.levels()
        return [
            self._row(series, self._series[series], levels, now_us)
            for series in sorted(self._series, key=_order)
            if self._series[series] and not self._is_goal(series)
        ]

    def table(self, now_us: int, limit: int, width: int) -> Table:
        """At most `limit` rows and `width` characters, and in the caption how many rows are left out."""
        rows = self.rows(now_us)
        left = len(rows) - limit
        caption = f"{left} more: choose with --kpi, --window" if left > 0 else None
        table = Table(title=None, caption=caption, expand=False)
        shown, widths = rows[:limit], fitting(rows[:limit], width)
        for column in COLUMNS:
            if column.name in widths:
                side: Literal["left", "right"] = "right" if column.right else "left"
                table.add_column(column.head, justify=side, no_wrap=True, max_width=widths[column.name])
        for row in shown:
            cells = row._replace(line=row.line[-widths.get("line", HISTORY) :])._asdict()
            table.add_row(*(Text(cells[name], STYLES.get(cells[name], "")) for name in widths))
        return table

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        limit = max(1, console.size.height - _FRAME_LINES) if self.limit is None else self.limit
        yield self.table(self.clock_us(), limit, options.max_width)

    def _row(self, series: SeriesKey, windows: Mapping[bytes, bytes], levels: Levels, now_us: int) -> Row:
        records = [read_value(windows[start]) for start in sorted(windows)]
        last = records[-1]
        place = "" if last.dimension == "all" else f"{last.dimension} {last.segment}"
        return Row(
            alert=levels.get((last.kpi, last.window, last.dimension, last.segment), ""),
            kpi=last.kpi,
            window=last.window,
            segment=place,
            value=plain_text(last, self.currency),
            interval=interval_text(last.interval),
            last_week=self._last_week(series, records),
            goal=self._goal(series, last),
            line=sparkline([_number(record.value) for record in records]),
            status=last.status.value,
            age=age_text(last.emitted_at, now_us),
        )

    def _last_week(self, series: SeriesKey, records: list[KpiValueRecord]) -> str:
        """Of the newest window that is complete: a day of which an hour is over is no less than one a week ago."""
        for record in reversed(records):
            if record.status is not Status.PROVISIONAL:
                start_us, end_us, value = instant.parse(record.start), instant.parse(record.end), _number(record.value)
                if start_us is None or end_us is None or value is None:
                    return ""
                days = end_us - start_us >= DAY_AT_LEAST_US
                share = is_share(record.kpi, record.unit, proportion=record.interval is not None)
                return change_text(value, self._weeks[series].before(start_us, days=days), share=share)
        return ""

    def _goal(self, series: SeriesKey, of: KpiValueRecord) -> str:
        """Of the same window alone."""
        found = {kind: self._beside(series, suffix, of.start) for suffix, kind in _GOALS.items()}
        attainment, expected = (
            None if (one := found[kind]) is None else _number(one.value)
            for kind in (GoalKind.ATTAINMENT, GoalKind.EXPECTED)
        )
        return goal_text(attainment, found[GoalKind.TARGET], expected, self.currency)

    def _beside(self, series: SeriesKey, suffix: bytes, start: str) -> KpiValueRecord | None:
        raw = self._series.get((series[0] + suffix, *series[1:]), {}).get(start.encode())
        return None if raw is None else read_value(raw)

    def _is_goal(self, series: SeriesKey) -> bool:
        return (_base_name(series[0]), *series[1:]) in self._series.keys() - {series}


def _number(value: float | str | None) -> float | None:
    return None if value is None else float(value)


def _base_name(kpi: bytes) -> bytes:
    """Of a goal, the KPI it is of."""
    return next((kpi.removesuffix(suffix) for suffix in _GOALS if kpi.endswith(suffix)), kpi)


def _base(key: bytes) -> bytes:
    kpi, separator, rest = key.partition(b"|")
    return _base_name(kpi) + separator + rest


def _order(series: SeriesKey) -> tuple[int, bytes, bool, bytes, bytes]:
    key = WindowKey(series[0], series[1], series[2], b"", series[3])
    name = key.window.decode(errors="replace")
    place = WINDOW_ORDER.index(name) if name in WINDOW_ORDER else len(WINDOW_ORDER)
    return (place, key.kpi, key.dimension != b"all", key.dimension, key.segment)

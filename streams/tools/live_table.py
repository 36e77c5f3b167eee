"""KPIs as they move: a row a series with its last windows, for `kpi values --follow` and the demo."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field

from rich.console import Console, ConsoleOptions, RenderResult
from rich.table import Table
from rich.text import Text

from models.kpi_value import Status
from streams.publication import KpiValueRecord, read_value
from streams.tools.revisions import Choice, Revisions, WindowKey, window_key
from streams.tools.value_text import age_text, sparkline, value_text

HISTORY = 30
"""Windows of a sparkline."""
WINDOW_ORDER = ("1m", "5m", "1h", "1d", "7d", "30d", "1M")
STYLES = {Status.PROVISIONAL: "yellow", Status.FINAL: "green", Status.CORRECTED: "magenta"}
_FRAME_LINES = 5  # head, rule, foot and the note below

SeriesKey = tuple[bytes, bytes, bytes, bytes]


def wall_us() -> int:
    """Us since 1970 UTC."""
    return time.time_ns() // 1000


@dataclass(slots=True)
class LiveTable:
    """Takes records of `kpi-values` and renders, whenever rich asks, the newest window of each series.

    Holds the last HISTORY windows of the chosen series, raw, and no more. `limit`: rows; None: as the terminal is high.
    Take and render in one thread: `Live(table, auto_refresh=False)` and `live.refresh()`.
    """

    currency: str
    choice: Choice = field(default_factory=lambda: Choice().totals)
    limit: int | None = None
    clock_us: Callable[[], int] = wall_us
    _filter: Revisions = field(init=False)
    _series: dict[SeriesKey, dict[bytes, bytes]] = field(default_factory=dict)  # window start -> record

    def __post_init__(self) -> None:
        self._filter = Revisions(self.choice)

    def take(self, key: bytes | None, value: bytes | None) -> None:
        """A record of the topic, wanted or not."""
        if key is None or not self._filter.wants(key, value):
            return
        parts = window_key(key)
        windows = self._series.setdefault(parts.series, {})
        if value is None:
            windows.pop(parts.start, None)
            return
        windows[parts.start] = value
        if len(windows) > HISTORY:
            del windows[min(windows)]

    def rows(self, now_us: int) -> list[tuple[str, ...]]:
        """kpi, window, segment, value, sparkline, status, age; short windows first, totals before segments."""
        return [
            self._row(self._series[series], now_us)
            for series in sorted(self._series, key=_order)
            if self._series[series]
        ]

    def table(self, now_us: int, limit: int) -> Table:
        """At most `limit` rows, and in the caption how many are left out."""
        rows = self.rows(now_us)
        left = len(rows) - limit
        caption = f"{left} more: choose with --kpi, --window" if left > 0 else None
        table = Table(title=None, caption=caption, expand=False)
        for name in ("kpi", "window", "segment"):
            table.add_column(name, no_wrap=True)
        table.add_column("value", justify="right", no_wrap=True)
        table.add_column(f"last {HISTORY} windows", no_wrap=True, min_width=HISTORY)
        table.add_column("status", no_wrap=True)
        table.add_column("age", justify="right", no_wrap=True)
        for *cells, status, age in rows[:limit]:
            table.add_row(*(Text(cell) for cell in cells), Text(status, STYLES[Status(status)]), Text(age))
        return table

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        limit = max(1, console.size.height - _FRAME_LINES) if self.limit is None else self.limit
        yield self.table(self.clock_us(), limit)

    def _row(self, windows: dict[bytes, bytes], now_us: int) -> tuple[str, ...]:
        records = [read_value(windows[start]) for start in sorted(windows)]
        last = records[-1]
        line = sparkline([_number(record) for record in records])
        place = "" if last.dimension == "all" else f"{last.dimension} {last.segment}"
        age = age_text(last.emitted_at, now_us)
        return (last.kpi, last.window, place, value_text(last, self.currency), line, last.status.value, age)


def _number(record: KpiValueRecord) -> float | None:
    return None if record.value is None else float(record.value)


def _order(series: SeriesKey) -> tuple[int, bytes, bool, bytes, bytes]:
    key = WindowKey(series[0], series[1], series[2], b"", series[3])
    name = key.window.decode(errors="replace")
    place = WINDOW_ORDER.index(name) if name in WINDOW_ORDER else len(WINDOW_ORDER)
    return (place, key.kpi, key.dimension != b"all", key.dimension, key.segment)

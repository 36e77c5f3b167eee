"""One row of the live table: what is shown of a series, and which columns a terminal has room for."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

from rich.cells import cell_len

from streams.publication import KpiValueRecord
from streams.tools.value_text import ABSENT, value_text


class Row(NamedTuple):
    """As text. `alert`: the level that fires; `last_week`: of the newest complete window; `line`: a sparkline."""

    alert: str
    kpi: str
    window: str
    segment: str
    value: str
    interval: str
    last_week: str
    goal: str
    line: str
    status: str
    age: str


@dataclass(frozen=True, slots=True)
class Column:
    """Of a Row. `least`: characters a sparkline may be cut to; None: it is shown whole or not at all."""

    name: str
    head: str
    right: bool = False
    least: int | None = None


COLUMNS: Final = (
    Column("alert", "alert"),
    Column("kpi", "kpi"),
    Column("window", "window"),
    Column("segment", "segment"),
    Column("value", "value", right=True),
    Column("interval", "95 %", right=True),
    Column("last_week", "a week before", right=True),
    Column("goal", "goal"),
    Column("line", "last windows", least=8),
    Column("status", "status"),
    Column("age", "age", right=True),
)
DROPPED_FIRST: Final = ("age", "interval", "line", "status", "last_week", "goal")
"""What a narrow terminal does without, in this order; the rest says what is how much, and what is wrong."""

_BORDER, _OF_A_COLUMN = 1, 3  # a line, and a line with a blank on each side


def fitting(rows: Sequence[Row], width: int) -> dict[str, int]:
    """The columns that are shown and how wide they are: empty ones never, and so many that the table fits."""
    widths = {column.name: _width(column, rows) for column in COLUMNS}
    widths = {name: wide for name, wide in widths.items() if wide}
    for name in DROPPED_FIRST:
        over = _BORDER + sum(wide + _OF_A_COLUMN for wide in widths.values()) - width
        if over <= 0:
            break
        least = next(column.least for column in COLUMNS if column.name == name)
        if least is not None and name in widths and widths[name] - over >= least:
            widths[name] -= over
        else:
            widths.pop(name, None)
    return widths


def _width(column: Column, rows: Sequence[Row]) -> int:
    """0: no row has anything to show."""
    widest = max((cell_len(getattr(row, column.name)) for row in rows), default=0)
    return max(widest, cell_len(column.head)) if widest else 0


def change_text(now: float, before: float | None, *, share: bool) -> str:
    """How a value differs from one before: shares in points, everything else in percent; empty where nothing is known.

    `+0.35 points`, `-12.0 %`.
    """
    if before is None:
        return ""
    if share:
        return f"{100 * (now - before):+.2f} points"
    return f"{(now - before) / abs(before):+.1%}".replace("%", " %") if before else ABSENT


def goal_text(attainment: float | None, target: KpiValueRecord | None, expected: float | None, currency: str) -> str:
    """`70 % of 50,000.00 GBP (75 % by now)`: attained, the target, and what is usually attained by now."""
    if target is None or target.value is None:
        return ""
    aim, attained = float(target.value), "?" if attainment is None else f"{attainment:.0%}".replace("%", " %")
    due = expected / aim if expected is not None and aim else None
    by_now = "" if due is None or due == 1 else f" ({due:.0%} by now)".replace("%", " %")
    return f"{attained} of {value_text(target, currency)}{by_now}"

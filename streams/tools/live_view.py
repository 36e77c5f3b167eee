"""What `kpi values --follow` shows: how the pipeline is, the table, and what fires. No I/O."""

from dataclasses import dataclass

from rich.console import Console, ConsoleOptions, RenderResult

from streams.tools.live_alerts import LiveAlerts
from streams.tools.live_pipeline import LivePipeline
from streams.tools.live_table import LiveTable

ALERTS = 6
"""Alerts listed; they take two lines each."""
_FRAME_LINES = 6  # of the table: head, rules, foot and note


@dataclass(frozen=True, slots=True)
class LiveView:
    """Taken from and rendered in one thread. The table gets the lines that are left."""

    table: LiveTable
    alerts: LiveAlerts
    pipeline: LivePipeline

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        now_us = self.table.clock_us()
        lines = [self.pipeline.line(now_us), *self.alerts.lines(now_us, ALERTS)]
        rows = max(1, console.size.height - _FRAME_LINES - len(lines))
        yield lines[0]
        yield self.table.table(now_us, rows if self.table.limit is None else self.table.limit, options.max_width)
        yield from lines[1:]

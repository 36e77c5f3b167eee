"""Whether the figures are of now, as a line: from `kpi-status` and what the workers have not read yet. No I/O."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Final

import msgspec
from rich.text import Text

from models.outcome import Ledger
from models.status import MeasureStatus, MonitorStatus, TaskStatus, read_status
from streams.tools import instant
from streams.tools.value_text import length_text

SILENT_AFTER_US: Final = 15 * instant.SECOND_US
"""A worker tells of itself with every commit: every second, unless it waits for a transaction of 10 s to end."""


@dataclass(slots=True)
class LivePipeline:
    """Takes records of `kpi-status`, and looks at the lag. Times: wall clock, us since 1970 UTC."""

    unread: Mapping[str, int] | None = None
    """Records by topic that no worker has read; None: not known yet."""
    oldest_s: float = 0.0
    """Age of the oldest of them."""
    _tasks: dict[str, TaskStatus] = field(default_factory=dict)

    def take(self, key: bytes | None, value: bytes | None) -> None:
        """A record of the topic; what a newer worker writes there is passed over."""
        name = (key or b"").decode("utf-8", "replace")
        if value is None:
            self._tasks.pop(name, None)
            return
        try:
            self._tasks[name] = read_status(value)
        except msgspec.DecodeError:
            return

    def line(self, now_us: int) -> Text:
        """In words; `BEHIND` and `SILENT` are red as well."""
        if not self._tasks and self.unread is None:
            return Text("pipeline: looking")
        if not self._tasks:
            return Text("pipeline SILENT: no worker has told of itself yet", "bold red")
        silent_us = now_us - max(task.emitted_us for task in self._tasks.values())
        if silent_us > SILENT_AFTER_US:
            return Text(f"pipeline SILENT: no worker has told of itself for {length_text(silent_us)}", "bold red")
        account = f"{self._watermark()}{self._account()}"
        if self.unread is None:
            return Text(f"pipeline: looking what is unread{account}")
        waiting = {topic: number for topic, number in self.unread.items() if number}
        if not waiting:
            return Text(f"pipeline up to date{account}")
        where = ", ".join(f"{topic} {number:,}" for topic, number in waiting.items())
        age, total = length_text(round(self.oldest_s * instant.SECOND_US)), sum(waiting.values())
        behind = f"pipeline BEHIND: {total:,} records not read yet ({where}), the oldest {age} old"
        return Text(behind + account, "bold red")

    def _watermark(self) -> str:
        monitors = (task for task in self._tasks.values() if isinstance(task, MonitorStatus))
        known = [at_us for task in monitors for at_us in task.watermarks_us.values()]
        return f" · figures up to {instant.render(min(known) // 1_000_000 * 1_000_000)}" if known else ""

    def _account(self) -> str:
        ledger = Ledger()
        for task in self._tasks.values():
            if isinstance(task, MeasureStatus):
                ledger.add(task.ledger)
        lost = ((ledger.late, "late"), (ledger.invalid, "invalid"))
        said = "".join(f", {number:,} {word}" for number, word in lost if number)
        return f" · {ledger.received:,} events{said}" if ledger.received else ""

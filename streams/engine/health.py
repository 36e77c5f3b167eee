"""What a probe is told: alive, and ready or why not."""

from dataclasses import dataclass, field

BROKER_SILENT_AFTER_S = 10.0
"""The consumer hears from the broker about ten times a second, also without records."""


@dataclass(slots=True)
class Health:
    """Kept by the engine; times are monotonic seconds. `opened`: tasks run; `heard_s`: last answer of the broker."""

    opened: bool = False
    heard_s: float | None = None
    stuck: bool = False
    faults: list[str] = field(default_factory=list)

    def reasons(self, now_s: float) -> list[str]:
        """Why the worker is not ready; empty when it is."""
        found = list(self.faults)
        if not self.opened:
            found.append("no tasks yet: joining the group or restoring state")
        if self.heard_s is None or now_s - self.heard_s > BROKER_SILENT_AFTER_S:
            found.append("the broker does not answer")
        if self.stuck:
            found.append("records are waiting and no position moves")
        return found

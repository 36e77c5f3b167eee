"""What a probe is told: alive, and ready or why not."""

from dataclasses import dataclass

BROKER_SILENT_AFTER_S = 10.0
"""The consumer hears from the broker about ten times a second, also without records."""

UNWATCHED_AFTER_S = 30.0
"""The watchdog looks ten times a second; an event loop that only hung answers no probe at all."""


@dataclass(slots=True)
class Health:
    """Kept by the engine; times are monotonic seconds. `joined`: the group has told this worker its tasks, maybe none.

    `heard_s`: the last answer of the broker to a task; `stuck`: records wait and no position moves; `watched_s`: the
    last look of the watchdog, which ends a worker that stays stuck. None before the first.
    """

    joined: bool = False
    tasks: int = 0
    heard_s: float | None = None
    stuck: bool = False
    watched_s: float | None = None

    def faults(self, now_s: float) -> list[str]:
        """Why the process is to be killed and started anew; empty while it can mend or end itself.

        A broker that is away is no reason, nor a long restore: a new process would not do better.
        """
        unwatched = self.watched_s is not None and now_s - self.watched_s > UNWATCHED_AFTER_S
        return ["its watchdog has stopped: nobody would end it if it were stuck"] if unwatched else []

    def silent(self, now_s: float) -> bool:
        """Whether nothing was heard of the broker for longer than a rest explains."""
        return self.heard_s is None or now_s - self.heard_s > BROKER_SILENT_AFTER_S

    def reasons(self, now_s: float) -> list[str]:
        """Why the worker is not ready; empty when it is."""
        if not self.joined:
            return ["joining the group or restoring state"]
        found = []
        if self.tasks and self.silent(now_s):
            found.append("the broker does not answer")
        if self.stuck:
            found.append("records are waiting and no position moves")
        return found

"""What `kpi notify` still waits for before it can deliver: the /readyz of that process."""

from dataclasses import dataclass, field

SILENT_AFTER_US = 10_000_000
"""The follower hears from the broker about twice a second, also without records."""


@dataclass(slots=True)
class Readiness:
    """Kept by the lines of `kpi notify`, which say in plain words what each of them waits for."""

    _waits: dict[str, str] = field(default_factory=lambda: {"broker": "connecting to the broker"})
    _heard_us: int | None = None  # wall clock

    def wait(self, line: str, why: str) -> None:
        """A line cannot deliver."""
        self._waits[line] = why

    def go(self, line: str) -> None:
        """It can."""
        self._waits.pop(line, None)

    def heard(self, at_us: int) -> None:
        """The broker answered at a moment of the wall clock, us since 1970 UTC."""
        self._heard_us = at_us if self._heard_us is None else max(self._heard_us, at_us)

    def reasons(self, now_us: int) -> list[str]:
        """Why alerts are not delivered now; none when they are."""
        if self._waits:
            return list(self._waits.values())
        silent = self._heard_us is None or now_us - self._heard_us > SILENT_AFTER_US
        return ["the broker does not answer"] if silent else []

"""Finds a worker that is stuck: it may have unread records, and no position has moved for too long."""

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Progress:
    """What was last seen: positions by input, and when (monotonic s) any of them moved or none had to."""

    positions: Mapping[object, int]
    moved_s: float

    def seen(self, positions: Mapping[object, int], *, resting: bool, now_s: float) -> "Progress":
        """The progress after another look; `resting`: it is known that no record is unread."""
        moved = resting or positions != self.positions
        return Progress(dict(positions), now_s if moved else self.moved_s)

    def stuck(self, stuck_after_s: float, now_s: float) -> bool:
        """Whether to give up."""
        return now_s - self.moved_s >= stuck_after_s

"""A histogram that takes many observations at once: a batch of events with one delay."""

from bisect import bisect_left
from dataclasses import dataclass, field

FINE_S = (0.01, 0.025, 0.05, 0.075, 0.1, 0.15, 0.2, 0.25, 0.3, 0.4, 0.5, 0.6, 0.75, 1.0, 1.5, 2.5, 5.0, 10.0, 30.0)
"""Bounds around the delays this product promises, in seconds."""


@dataclass(slots=True)
class Histogram:
    """Counts by upper bound, in seconds; the last count is that of +Inf."""

    bounds: tuple[float, ...] = FINE_S
    counts: list[int] = field(default_factory=list)
    total_s: float = 0.0

    def __post_init__(self) -> None:
        self.counts = [0] * (len(self.bounds) + 1)

    def observe(self, seconds: float, n: int = 1) -> None:
        """Count `n` observations of the same length."""
        self.counts[bisect_left(self.bounds, seconds)] += n
        self.total_s += seconds * n

    def buckets(self) -> list[tuple[str, float]]:
        """Cumulative, as Prometheus wants them."""
        running, found = 0, []
        for bound, count in zip((*map(str, self.bounds), "+Inf"), self.counts, strict=True):
            running += count
            found.append((bound, float(running)))
        return found

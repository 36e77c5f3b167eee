"""The two clocks of the engine, in one place: a simulation brings its own."""

import time
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Clock:
    """`wall_us`: us since 1970 UTC, the `now` of a step; `monotonic_s`: seconds that never go back, for intervals."""

    wall_us: Callable[[], int]
    monotonic_s: Callable[[], float]


def wall_us() -> int:
    """The wall clock, us since 1970 UTC."""
    return time.time_ns() // 1000


SYSTEM = Clock(wall_us, time.monotonic)

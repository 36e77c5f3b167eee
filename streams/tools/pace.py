"""How fast event time runs: `--speed`, as schedules without a clock, and the one thing that waits by the clock."""

import asyncio
import math
import time
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Protocol

from models.errors import SettingsError
from streams.tools.instant import SECOND_US

MAX = math.inf
_SHORTEST_S = 0.005  # what is due within it goes out together: at 10,000 events/s, 50 in a batch and not one by one
_LONGEST_S = 0.05  # an interrupt is answered at once


def parse_speed(text: str) -> float:
    """Seconds of event time a second of wall clock; `max` is as fast as it goes. SettingsError for anything else."""
    if text == "max":
        return MAX
    try:
        speed = float(text)
    except ValueError:
        speed = math.nan
    if not 0 < speed < math.inf:
        raise SettingsError("--speed", f'"{text}" is no speed', "write a number above 0, like 60, or max")
    return speed


@dataclass(frozen=True, slots=True)
class Pace:
    """Event time starts at `start_us` and runs `speed` times as fast as the wall clock."""

    start_us: int
    speed: float

    def wait_s(self, turn_us: int, elapsed_s: float) -> float:
        """Seconds still to wait, `elapsed_s` after the start, for the turn of an event; 0 or less when it has come."""
        return (turn_us - self.start_us) / SECOND_US / self.speed - elapsed_s


@dataclass(frozen=True, slots=True)
class LivePace:
    """As Pace, but never ahead of the wall clock, which said `now_us` at the start: caught up, it runs at speed 1."""

    start_us: int
    speed: float
    now_us: int

    def wait_s(self, turn_us: int, elapsed_s: float) -> float:
        """Seconds still to wait, `elapsed_s` after the start, for the turn of an event; 0 or less when it has come."""
        by_speed_s = (turn_us - self.start_us) / SECOND_US / self.speed
        by_clock_s = (turn_us - self.now_us) / SECOND_US
        return max(by_speed_s, by_clock_s) - elapsed_s


class Schedule(Protocol):
    """When an event's turn comes."""

    def wait_s(self, turn_us: int, elapsed_s: float) -> float:
        """Seconds still to wait, `elapsed_s` after the start; 0 or less when the turn has come."""


@dataclass(frozen=True, slots=True)
class Turns:
    """Waits for the turn of each event from now on (wall clock); `push` sends out what is already handed over."""

    push: Callable[[], Awaitable[None]]
    schedule: Schedule
    started_s: float = field(default_factory=time.monotonic)

    async def wait(self, turn_us: int) -> None:
        """Return when the turn has come, up to 5 ms late, never early."""
        while (wait_s := self.schedule.wait_s(turn_us, time.monotonic() - self.started_s)) > 0:
            await self.push()
            await asyncio.sleep(min(max(wait_s, _SHORTEST_S), _LONGEST_S))

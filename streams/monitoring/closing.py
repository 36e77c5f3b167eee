"""Which windows of a group of KPIs the watermark closes, and which is open to the public.

          closed before              earliest open
----------------|----------------------|------------->  window numbers of one kind
 final; changed:   ended, within          open; only the earliest is
 corrected         allowed lateness       published, provisionally
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from heapq import heappop, heappush

from models.kpi_value import Status
from models.slices import Slice
from models.window import Window
from streams.monitoring.windows import WindowedTable

MAX_SLICES = 500
"""Slices of windows closed in one step: some 20 ms of work, so a replay of a year does not hold up the event loop."""

Touched = dict[tuple[str, int], dict[Slice, set[str]]]
"""Measures that changed since they were last published, by window name and number, and by slice."""


def closed_before(window: Window, watermark_us: int, allowed_lateness_us: int) -> int:
    """Windows below this number are final at this watermark."""
    return window.earliest_open(watermark_us - allowed_lateness_us)


def kept_from(window: Window, watermark_us: int, allowed_lateness_us: int, horizon_us: int) -> int:
    """Windows below this number are let go: no event within `horizon_us` can reach them."""
    kept_us = min(horizon_us, window.corrected_for_us or horizon_us)
    return window.earliest_open(watermark_us - allowed_lateness_us - kept_us)


@dataclass(slots=True)
class Agenda:
    """The windows of a group that are not closed yet, earliest end first. Not stored: it follows from the cells."""

    _ends: list[tuple[int, str, int]] = field(default_factory=list)
    _known: set[tuple[str, int]] = field(default_factory=set)

    def add(self, window: Window, number: int) -> None:
        """A window that has a cell."""
        if (window.name, number) not in self._known:
            self._known.add((window.name, number))
            heappush(self._ends, (window.end_us(number), window.name, number))

    def close(
        self, table: WindowedTable, clocks: Sequence[str], goal_us: int, allowed_lateness_us: int
    ) -> tuple[list[tuple[str, int]], int]:
        """Take the windows that the watermark `goal_us` closes, as many as a step may.

        Answers them and the watermark at which just these are closed: windows that end together close together.
        """
        closed: list[tuple[str, int]] = []
        slices, last_us = 0, 0
        while self._ends and self._ends[0][0] + allowed_lateness_us <= goal_us:
            end_us, name, number = self._ends[0]
            if slices >= MAX_SLICES and end_us > last_us:
                return closed, end_us + allowed_lateness_us - 1
            heappop(self._ends)
            self._known.discard((name, number))
            closed.append((name, number))
            slices += sum(len(table.row(clock, name, number)) for clock in clocks)
            last_us = end_us
        return closed, goal_us


@dataclass(slots=True)
class Unpublished:
    """What a group has to publish next. Not stored: what is closed is published in the same commit.

    `provisional`: by window name, the number published last and when (wall clock, us).
    """

    agenda: Agenda = field(default_factory=Agenda)
    open: Touched = field(default_factory=dict)
    closed: Touched = field(default_factory=dict)
    provisional: dict[str, tuple[int, int]] = field(default_factory=dict)

    def touch(self, window: Window, number: int, before: int | None) -> dict[Slice, set[str]]:
        """Where a change of a window is noted: as a correction if it is closed (below `before`), else for its turn."""
        key = (window.name, number)
        if before is not None and number < before:
            return self.closed.setdefault(key, {})
        if key not in self.open:
            self.agenda.add(window, number)
        return self.open.setdefault(key, {})

    def corrected(self) -> list[tuple[str, int]]:
        """Windows that were closed before and changed."""
        return list(self.closed)

    def provisional_due(self, kinds: Iterable[Window], watermark_us: int, now_us: int) -> Iterator[tuple[str, int]]:
        """The earliest open window of each kind, if it changed and was not published just now."""
        for window in kinds:
            number = window.earliest_open(watermark_us)
            last_number, last_us = self.provisional.get(window.name, (None, 0))
            rested = number != last_number or now_us - last_us >= window.provisional_every_us
            if rested and (window.name, number) in self.open:
                self.provisional[window.name] = (number, now_us)
                yield window.name, number

    def take(self, key: tuple[str, int], status: Status) -> dict[Slice, set[str]]:
        """What changed in a window, which is published now."""
        return (self.closed if status is Status.CORRECTED else self.open).pop(key, {})

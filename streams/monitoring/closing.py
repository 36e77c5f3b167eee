"""Which windows of a group of KPIs the watermark closes, and which is open to the public.

          closed before              earliest open
----------------|----------------------|------------->  window numbers of one kind
 final; changed:   ended, within          open; only the earliest is
 corrected         allowed lateness       published, provisionally

A window is on the agenda when it has a cell. Of the kinds that are `walked` every window is, from the first one with
data on: each that closes is followed by the next, so a night of zeros costs one entry at a time, and a gap of a year is
closed in many short steps.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from heapq import heappop, heappush

from models.kpi_value import Status
from models.slices import Slice
from models.window import HOUR_US, Window

MAX_SLICES = 500
"""Slices of windows closed in one step: some 20 ms of work, so a replay of a year does not hold up the event loop."""

Key = tuple[str, int]
"""Window name and number."""

Changed = defaultdict[Slice, set[str]]
"""Measures of a window that changed since they were last published, by slice."""

Touched = dict[Key, Changed]
"""The same by window name and number."""


def closed_before(window: Window, watermark_us: int, allowed_lateness_us: int) -> int:
    """Windows below this number are final at this watermark."""
    return window.earliest_open(watermark_us - allowed_lateness_us)


def shown_empty(window: Window, number: int, now_us: int) -> bool:
    """Whether a window without events is published as 0: those below an hour only within an hour of the wall clock."""
    return window.corrected_for_us is None or window.end_us(number) > now_us - HOUR_US


@dataclass(frozen=True, slots=True)
class Closed:
    """What one step closes; `at_us`: the watermark at which just these are closed. `more`: the step was cut short."""

    keys: list[Key]
    at_us: int
    more: bool


@dataclass(slots=True)
class Agenda:
    """The windows of a group that are not closed yet, earliest end first. Not stored: it follows from the tables."""

    walked: frozenset[str] = frozenset()
    _ends: list[tuple[int, str, int]] = field(default_factory=list)
    _known: dict[Key, Window] = field(default_factory=dict)

    def add(self, window: Window, number: int) -> None:
        """A window that is to be closed."""
        if (window.name, number) not in self._known:
            self._known[window.name, number] = window
            heappush(self._ends, (window.end_us(number), window.name, number))

    def close(self, slices_of: Callable[[Key], int], goal_us: int, allowed_lateness_us: int, now_us: int) -> Closed:
        """Take the windows that the watermark `goal_us` closes, as many as a step may.

        Windows that end together close together. `slices_of` says how much work a window is.
        """
        keys: list[Key] = []
        slices, last_us = 0, 0
        while self._ends and self._ends[0][0] + allowed_lateness_us <= goal_us:
            end_us, name, number = self._ends[0]
            if slices >= MAX_SLICES and end_us > last_us:
                return Closed(keys, end_us + allowed_lateness_us - 1, more=True)
            heappop(self._ends)
            window = self._known.pop((name, number))
            keys.append((name, number))
            if name in self.walked:
                self._add_next(window, number, now_us)
            slices += max(1, slices_of((name, number)))
            last_us = end_us
        return Closed(keys, goal_us, more=False)

    def _add_next(self, window: Window, number: int, now_us: int) -> None:
        """The next one that is published even if it stays empty."""
        soonest = number + 1
        if not shown_empty(window, soonest, now_us):
            soonest = max(soonest, window.earliest_open(now_us - HOUR_US))
        self.add(window, soonest)


@dataclass(slots=True)
class Unpublished:
    """What a group has to publish next. Not stored: what is closed is published in the same commit.

    `began`: by name of a walked window, the first number with data; `kept`: the first one that can be corrected.
    `provisional`: by window name, the number published last and when (wall clock, us).
    `raised`: the stock measures of a slice that changed in all windows of a kind after a number.
    """

    agenda: Agenda = field(default_factory=Agenda)
    began: dict[str, int] = field(default_factory=dict)
    kept: Mapping[str, int] = field(default_factory=dict)
    open: Touched = field(default_factory=dict)
    closed: Touched = field(default_factory=dict)
    provisional: dict[str, tuple[int, int]] = field(default_factory=dict)
    raised: dict[tuple[str, Slice], tuple[int, set[str]]] = field(default_factory=dict)
    begun: set[str] = field(default_factory=set)  # names of which `began` changed

    def touch(self, window: Window, number: int, before: int | None) -> Changed:
        """Where a change of a window is noted: as a correction if it is closed (below `before`), else for its turn."""
        key = (window.name, number)
        noted = self.open if before is None or number >= before else self.closed
        found = noted.get(key)
        if found is None:
            found = noted[key] = defaultdict(set)
            if noted is self.open:
                self.agenda.add(window, number)
            if window.name in self.agenda.walked and number < self.began.get(window.name, number + 1):
                self._begin(window, number, before)
        return found

    def raise_from(self, window: Window, number: int, before: int | None, piece: Slice, names: Iterable[str]) -> None:
        """Stock measures changed in a window and all later ones."""
        self.touch(window, number, before)[piece].update(names)
        first, known = self.raised.get((window.name, piece), (number, set()))
        self.raised[window.name, piece] = (min(first, number), known | set(names))

    def spread(self, window: Window, before: int | None, watermark_us: int) -> None:
        """Touch the later windows that such a change reaches, up to the earliest open one."""
        for name, piece in [place for place in self.raised if place[0] == window.name]:
            number, names = self.raised.pop((name, piece))
            for later in range(number + 1, window.earliest_open(watermark_us) + 1):
                self.touch(window, later, before)[piece].update(names)

    def corrected(self) -> list[Key]:
        """Windows that were closed before and changed."""
        return list(self.closed)

    def provisional_due(self, kinds: Iterable[Window], watermark_us: int, now_us: int) -> Iterator[Key]:
        """The earliest open window of each kind, if it changed and was not published just now."""
        for window in kinds:
            number = window.earliest_open(watermark_us)
            last_number, last_us = self.provisional.get(window.name, (None, 0))
            rested = number != last_number or now_us - last_us >= window.provisional_every_us
            if rested and (window.name, number) in self.open:
                self.provisional[window.name] = (number, now_us)
                yield window.name, number

    def take(self, key: Key, status: Status) -> dict[Slice, set[str]]:
        """What changed in a window, which is published now."""
        return (self.closed if status is Status.CORRECTED else self.open).pop(key, {})

    def _begin(self, window: Window, number: int, before: int | None) -> None:
        """The first window with data: from it to the one thought first windows were passed that are due after all."""
        was = self.began.get(window.name)
        self.began[window.name] = number
        self.begun.add(window.name)
        if before is not None:
            last = before if was is None else min(before, was)
            for empty in range(max(number, self.kept.get(window.name, number)), last):
                self.agenda.add(window, empty)
            self.agenda.add(window, max(number, before))

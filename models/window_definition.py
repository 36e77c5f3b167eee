"""Windows that a shop defines for itself, in `windows:` of kpis.yaml.

windows:
  15m: {length: 15m, hop: 5m}     three panes of five minutes
  week: {length: 7d, hop: 7d}     calendar weeks, from Monday; 14d by 1d: two weeks up to every midnight
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final
from zoneinfo import ZoneInfo

from models import duration
from models.source import Node
from models.window import MINUTE_US, DayGrid, FixedGrid, Grid, WeekGrid, Window

HOUR_US: Final = 60 * MINUTE_US
DAY_US: Final = 24 * HOUR_US
WEEK_US: Final = 7 * DAY_US
MAX_PANES: Final = 60
"""Windows that hold one event: each is a sum to keep for every segment. An hour by minutes is as fine as it gets."""

MAX_LENGTH_US: Final = 366 * DAY_US
Shape = tuple[int, int]
"""Length and hop of a kind of window, us."""

Shapes = Mapping[str, Shape | None]
"""By name of the kind; None: months, which have no length."""

TAKEN: Final[Shapes] = {
    "1m": (MINUTE_US, MINUTE_US),
    "5m": (5 * MINUTE_US, MINUTE_US),
    "1h": (HOUR_US, 5 * MINUTE_US),
    "1d": (DAY_US, DAY_US),
    "7d": (WEEK_US, DAY_US),
    "30d": (30 * DAY_US, DAY_US),
    "1M": None,
}
"""The windows that everybody has."""

_NAME: Final = re.compile(r"[a-z0-9][a-z0-9_]{0,15}")
_FINE_US: Final = 5 * MINUTE_US
_SECOND_US: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class WindowDefinition:
    """A kind of window: `length_us` long, one beginning every `hop_us`; both in us of event time."""

    name: str
    length_us: int
    hop_us: int

    def window(self, zone: ZoneInfo) -> Window:
        """The kind, with its days in the business timezone.

        Published and corrected as the built-in ones: an open one every 1/60 of its length, from 1 s to 60 s; windows
        that begin more often than every 5 minutes are corrected for an hour at most, as there are so many of them.
        """
        every_us = min(max(self.length_us // 60, _SECOND_US), MINUTE_US)
        corrected_for_us = HOUR_US if self.hop_us < _FINE_US else None
        return Window(self.name, self._grid(zone), self.length_us // self.hop_us, every_us, corrected_for_us)

    def _grid(self, zone: ZoneInfo) -> Grid:
        if self.hop_us == WEEK_US:
            return WeekGrid(DayGrid(zone))
        return DayGrid(zone) if self.hop_us == DAY_US else FixedGrid(self.hop_us)


def defined_windows(definitions: Iterable[WindowDefinition], zone: ZoneInfo) -> dict[str, Window]:
    """The kinds by name, to be added to those of `models.window.windows`."""
    return {definition.name: definition.window(zone) for definition in definitions}


def read_windows(node: Node) -> tuple[WindowDefinition, ...]:
    """The entries of `windows:`; raises DefinitionError."""
    found: dict[tuple[int, int], str] = {shape: name for name, shape in TAKEN.items() if shape}
    definitions = []
    for name, entry in node.entries().items():
        definition = _window(name, entry)
        shape = (definition.length_us, definition.hop_us)
        if shape in found:
            raise entry.error(f"the same windows as {found[shape]}", f"use {found[shape]}")
        found[shape] = name
        definitions.append(definition)
    return tuple(definitions)


def _window(name: str, node: Node) -> WindowDefinition:
    if name in TAKEN:
        raise node.error(f'"{name}" is a window that everybody has', "use it without defining it")
    if not _NAME.fullmatch(name):
        raise node.error(f'"{name}" is no name of a window', "use at most 16 of a-z 0-9 _, like 15m")
    parts = node.fields(required=("length",), optional=("hop",))
    length_us = _whole_minutes(parts["length"])
    hop_us = _whole_minutes(parts["hop"]) if "hop" in parts else length_us
    _check_name(name, node, length_us)
    _check_length(parts["length"], length_us)
    _check_hop(parts.get("hop", parts["length"]), length_us, hop_us)
    return WindowDefinition(name, length_us, hop_us)


def _whole_minutes(node: Node) -> int:
    us = node.duration_us()
    if us <= 0 or us % MINUTE_US:
        raise node.error(f"{duration.text(us)} is no whole number of minutes", "write 1m or a multiple of it")
    return us


def _check_name(name: str, node: Node, length_us: int) -> None:
    """A name that reads as a duration must not lie about the length."""
    try:
        said_us = duration.parse(name)
    except duration.NotADuration:
        return
    if said_us != length_us:
        length = duration.text(length_us)
        raise node.error(f"the name says {name}, the length is {length}", f"name it {length} or give it a word")


def _check_length(node: Node, length_us: int) -> None:
    if length_us > MAX_LENGTH_US:
        raise node.error(f"{duration.text(length_us)} is longer than a year", "write 366d or less")


def _check_hop(node: Node, length_us: int, hop_us: int) -> None:
    hop, length = duration.text(hop_us), duration.text(length_us)
    if hop_us > length_us or length_us % hop_us:
        raise node.error(f"a hop of {hop} does not divide the length {length}", _divisors(length_us))
    unit_us = HOUR_US if hop_us <= HOUR_US else DAY_US
    if hop_us < DAY_US and unit_us % hop_us:
        unit = "an hour" if unit_us == HOUR_US else "a day"
        raise node.error(f"a hop of {hop} does not divide {unit}", _divisors(length_us))
    if hop_us >= DAY_US and hop_us not in {DAY_US, WEEK_US}:
        raise node.error(f"a hop of {hop} follows no calendar", "write 1d, or 7d for weeks from Monday")
    if length_us // hop_us > MAX_PANES:
        raise node.error(f"every event would be in {length_us // hop_us} windows", _divisors(length_us))


def _divisors(length_us: int) -> str:
    """The remedy: hops that are possible for a length."""
    minutes = [n for n in range(1, 61) if 60 % n == 0] + [60 * n for n in range(2, 13) if 24 % n == 0]
    candidates = [n * MINUTE_US for n in minutes] + [DAY_US, WEEK_US]
    fit = [us for us in candidates if length_us % us == 0 and length_us // us <= MAX_PANES]
    return f"possible are {' '.join(map(duration.text, fit))}" if fit else "choose a length that hops divide"


def shapes(definitions: Iterable[WindowDefinition]) -> Shapes:
    """Of the windows that everybody has and of those defined beside them."""
    return {**TAKEN, **{one.name: (one.length_us, one.hop_us) for one in definitions}}


def lengths(names: Iterable[str], definitions: Iterable[WindowDefinition]) -> Mapping[str, str]:
    """By name, how a kind of window is said in a table: `15m by 5m`."""
    known = shapes(definitions)
    said = {}
    for name in names:
        match known.get(name):
            case (length_us, hop_us):
                by = "" if length_us == hop_us else f" by {duration.text(hop_us)}"
                said[name] = f"{duration.text(length_us)}{by}"
            case _:
                said[name] = "calendar month"
    return said

"""Values of a series as promtool writes them: `1+1x2 _ stale` is 1, 2, 3, nothing, and a moment that is behind.

    3         a value               -1.5, 1e3
    3x2       three of them         the value and two more
    3+2x2     3 5 7                 3-2x2 is 3 1 -1
    _         no value              _x3 is three times none
    null      a ratio over 0
    stale     no value, and the pipeline is behind: open windows are not judged

Source: prometheus.io, Unit Testing for Rules. `stale` there ends a series; here nothing of a KPI does.
"""

import re
from dataclasses import dataclass
from decimal import Decimal
from typing import Final

_NUMBER: Final = r"-?[0-9]{1,18}(?:\.[0-9]{1,18})?(?:e[+-]?[0-9]{1,2})?"  # what a float holds, with room for units
_RUN: Final = re.compile(rf"(?P<first>{_NUMBER})(?:(?P<sign>[+-])(?P<step>{_NUMBER}))?(?:x(?P<times>[0-9]+))?")
_NONE: Final = re.compile(r"(?P<word>_|null|stale)(?:x(?P<times>[0-9]+))?")
MAX_VALUES: Final = 100_000
"""Of a series: ten weeks of minutes."""


@dataclass(frozen=True, slots=True)
class Point:
    """One window. `value` None: none, or with `null` one over 0; `stale`: the pipeline is behind."""

    value: Decimal | None = None
    null: bool = False
    stale: bool = False


class BadSeries(ValueError):  # noqa: N818  (what it is, not what it does)
    """A text that is no series; says `what` is wrong and what to write (`remedy`)."""

    def __init__(self, what: str, remedy: str) -> None:
        super().__init__(f"{what}; {remedy}")
        self.what = what
        self.remedy = remedy


def points(text: str) -> tuple[Point, ...]:
    """The windows of a series, one after the other; raises BadSeries."""
    found: list[Point] = []
    for word in text.split():
        found += _expanded(word)
        if len(found) > MAX_VALUES:
            raise BadSeries(f"more than {MAX_VALUES:,} values", "test a shorter time")
    return tuple(found)


def _expanded(word: str) -> list[Point]:
    if run := _RUN.fullmatch(word):
        first, step = Decimal(run["first"]), Decimal(run["step"] or 0) * (-1 if run["sign"] == "-" else 1)
        if run["step"] and run["times"] is None:
            raise BadSeries(f'"{word}" has a step and no number of them', f"write {word}x3")
        return [Point(first + step * number) for number in range(_times(run["times"]) + 1)]
    if none := _NONE.fullmatch(word):
        point = {"_": Point(), "null": Point(null=True), "stale": Point(stale=True)}[none["word"]]
        return [point] * (_times(none["times"]) or 1 if none["word"] == "_" else _times(none["times"]) + 1)
    raise BadSeries(f'"{word}" is no value', "write numbers, 1x3, 1+1x3, _, null or stale, with blanks between")


def _times(text: str | None) -> int:
    times = int((text or "0")[:9])
    if times > MAX_VALUES:
        raise BadSeries(f"more than {MAX_VALUES:,} values", "test a shorter time")
    return times

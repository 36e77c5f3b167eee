"""A duration as people write it: a whole number and one unit, `90s`, `3m`, `1w`."""

import re
from typing import Final

UNITS_US: Final = {
    "s": 1_000_000,
    "m": 60_000_000,
    "h": 3_600_000_000,
    "d": 86_400_000_000,
    "w": 604_800_000_000,
}
_SHAPE: Final = re.compile(r"([0-9]{1,9})([a-zA-Z]*)")  # 9 digits: 10^9 weeks still are an int64 of seconds


class NotADuration(ValueError):  # noqa: N818  (what it is, not what it does)
    """A text that is no duration; says `what` is wrong and how to write it (`remedy`)."""

    def __init__(self, what: str, remedy: str) -> None:
        super().__init__(f"{what}; {remedy}")
        self.what = what
        self.remedy = remedy


def parse(text: str) -> int:
    """Microseconds of `text`; raises NotADuration. Months are no duration: they differ in length."""
    found = _SHAPE.fullmatch(text)
    if found is None:
        raise NotADuration(f'"{text}" is no duration', "write a whole number and a unit of s m h d w, like 3m")
    number, unit = found.groups()
    if not unit:
        raise NotADuration(f'"{text}" has no unit', f"write {text}m")
    if unit not in UNITS_US:
        raise NotADuration(f'"{text}" has the unit "{unit}"', f"units are s m h d w; write {number}m")
    return int(number) * UNITS_US[unit]


def text(us: int) -> str:
    """The shortest writing of `us`, whole seconds; `parse` reads it back."""
    unit = next(unit for unit in reversed(UNITS_US) if us % UNITS_US[unit] == 0) if us else "s"
    return f"{us // UNITS_US[unit]}{unit}"

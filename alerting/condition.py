"""What a value says about a rule: nothing, breach of a level, clear, or between."""

from dataclasses import dataclass
from enum import StrEnum
from typing import assert_never


class Level(StrEnum):
    """How bad it is; the order here is the order of badness."""

    WARNING = "warning"
    CRITICAL = "critical"


LEVELS = tuple(Level)
RANK = {level: rank for rank, level in enumerate(LEVELS)}


class Side(StrEnum):
    """On which side of its bound a condition holds."""

    BELOW = "below"
    ABOVE = "above"


@dataclass(frozen=True, slots=True)
class Condition:
    """Holds strictly on one side of `bound` (major units for money): exactly at the bound it does not."""

    side: Side
    bound: float

    def holds(self, value: float) -> bool:
        """Whether `value` is on the side."""
        match self.side:
            case Side.BELOW:
                return value < self.bound
            case Side.ABOVE:
                return value > self.bound
            case _:
                assert_never(self.side)


class Finding(StrEnum):
    """What a value is against a rule's levels and clear condition."""

    BREACH = "breach"
    CLEAR = "clear"
    BETWEEN = "between"  # no breach, but not clear either
    NOT_ENOUGH_VOLUME = "not_enough_volume"  # a ratio over fewer than min_denominator
    NO_VALUE = "no_value"  # a ratio over 0


@dataclass(frozen=True, slots=True)
class Judgement:
    """A finding; `level` is the worst level that is breached, None unless BREACH."""

    finding: Finding
    level: Level | None = None

    @property
    def silent(self) -> bool:
        """Whether the value says nothing, neither for nor against."""
        return self.finding in {Finding.NO_VALUE, Finding.NOT_ENOUGH_VOLUME}

    def breaches(self, level: Level) -> bool:
        """Whether `level` is breached, or a worse one."""
        return self.level is not None and RANK[self.level] >= RANK[level]


@dataclass(frozen=True, slots=True)
class Conditions:
    """The levels of a rule, at least one; `clear` None: clear when no level holds. `min_denominator` 0: any volume."""

    levels: dict[Level, Condition]
    clear: Condition | None = None
    min_denominator: int = 0

    @property
    def lowest(self) -> Level:
        """The mildest level of the rule."""
        return next(level for level in LEVELS if level in self.levels)

    def judge(self, value: float | None, denominator: int | None) -> Judgement:
        """What a value over a denominator (None for a sum) says."""
        if value is None:
            return Judgement(Finding.NO_VALUE)
        if denominator is not None and denominator < self.min_denominator:
            return Judgement(Finding.NOT_ENOUGH_VOLUME)
        for level in reversed(LEVELS):
            if level in self.levels and self.levels[level].holds(value):
                return Judgement(Finding.BREACH, level)
        if self.clear is None or self.clear.holds(value):
            return Judgement(Finding.CLEAR)
        return Judgement(Finding.BETWEEN)

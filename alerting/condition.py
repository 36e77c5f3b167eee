"""What a value says about a rule: nothing, breach of a level, clear, or between."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import assert_never

from alerting.clause import Condition, Evidence, Verdict, clauses
from alerting.reference import NOTHING, Against, Figure, Reference


class Level(StrEnum):
    """How bad it is; the order here is the order of badness."""

    WARNING = "warning"
    CRITICAL = "critical"


LEVELS = tuple(Level)
RANK = {level: rank for rank, level in enumerate(LEVELS)}


class Finding(StrEnum):
    """What a value is against a rule's levels and clear condition."""

    BREACH = "breach"
    CLEAR = "clear"
    BETWEEN = "between"  # no breach, but not clear either
    NOT_ENOUGH_VOLUME = "not_enough_volume"  # a ratio over fewer than min_denominator
    NO_VALUE = "no_value"  # a ratio over 0
    NO_PAST = "no_past"  # nothing is known of what it is compared with


_UNKNOWN = {Finding.NO_VALUE, Finding.NOT_ENOUGH_VOLUME, Finding.NO_PAST}


@dataclass(frozen=True, slots=True)
class Judgement:
    """A finding; `level` is the worst level that is breached, None unless BREACH."""

    finding: Finding
    level: Level | None = None

    @property
    def silent(self) -> bool:
        """Whether the value says nothing, neither for nor against."""
        return self.finding in _UNKNOWN

    def breaches(self, level: Level) -> bool:
        """Whether `level` is breached, or a worse one."""
        return self.level is not None and RANK[self.level] >= RANK[level]


@dataclass(frozen=True)
class Conditions:
    """The levels of a rule, at least one; `clear` None: clear when no level holds. `min_denominator` 0: any volume.

    `confident`: a level is breached only if the whole interval of the value is on the wrong side.
    """

    levels: Mapping[Level, Condition]
    clear: Condition | None = None
    min_denominator: int = 0
    confident: bool = False

    @cached_property
    def lowest(self) -> Level:
        """The mildest level of the rule."""
        return next(level for level in LEVELS if level in self.levels)

    @cached_property
    def references(self) -> frozenset[Reference]:
        """The figures beside the value that a judgement needs."""
        return frozenset(found for condition in self._all() for one in clauses(condition) for found in one.references())

    def judge(self, figure: Figure, against: Against = NOTHING) -> Judgement:
        """What a value says."""
        if figure.value is None:
            return Judgement(Finding.NO_VALUE)
        if figure.denominator is not None and figure.denominator < self.min_denominator:
            return Judgement(Finding.NOT_ENOUGH_VOLUME)
        evidence = self._evidence(figure, against)
        between: Verdict | None = None  # that of a level that neither holds nor fails
        for level in self._worst_first:
            verdict = self.levels[level].verdict(evidence)
            if verdict is Verdict.HOLDS:
                return Judgement(Finding.BREACH, level)
            if verdict is not Verdict.FAILS and (between is None or not verdict.known):
                between = verdict
        return Judgement(_finding(between or self._clear(evidence)))

    def bound(self, level: Level, figure: Figure, against: Against = NOTHING) -> float | None:
        """The limit that a level compares the value with; None: nothing is known to compare with, or it has none.

        Of several clauses that of the first which holds, else of the first.
        """
        condition, evidence = self.levels.get(level), self._evidence(figure, against)
        if condition is None:
            return None
        its = list(clauses(condition))
        holding = (one for one in its if one.verdict(evidence) is Verdict.HOLDS)
        return next(holding, its[0]).bound(evidence)

    @cached_property
    def _worst_first(self) -> tuple[Level, ...]:
        return tuple(level for level in reversed(LEVELS) if level in self.levels)

    def _clear(self, evidence: Evidence) -> Verdict:
        """HOLDS: it is clear; FAILS: it is not. Whoever wants to be sure of a breach need not be of its end."""
        return Verdict.HOLDS if self.clear is None else self.clear.verdict(evidence._replace(confident=False))

    def _evidence(self, figure: Figure, against: Against) -> Evidence:
        return Evidence(figure, against, self.confident, self.min_denominator)

    def _all(self) -> Iterator[Condition]:
        yield from self.levels.values()
        if self.clear is not None:
            yield self.clear


def _finding(verdict: Verdict) -> Finding:
    """Of a value that breaches no level."""
    match verdict:
        case Verdict.HOLDS:
            return Finding.CLEAR
        case Verdict.FAILS | Verdict.UNSURE:
            return Finding.BETWEEN
        case Verdict.NO_VALUE:
            return Finding.NO_VALUE
        case Verdict.NO_PAST:
            return Finding.NO_PAST
        case _:
            assert_never(verdict)

"""What the conditions of a rule are made of: a limit, a change against what was or should be, all or any of these.

below 2         Limit(low=2)                a value under `low` or over `high`, strictly: at the limit it is not
outside [1, 5]  Limit(low=1, high=5)
drop            Change(DROP, 0.2, versus)   a limit that follows from the past: 20 % less than it was
all, any        AllOf, AnyOf
"""

from collections.abc import Iterator
from dataclasses import dataclass
from enum import StrEnum
from functools import cached_property
from typing import NamedTuple

from alerting.baseline import Band
from alerting.reference import NOTHING, Against, Baseline, Figure, Goal, Reference, Versus


class Verdict(StrEnum):
    """Whether a condition holds, or why nobody knows."""

    HOLDS = "holds"
    UNSURE = "unsure"  # the value is on the wrong side of the limit, its interval is on both
    FAILS = "fails"
    NO_VALUE = "no_value"
    NO_PAST = "no_past"  # nothing is known of what it is compared with

    @property
    def known(self) -> bool:
        """Whether it says something."""
        return self in {Verdict.HOLDS, Verdict.UNSURE, Verdict.FAILS}


class Evidence(NamedTuple):
    """What a condition is judged by. `confident`: the whole interval has to be beyond the limit.

    A past figure over fewer than `min_denominator` says nothing.
    """

    own: Figure
    against: Against = NOTHING
    confident: bool = False
    min_denominator: int = 0


@dataclass(frozen=True, slots=True)
class Limit:
    """Holds strictly below `low` and strictly above `high`; one of them may be absent. Major units for money."""

    low: float | None = None
    high: float | None = None

    def verdict(self, figure: Figure, *, confident: bool) -> Verdict:
        """Whether a figure is beyond it."""
        value = figure.value
        if value is None:
            return Verdict.NO_VALUE
        below = self.low is not None and value < self.low
        if not below and (self.high is None or value <= self.high):
            return Verdict.FAILS
        if not confident:
            return Verdict.HOLDS
        least, most = figure.interval or (value, value)
        sure = most < (self.low or 0.0) if below else least > (self.high or 0.0)
        return Verdict.HOLDS if sure else Verdict.UNSURE

    def bound(self, value: float | None) -> float | None:
        """The one of the two that a value is beyond, or nearer to."""
        if self.low is None or self.high is None or value is None:
            return self.high if self.low is None else self.low
        return self.low if value - self.low < self.high - value else self.high


class Direction(StrEnum):
    """Which change is meant."""

    DROP = "drop"
    RISE = "rise"


@dataclass(frozen=True, slots=True)
class Change:
    """A change by more than the share `by` (0.2: 20 %) of what was; against a baseline also out of its band."""

    direction: Direction
    by: float
    versus: Versus

    def limit(self, past: Figure | Band) -> Limit | None:
        """The limit that follows from the past; None: it says nothing, as a share of 0 does."""
        middle, width = (past.median, self._width(past)) if isinstance(past, Band) else (past.value, 0.0)
        if not middle:
            return None
        change = max(self.by * abs(middle), width)
        return Limit(low=middle - change) if self.direction is Direction.DROP else Limit(high=middle + change)

    def _width(self, band: Band) -> float:
        return self.versus.mads * band.deviation if isinstance(self.versus, Baseline) else 0.0


@dataclass(frozen=True)
class Clause:
    """A limit or a change of one KPI, the rule's own unless `kpi` names another."""

    test: Limit | Change
    kpi: str | None = None

    @cached_property
    def past(self) -> Reference | None:
        """What it is compared with."""
        if isinstance(self.test, Limit):
            return None
        versus = self.test.versus
        return Reference(versus.kpi, None) if isinstance(versus, Goal) else Reference(self.kpi, versus)

    def references(self) -> Iterator[Reference]:
        """The figures it needs."""
        if self.kpi is not None:
            yield Reference(self.kpi, None)
        if self.past is not None:
            yield self.past

    def verdict(self, evidence: Evidence) -> Verdict:
        """Whether it holds."""
        limit, figure = self.limit(evidence), self._figure(evidence)
        if figure is None or figure.value is None:
            return Verdict.NO_VALUE
        return Verdict.NO_PAST if limit is None else limit.verdict(figure, confident=evidence.confident)

    def bound(self, evidence: Evidence) -> float | None:
        """The limit that its figure is beyond, or nearer to."""
        limit, figure = self.limit(evidence), self._figure(evidence)
        return None if limit is None else limit.bound(figure.value if figure else None)

    def limit(self, evidence: Evidence) -> Limit | None:
        """The limit by what is known of the past; None: not enough is."""
        if isinstance(self.test, Limit):
            return self.test
        past = evidence.against.get(self.past) if self.past else None
        if past is None:
            return None
        thin = isinstance(past, Figure) and past.denominator is not None and past.denominator < evidence.min_denominator
        return None if thin else self.test.limit(past)

    def _figure(self, evidence: Evidence) -> Figure | None:
        if self.kpi is None:
            return evidence.own
        other = evidence.against.get(Reference(self.kpi, None))
        return other if isinstance(other, Figure) else None


@dataclass(frozen=True, slots=True)
class AllOf:
    """Holds when every part does."""

    parts: "tuple[Condition, ...]"

    def verdict(self, evidence: Evidence) -> Verdict:
        """One that fails decides; then one that is not known."""
        return _first([part.verdict(evidence) for part in self.parts], Verdict.FAILS, Verdict.UNSURE, Verdict.HOLDS)


@dataclass(frozen=True, slots=True)
class AnyOf:
    """Holds when some part does."""

    parts: "tuple[Condition, ...]"

    def verdict(self, evidence: Evidence) -> Verdict:
        """One that holds decides; then one that is not known."""
        return _first([part.verdict(evidence) for part in self.parts], Verdict.HOLDS, Verdict.UNSURE, Verdict.FAILS)


Condition = Clause | AllOf | AnyOf


def _first(verdicts: list[Verdict], decides: Verdict, then: Verdict, last: Verdict) -> Verdict:
    if decides in verdicts:
        return decides
    unknown = next((one for one in verdicts if not one.known), None)
    return unknown or (then if then in verdicts else last)


def clauses(condition: Condition) -> Iterator[Clause]:
    """The clauses of a condition, in its order."""
    if isinstance(condition, Clause):
        yield condition
    else:
        for part in condition.parts:
            yield from clauses(part)


def below(bound: float) -> Clause:
    """The condition `below`."""
    return Clause(Limit(low=bound))


def above(bound: float) -> Clause:
    """The condition `above`."""
    return Clause(Limit(high=bound))

"""A KPI against its target: four KPIs made of one, in the windows that have a target, for the total.

    <kpi>_target      the target of the window
    <kpi>_expected    target x share of the window usually reached by now   a ratio: its target, at any time
    <kpi>_attainment  value / target
    <kpi>_forecast    value / share of the window usually reached by now    a ratio: its value

`now` is the watermark; the share is 1 from the window's end on (models.pace). Where no share is known yet, and a
forecast where it is 0, the value is null.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from functools import cached_property
from hashlib import sha256

import msgspec

from models.kpi import Kpi
from models.kpi_value import KpiValue, Unit
from models.target import PPM


class GoalKind(StrEnum):
    """Ends the name of the KPI that it makes."""

    TARGET = "target"
    EXPECTED = "expected"
    ATTAINMENT = "attainment"
    FORECAST = "forecast"


_HELP = {
    GoalKind.TARGET: "Target of {kpi}",
    GoalKind.EXPECTED: "What {kpi} is expected to be by now to reach its target",
    GoalKind.ATTAINMENT: "{kpi} / its target",
    GoalKind.FORECAST: "What {kpi} comes to at the end if it goes on as usual",
}


@dataclass(frozen=True)
class GoalKpi(Kpi):
    """A KPI that is made of another one, `kpi`, and its target."""

    kind: GoalKind
    kpi: Kpi

    @cached_property
    def definition(self) -> str:
        """Hash of what the figure means: that of the KPI, and its target and pace."""
        meaning = (self.name, self.kpi.definition, self.kpi.target)
        return sha256(repr(meaning).encode()).hexdigest()[:12]

    @property
    def formula(self) -> str:
        """As a reader writes it."""
        name, ratio = self.kpi.name, self.kpi.denominator is not None
        target = f"target of {name}"
        match self.kind:
            case GoalKind.TARGET:
                return target
            case GoalKind.EXPECTED:
                return target if ratio else f"{target} x share usually reached by now"
            case GoalKind.ATTAINMENT:
                return f"{name} / {target}"
            case GoalKind.FORECAST:
                return name if ratio else f"{name} / share usually reached by now"


def goals_of(kpi: Kpi) -> Iterator[GoalKpi]:
    """The KPIs that a target makes of one."""
    if kpi.target is None:
        return
    for kind in GoalKind:
        yield GoalKpi(
            name=f"{kpi.name}_{kind}",
            help=_HELP[kind].format(kpi=kpi.name),
            unit=Unit.RATIO if kind is GoalKind.ATTAINMENT else kpi.unit,
            numerator=kpi.numerator,
            denominator=None,
            proportion=False,
            windows=kpi.target.windows,
            by=(),
            kind=kind,
            kpi=kpi,
        )


def with_goals(kpis: Mapping[str, Kpi]) -> dict[str, Kpi]:
    """Everything that is published, by name."""
    return {one.name: one for kpi in kpis.values() for one in (kpi, *goals_of(kpi))}


def goal_value(goal: GoalKpi, of: KpiValue, share: int | None) -> KpiValue:
    """The value of a goal beside the value `of` its KPI, with its status and revision.

    `share` of the window that is usually reached by now, in parts per million; None: not known. Exact fractions; money
    is rounded to the minor unit, half to even.
    """
    target = goal.kpi.target
    assert target is not None, f"{goal.name} without a target"
    above, below = target.value(of.series.window).as_integer_ratio()
    above *= 10**of.exponent
    sum_ = of.denominator is None
    match goal.kind:
        case GoalKind.TARGET:
            fraction = (above, below)
        case GoalKind.EXPECTED:
            fraction = _times(above, below, share) if sum_ else (above, below)
        case GoalKind.ATTAINMENT:
            fraction = (of.numerator * below, (of.denominator or 1) * above if sum_ else (of.denominator or 0) * above)
        case GoalKind.FORECAST:
            # An unknown share, and a share of 0, tell nothing.
            fraction = (of.numerator * PPM, share) if sum_ and share else (of.numerator, of.denominator or 0)
    numerator, denominator = _written(goal.unit, *fraction, keep=goal.kind is GoalKind.FORECAST and not sum_)
    return msgspec.structs.replace(
        of,
        series=of.series._replace(kpi=goal.name),
        unit=goal.unit,
        exponent=of.exponent if goal.unit is goal.kpi.unit else 0,
        numerator=numerator,
        denominator=denominator,
        interval=None,
        definition=goal.definition,
    )


def _times(above: int, below: int, share: int | None) -> tuple[int, int]:
    return (0, 0) if share is None else (above * share, below * PPM)


def _written(unit: Unit, numerator: int, denominator: int, *, keep: bool) -> tuple[int, int | None]:
    """A fraction as it is published: in lowest terms, a whole number as a sum, money to the minor unit.

    `keep`: a ratio's own numerator and denominator stay as they are.
    """
    if keep or denominator == 0:
        return numerator, denominator
    if unit is Unit.MONEY:
        return round(Fraction(numerator, denominator)), None
    fraction = Fraction(numerator, denominator)
    return fraction.numerator, None if fraction.denominator == 1 else fraction.denominator

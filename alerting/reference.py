"""The figures that a rule refers to beside the value itself: what was, what is usual, what is expected, other KPIs."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import NamedTuple

import msgspec

from alerting.baseline import Band


class Figure(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """A value as conditions compare it: major units for money; `denominator` None: of a sum."""

    value: float | None
    denominator: int | None = None
    interval: tuple[float, float] | None = None


@dataclass(frozen=True, slots=True)
class Ago:
    """The window that long ago, event time; multiples of a day go by the local calendar."""

    us: int


@dataclass(frozen=True, slots=True)
class Baseline:
    """What was usual in this hour of the week over the last `weeks`; see alerting.baseline.

    Nothing is known before `min_weeks` of them had values. `mads`: half the width of the band, in deviations.
    """

    weeks: int = 4
    min_weeks: int = 3
    mads: float = 3.0


@dataclass(frozen=True, slots=True)
class Goal:
    """What the target expects by now: the value of `kpi`, a KPI that ends in `_expected`, in the same window."""

    kpi: str


Versus = Ago | Baseline | Goal


class Reference(NamedTuple):
    """A figure beside the value itself. `kpi` None: the rule's own; `versus` None: in the same window."""

    kpi: str | None
    versus: Ago | Baseline | None


Against = Mapping[Reference, Figure | Band]
"""What is known of the figures that a rule refers to; what is not in it is not known."""

NOTHING: Against = {}

"""One KPI of one segment in one window, as it was known at one moment."""

from enum import StrEnum
from typing import NamedTuple

import msgspec

MICROS = 6
"""Exponent of seconds, which are measured in microseconds."""

_SCALES = tuple(float(10**exponent) for exponent in range(MICROS + 1))  # ISO 4217 knows 0 to 4 digits


class Unit(StrEnum):
    """What a KPI is counted in; closes the name of its Prometheus metric."""

    COUNT = "count"
    RATIO = "ratio"
    MONEY = "money"  # numerators are integers of the minor unit of the reporting currency
    SECONDS = "seconds"  # numerators are microseconds


def is_share(kpi: str, unit: Unit, *, proportion: bool) -> bool:
    """Whether a KPI is read as a percentage: a proportion, or a rate by its name; other ratios are plain numbers."""
    return unit is Unit.RATIO and (proportion or kpi.endswith(("_rate", "_attainment")))


class Status(StrEnum):
    """How much of its window a value has seen."""

    PROVISIONAL = "provisional"  # the window is open
    FINAL = "final"  # the watermark has passed its end + allowed lateness
    CORRECTED = "corrected"  # an event came after that


class Series(NamedTuple):
    """The name of a row of values over time. The total is the dimension `all` with the segment `all`."""

    kpi: str
    window: str
    dimension: str
    segment: str


class KpiValue(msgspec.Struct, frozen=True, gc=False):  # a frozen dataclass takes eight times as long to make
    """A revision of a series' window. Times are event time, us since 1970 UTC, but for `emitted_us` (wall clock)."""

    series: Series
    start_us: int
    end_us: int
    unit: Unit
    exponent: int  # digits of the minor unit for money, 6 for seconds, else 0
    numerator: int
    denominator: int | None  # None for a sum
    interval: tuple[float, float] | None  # 95 % Wilson, of ratios whose numerator is part of their denominator
    status: Status
    revision: int
    watermark_us: int
    definition: str
    emitted_us: int

    @property
    def value(self) -> float | None:
        """In major units for money, in seconds for times; None over a denominator of 0."""
        if self.denominator is None:
            return self.numerator / _SCALES[self.exponent]
        return self.numerator / self.denominator / _SCALES[self.exponent] if self.denominator else None

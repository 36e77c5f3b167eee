"""A window's measures as values of KPIs."""

from collections.abc import Container, Iterator
from collections.abc import Set as AbstractSet
from dataclasses import dataclass
from functools import cached_property
from typing import Self

from models.delta import Measured
from models.kpi import Kpi, total
from models.kpi_value import MICROS, KpiValue, Series, Status, Unit
from models.measure import FEEDS
from models.slices import Slice
from models.window import Window
from streams.monitoring.windows import Kind


@dataclass(frozen=True)
class Group:
    """KPIs of the same feeds: their windows close together."""

    feeds: tuple[str, ...]
    kpis: tuple[Kpi, ...]

    @cached_property
    def key(self) -> str:
        """Name of the group in tables."""
        return "+".join(self.feeds)

    @cached_property
    def clocks(self) -> tuple[str, ...]:
        """Of the measures of its KPIs."""
        return tuple(sorted({clock for kpi in self.kpis for clock in kpi.clocks}))

    @property
    def home(self) -> str:
        """The clock whose cells count the revisions of the group's KPIs."""
        return self.clocks[0]

    @cached_property
    def timed_by(self) -> tuple[str, ...]:
        """The feeds whose watermarks close its windows: one that only corrects holds back no other."""
        return tuple(feed for feed in self.feeds if not FEEDS[feed].only_corrects) or self.feeds

    @cached_property
    def stocks(self) -> dict[str, tuple[Kind, ...]]:
        """By window name, clock and name of the stock measures in it."""
        places = {(name, clock) for kpi in self.kpis for name in kpi.windows for clock in kpi.stock_clocks}
        found: dict[str, tuple[Kind, ...]] = {}
        for name, clock in sorted(places):
            found[name] = (*found.get(name, ()), (clock, name))
        return found

    @cached_property
    def window_names(self) -> frozenset[str]:
        """Windows some KPI of the group is published in."""
        return frozenset(name for kpi in self.kpis for name in kpi.windows)

    @cached_property
    def predicted_in(self) -> frozenset[str]:
        """Windows in which some KPI of the group is predicted."""
        return frozenset(name for kpi in self.kpis if kpi.predicted for name in kpi.windows)

    def published(
        self, window: str, dimension: str, measures: AbstractSet[str], told: Container[str] = (), *, zeros: bool = False
    ) -> Iterator[Kpi]:
        """KPIs of a slice in a window: those `told` or made of any of these measures; with `zeros` all counted sums."""
        for kpi in self._by_place.get((window, dimension), ()):
            if not kpi.measures.isdisjoint(measures) or kpi.name in told or (zeros and kpi.zero_when_empty):
                yield kpi

    @cached_property
    def _by_place(self) -> dict[tuple[str, str], tuple[Kpi, ...]]:
        places: dict[tuple[str, str], list[Kpi]] = {}
        for kpi in self.kpis:
            for window in kpi.windows:
                for dimension in kpi.dimensions:
                    places.setdefault((window, dimension), []).append(kpi)
        return {place: tuple(kpis) for place, kpis in places.items()}


@dataclass(frozen=True, slots=True)
class Moment:
    """When and as what values are published; `watermark_us` is event time, `now_us` wall clock."""

    status: Status
    watermark_us: int
    now_us: int
    digits: int  # of the minor unit of the reporting currency


@dataclass(frozen=True, slots=True)
class Span:
    """One window: its kind's name, and from when to when, event time in us."""

    window: str
    start_us: int
    end_us: int

    @classmethod
    def of(cls, window: Window, number: int) -> Self:
        """The window of a number."""
        return cls(window.name, window.start_us(number), window.end_us(number))


def kpi_value(kpi: Kpi, piece: Slice, span: Span, measured: Measured, revision: int, moment: Moment) -> KpiValue:
    """The value of a KPI from the measures of its window."""
    numerator = total(kpi.numerator, measured)
    denominator = None if kpi.denominator is None else total(kpi.denominator, measured)
    return KpiValue(
        series=Series(kpi.name, span.window, *piece),
        start_us=span.start_us,
        end_us=span.end_us,
        unit=kpi.unit,
        exponent={Unit.MONEY: moment.digits, Unit.SECONDS: MICROS}.get(kpi.unit, 0),
        numerator=numerator,
        denominator=denominator,
        interval=kpi.interval(numerator, denominator),
        status=moment.status,
        revision=revision,
        watermark_us=moment.watermark_us,
        definition=kpi.definition,
        emitted_us=moment.now_us,
    )

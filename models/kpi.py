"""A KPI: a sum, a difference or a ratio of measures, in windows, by dimensions. Data, read from `deploy/kpis.yaml`."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from hashlib import sha256
from math import sqrt

from models.dimension import FieldDimension
from models.kpi_value import Unit, is_share
from models.measure import FEEDS, MEASURES, STOCKS, Measure
from models.target import Target
from models.window_definition import WindowDefinition

Z_95 = 1.959963984540054
"""Two-sided 95 % quantile of the normal distribution."""


@dataclass(frozen=True, slots=True)
class Term:
    """A measure with its sign, +1 or -1."""

    sign: int
    measure: str


Terms = tuple[Term, ...]


@dataclass(frozen=True)
class Kpi:
    """`proportion`: the numerator is part of the denominator, so the value is in [0, 1] and has an interval."""

    name: str
    help: str
    unit: Unit
    numerator: Terms
    denominator: Terms | None
    proportion: bool
    windows: tuple[str, ...]
    by: tuple[str, ...]
    target: Target | None = field(default=None, kw_only=True)

    @cached_property
    def measures(self) -> frozenset[str]:
        """Names of all measures it is made of."""
        return frozenset(term.measure for term in (*self.numerator, *(self.denominator or ())))

    @cached_property
    def feeds(self) -> frozenset[str]:
        """What feeds it: its windows close by their watermarks."""
        return frozenset(feed for name in self.measures for feed in MEASURES[name].feeds)

    @cached_property
    def clocks(self) -> frozenset[str]:
        """Of its measures."""
        return frozenset(MEASURES[name].clock for name in self.measures)

    @cached_property
    def stock_clocks(self) -> frozenset[str]:
        """Of its stock measures."""
        return frozenset(MEASURES[name].clock for name in self.measures & STOCKS)

    @cached_property
    def zero_when_empty(self) -> bool:
        """Whether a window without events has the value 0: a sum of what is counted."""
        return self.denominator is None and not self.predicted

    @cached_property
    def predicted(self) -> bool:
        """Whether it is estimated when a day has ended: it has no value while the day is open."""
        return any(MEASURES[name].estimated for name in self.measures)

    @cached_property
    def dimensions(self) -> frozenset[str]:
        """All slices it is published for, the total included."""
        return frozenset(("all", *self.by))

    @property
    def is_share(self) -> bool:
        """Whether it is read as a percentage."""
        return is_share(self.name, self.unit, proportion=self.proportion)

    @cached_property
    def definition(self) -> str:
        """Hash of what the figure means; windows and slices do not change it."""
        meaning = (self.name, self.unit.value, self.numerator, self.denominator, self.proportion)
        return sha256(repr(meaning).encode()).hexdigest()[:12]

    def interval(self, numerator: int, denominator: int | None) -> tuple[float, float] | None:
        """Of a value: 95 % Wilson where the numerator is part of the denominator, else None."""
        return wilson(numerator, denominator) if self.proportion and denominator else None

    @property
    def formula(self) -> str:
        """As a reader writes it: `(revenue - refunds) / orders`."""
        if self.denominator is None:
            return _written(self.numerator)
        return " / ".join(f"({_written(t)})" if len(t) > 1 else _written(t) for t in (self.numerator, self.denominator))

    @cached_property
    def metric(self) -> str:
        """Name of the Prometheus metric, with its unit as suffix."""
        suffix = {Unit.RATIO: "_ratio", Unit.SECONDS: "_seconds"}.get(self.unit, "")
        return f"kpi_{self.name}{suffix}"


def _written(terms: Terms) -> str:
    return "".join(f"{' + ' if term.sign > 0 else ' - '}{term.measure}" for term in terms).removeprefix(" + ")


def total(terms: Terms, measured: Mapping[str, int]) -> int:
    """The signed sum of measures; an absent one is 0."""
    found = 0
    for term in terms:
        found += term.sign * measured.get(term.measure, 0)
    return found


def wilson(successes: int, trials: int) -> tuple[float, float]:
    """95 % score interval of a proportion. Source: E. B. Wilson, JASA 22 (1927) 209-212."""
    share, z2 = successes / trials, Z_95 * Z_95
    centre = (share + z2 / (2 * trials)) / (1 + z2 / trials)
    half = Z_95 * sqrt(share * (1 - share) / trials + z2 / (4 * trials * trials)) / (1 + z2 / trials)
    low = 0.0 if successes == 0 else centre - half  # rounding leaves 5e-17 of nothing
    high = 1.0 if successes == trials else centre + half
    return low, high


def dimensions_of(measure: Measure, fields: Iterable[FieldDimension]) -> tuple[str, ...]:
    """By which a measure is measured. A feed that reads an input topic itself has the `fields` of its events."""
    feed = measure.feeds[0]
    return (*measure.dimensions, *(one.name for one in fields if one.topic == feed))


@dataclass(frozen=True)
class Catalogue:
    """All KPIs by name, what has to be measured for them, and the windows and dimensions defined beside them."""

    kpis: Mapping[str, Kpi]
    windows: tuple[WindowDefinition, ...] = ()
    fields: tuple[FieldDimension, ...] = ()

    @cached_property
    def by_feeds(self) -> dict[frozenset[str], tuple[Kpi, ...]]:
        """KPIs grouped by what feeds them: the windows of a group close together."""
        groups: dict[frozenset[str], list[Kpi]] = {}
        for kpi in self.kpis.values():
            groups.setdefault(kpi.feeds, []).append(kpi)
        return {feeds: tuple(kpis) for feeds, kpis in groups.items()}

    @cached_property
    def feeds(self) -> tuple[str, ...]:
        """Feeds that some KPI needs."""
        return tuple(feed for feed in FEEDS if any(feed in group for group in self.by_feeds))

    @cached_property
    def topics(self) -> tuple[str, ...]:
        """Input topics that some KPI needs."""
        return tuple(dict.fromkeys(FEEDS[feed].topic for feed in self.feeds))

    @cached_property
    def windows_of(self) -> Mapping[str, tuple[str, ...]]:
        """By measure, the windows it is needed in."""
        return self._needed(lambda kpi: kpi.windows)

    @cached_property
    def dimensions_of(self) -> Mapping[str, tuple[str, ...]]:
        """By measure, the dimensions it is needed by, the total included."""
        return self._needed(lambda kpi: ("all", *kpi.by))

    def dimensions_of_feed(self, name: str) -> tuple[str, ...]:
        """Dimensions of the events of a feed by which some measure of it is needed, without the total."""
        needed = {d for measure, its in self.dimensions_of.items() if name in MEASURES[measure].feeds for d in its}
        possible = (*FEEDS[name].dimensions, *(one.name for one in self.fields if one.topic == name))
        return tuple(dimension for dimension in possible if dimension in needed)

    def defined_for(self, topic: str) -> tuple[FieldDimension, ...]:
        """Dimensions defined over events of a topic, that some KPI needs."""
        needed = set(self.dimensions)
        return tuple(one for one in self.fields if one.topic == topic and one.name in needed)

    @property
    def dimensions(self) -> tuple[str, ...]:
        """Every dimension of some KPI, the total first."""
        return tuple(dict.fromkeys(("all", *(name for kpi in self.kpis.values() for name in kpi.by))))

    def _needed(self, names: Callable[[Kpi], tuple[str, ...]]) -> dict[str, tuple[str, ...]]:
        needed: dict[str, dict[str, None]] = {}
        for kpi in self.kpis.values():
            for measure in kpi.measures:
                needed.setdefault(measure, {}).update(dict.fromkeys(names(kpi)))
        return {measure: tuple(found) for measure, found in needed.items()}

"""The gauges of KPIs: one metric a KPI, its unit at the end of its name, its definition in its help.

There may be 50,000 of them: they are rendered here, in a third of the time that prometheus_client takes for a sample.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Final

from prometheus_client import CollectorRegistry
from prometheus_client.core import Metric
from prometheus_client.exposition import choose_encoder
from prometheus_client.samples import Sample
from prometheus_client.utils import floatToGoString

from models.kpi import Kpi
from models.kpi_value import KpiValue, Unit

SERIES_LABELS = ("window", "dimension", "segment")
WINDOW = "Of each series the earliest open window, of 1m the last that has ended"
OPENMETRICS: Final = "application/openmetrics-text"

_ESCAPED = str.maketrans({"\\": r"\\", "\n": r"\n", '"': r"\""})
_ESCAPED_HELP = str.maketrans({"\\": r"\\", "\n": r"\n"})


class KpiGauge(Metric):
    """A family of prometheus_client, over values; one without a value is absent: neither 0 nor NaN."""

    def __init__(self, kpi: Kpi, currency: str, values: Sequence[KpiValue]) -> None:
        super().__init__(kpi.metric, help_text(kpi, currency), "gauge")
        self._currency = currency if kpi.unit is Unit.MONEY else None
        self._values = values

    @property
    def samples(self) -> list[Sample]:
        """As other families have them."""
        extra = {} if self._currency is None else {"currency": self._currency}
        return [
            Sample(self.name, dict(zip(SERIES_LABELS, one.series[1:], strict=True)) | extra, value)
            for one in self._values
            if (value := one.value) is not None
        ]

    @samples.setter
    def samples(self, _: list[Sample]) -> None:
        """The base class begins with none."""

    def lines(self, *, openmetrics: bool) -> Iterator[str]:
        """The family in either format: they differ in how a help is escaped."""
        name, about = self.name, self.documentation
        yield f"# HELP {name} {about.translate(_ESCAPED if openmetrics else _ESCAPED_HELP)}\n# TYPE {name} gauge\n"
        begin = f"{name}{{" if self._currency is None else f'{name}{{currency="{self._currency}",'
        for one in self._values:
            value = one.value
            if value is not None:
                _, window, dimension, segment = one.series
                if not segment.isalnum():
                    segment = segment.translate(_ESCAPED)
                said = floatToGoString(value)  # type: ignore[no-untyped-call]
                yield f'{begin}dimension="{dimension}",segment="{segment}",window="{window}"}} {said}\n'


class _Rest:
    """What prometheus_client renders."""

    def __init__(self, families: Sequence[Metric]) -> None:
        self._families = families

    def collect(self) -> Sequence[Metric]:
        return self._families


def kpi_gauges(values: Iterable[KpiValue], kpis: Mapping[str, Kpi], currency: str) -> Iterator[Metric]:
    """A family a KPI that has series."""
    by_kpi: dict[str, list[KpiValue]] = {}
    for value in values:
        by_kpi.setdefault(value.series.kpi, []).append(value)
    for name, its in by_kpi.items():
        yield KpiGauge(kpis[name], currency, its)


def exposition(registry: CollectorRegistry, accept: str) -> tuple[bytes, str]:
    """A scrape in the format that an Accept header asks for, and its content type."""
    encode, kind = choose_encoder(accept)
    openmetrics = kind.startswith(OPENMETRICS)
    kpis: list[str] = []
    rest: list[Metric] = []
    for family in registry.collect():
        if isinstance(family, KpiGauge):
            kpis += family.lines(openmetrics=openmetrics)
        else:
            rest.append(family)
    return "".join(kpis).encode() + encode(_Rest(rest)), kind


def help_text(kpi: Kpi, currency: str) -> str:
    """What it is, its formula, its unit, and of which window a value is."""
    what = kpi.help.rstrip(".")
    formula = "" if kpi.formula in what else f" Formula: {kpi.formula}."
    return f"{what}.{formula} Unit: {_unit(kpi, currency)}. {WINDOW}; no series where there is no value"


def _unit(kpi: Kpi, currency: str) -> str:
    match kpi.unit:
        case Unit.COUNT:
            return "a number" if kpi.denominator is None else "a number for one of the denominator"
        case Unit.RATIO:
            return "ratio, 0 to 1" if kpi.proportion else "ratio, 1 is 100 %"
        case Unit.MONEY:
            return f"{currency}, in whole units and their decimals"
        case Unit.SECONDS:
            return "seconds"

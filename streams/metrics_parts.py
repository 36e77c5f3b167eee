"""What a ratio is made of: its denominator, and the interval of the total.

A numerator is value x denominator and has no series of its own. Denominators are there for the total, and for the
segments of a dimension as long as they are few: enough to tell which segment changed a ratio, and by how much. Of a
dimension of campaigns without end they would double what is scraped, and nobody reads a chart of a thousand lines:
`kpi alerts --why` explains those.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence

from prometheus_client.core import GaugeMetricFamily, Metric

from models.kpi_value import KpiValue
from models.slices import TOTAL

SEGMENTS_AT_MOST = 100
"""Of a KPI in a window by a dimension: with more of them none has a denominator, as a part of them misleads."""

LABELS = ("kpi", "window", "dimension", "segment")


def part_metrics(values: Sequence[KpiValue]) -> Iterator[Metric]:
    """Denominators, and the two ends of intervals."""
    ratios = [value for value in values if value.denominator is not None]
    segments = Counter(value.series[:3] for value in ratios)
    text = (
        "Denominator of a KPI that is a ratio, a count; the numerator is value x denominator. Of a dimension with more "
        f"than {SEGMENTS_AT_MOST} segments there is none"
    )
    few = (value for value in ratios if segments[value.series[:3]] <= SEGMENTS_AT_MOST)
    yield _gauge("kpi_denominator", text, ((value, value.denominator or 0) for value in few))
    totals = [value for value in ratios if value.series[2:] == TOTAL]
    for index, end in enumerate(("lower", "upper")):
        text = f"The {end} end of the 95 % Wilson interval of a KPI that is a share, of the total"
        ends = ((value, value.interval[index]) for value in totals if value.interval is not None)
        yield _gauge(f"kpi_interval_{end}_ratio", text, ends)


def _gauge(name: str, text: str, samples: Iterable[tuple[KpiValue, float]]) -> GaugeMetricFamily:
    family = GaugeMetricFamily(name, text, labels=LABELS)
    for value, sample in samples:
        family.add_metric(value.series, sample)
    return family

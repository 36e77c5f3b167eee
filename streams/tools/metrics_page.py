"""What the demo reads off a worker's /metrics."""

from dataclasses import dataclass, field

import aiohttp
from prometheus_client.parser import text_string_to_metric_families
from prometheus_client.samples import Sample

_WANTED = (
    "kpi_events_total",
    "kpi_consumer_lag_records",
    "kpi_freshness_seconds",
    "kpi_event_to_metric_seconds_bucket",
)
_TIMEOUT = aiohttp.ClientTimeout(total=5)


@dataclass(slots=True)
class MetricsPage:
    """One scrape. `events` by topic, all outcomes; `lag` over all topics; `delays`: cumulative by bound in seconds."""

    events: dict[str, int] = field(default_factory=dict)
    lag: int = 0
    freshness_s: float = 0.0
    delays: dict[float, float] = field(default_factory=dict)

    @property
    def received(self) -> int:
        """Events of all topics."""
        return sum(self.events.values())


def read_page(text: str) -> MetricsPage:
    """From the text format; the thousands of series of KPIs are not parsed."""
    page = MetricsPage()
    lines = [line for line in text.splitlines(keepends=True) if line.startswith(_WANTED)]
    for family in text_string_to_metric_families("".join(lines)):
        for sample in family.samples:
            _take(page, sample)
    return page


def _take(page: MetricsPage, sample: Sample) -> None:
    match sample.name:
        case "kpi_events_total":
            topic = sample.labels["topic"]
            page.events[topic] = page.events.get(topic, 0) + int(sample.value)
        case "kpi_consumer_lag_records":
            page.lag += int(sample.value)
        case "kpi_freshness_seconds":
            page.freshness_s = sample.value
        case "kpi_event_to_metric_seconds_bucket":
            page.delays[float(sample.labels["le"])] = sample.value


async def scrape(session: aiohttp.ClientSession, address: str) -> MetricsPage | None:
    """The page of the worker at `address` (http://host:port), None when it does not answer."""
    try:
        async with session.get(f"{address}/metrics", timeout=_TIMEOUT) as answer:
            return read_page(await answer.text())
    except (aiohttp.ClientError, TimeoutError):
        return None


async def not_ready(session: aiohttp.ClientSession, address: str) -> str | None:
    """Why the process at `address` is not ready, None when it is."""
    try:
        async with session.get(f"{address}/readyz", timeout=_TIMEOUT) as answer:
            return None if answer.ok else "; ".join((await answer.text()).splitlines())
    except (aiohttp.ClientError, TimeoutError):
        return "it does not answer yet"

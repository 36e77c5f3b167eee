"""What `kpi web` exports of itself."""

from collections.abc import Iterator

from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric

from streams.metrics import READY
from streams.web.desk import Desk

_S_US = 1_000_000


class WebCollector:
    """A collector in the sense of prometheus_client over a desk, at a moment (wall clock, us)."""

    def __init__(self, desk: Desk, now_us: int, *, ready: bool) -> None:
        self._desk = desk
        self._now_us = now_us
        self._ready = ready

    def collect(self) -> Iterator[Metric]:
        """All families."""
        yield GaugeMetricFamily(*READY, value=int(self._ready))
        yield from self._streams()
        yield from self._records()
        yield from self._store()

    def _streams(self) -> Iterator[Metric]:
        feed = self._desk.feed
        yield GaugeMetricFamily("kpi_web_streams", "Open streams of live pages", value=feed.streams)
        yield CounterMetricFamily("kpi_web_streams_opened", "Streams opened since the start", value=feed.opened)
        text = "Streams told to load anew: too slow, or what they asked for was too long ago"
        yield CounterMetricFamily("kpi_web_streams_reset", text, value=feed.resets)

    def _records(self) -> Iterator[Metric]:
        records = CounterMetricFamily("kpi_web_records", "Records read of the public topics", labels=("topic",))
        for topic, count in self._desk.read.items():
            records.add_metric([topic], count)
        yield records
        values = CounterMetricFamily(
            "kpi_web_values", "Records of kpi-values, by what became of them", labels=("outcome",)
        )
        for outcome, count in self._desk.store.counts.items():
            values.add_metric([outcome.value], count)
        yield values
        text = "Records of kpi-alerts and kpi-status that could not be read"
        yield CounterMetricFamily("kpi_web_malformed", text, value=self._desk.malformed)
        age = GaugeMetricFamily("kpi_web_last_record_age_seconds", "Since the last record was read")
        if self._desk.last_read_us is not None:
            age.add_metric([], max(0, self._now_us - self._desk.last_read_us) / _S_US)
        yield age

    def _store(self) -> Iterator[Metric]:
        store = self._desk.store
        series = sum(len(store.rows(kind)) for kind in store.kinds())
        yield GaugeMetricFamily("kpi_web_series", "Series known", value=series)
        yield GaugeMetricFamily("kpi_web_store_bytes", "Memory of what is known of them", value=store.memory_bytes())

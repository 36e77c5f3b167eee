"""What became of notifications, and what is open."""

from collections.abc import Callable, Iterator
from enum import StrEnum

from prometheus_client import CollectorRegistry
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, HistogramMetricFamily, Metric

from streams.histogram import Histogram

SECOND_US = 1_000_000
MINUTES_S = (0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0, 60.0, 300.0, 1_800.0, 7_200.0, 86_400.0)
"""Bounds of delays: explained within seconds, and a receiver that is down is waited for, for a day."""


class Outcome(StrEnum):
    """Of a notification, or of an attempt."""

    DELIVERED = "delivered"
    """The receiver has it. What Alertmanager is told again is not counted."""

    RETRIED = "retried"
    """An attempt that failed and will be repeated."""

    REFUSED = "refused"
    """The receiver will never take it (a 4xx, a redirect): to kpi-dead-letters."""

    EXPIRED = "expired"
    """Tried without success and older than a day: to kpi-dead-letters."""

    MALFORMED = "malformed"
    """No alert record: to kpi-dead-letters; for an Alertmanager it is logged only."""

    FAULT = "fault"
    """A mistake of ours in telling it: to kpi-dead-letters; for an Alertmanager it is logged only. The next go on."""


class Notifications:
    """What is exported of deliveries: a collector of its own, registered at birth. `now_us` is the wall clock."""

    def __init__(self, registry: CollectorRegistry, now_us: Callable[[], int]) -> None:
        self._now_us = now_us
        self._total: dict[tuple[str, Outcome], int] = {}
        self._delays: dict[str, Histogram] = {}
        self._waiting: dict[str, int | None] = {}  # by receiver, since when (wall clock) the oldest waits
        self._firing: dict[str, int] = {}
        registry.register(self)

    def expect(self, receiver: str) -> None:
        """Shows a receiver with zeros: a series that appears with its first failure has no rate."""
        for outcome in Outcome:
            self._total[receiver, outcome] = 0
        self._delays[receiver] = Histogram(MINUTES_S)
        self._waiting[receiver] = None
        self._firing[receiver] = 0

    def count(self, receiver: str, outcome: Outcome, number: int = 1) -> None:
        """So many more."""
        self._total[receiver, outcome] = self._total.get((receiver, outcome), 0) + number

    def delivered_after(self, receiver: str, delay_us: int) -> None:
        """One was taken by the receiver so long after its record was written."""
        self._delays.setdefault(receiver, Histogram(MINUTES_S)).observe(max(0, delay_us) / SECOND_US)

    def waiting(self, receiver: str, since_us: int | None) -> None:
        """Since when the oldest undelivered transition is there, None if all are delivered."""
        self._waiting[receiver] = since_us

    def firing(self, receiver: str, number: int) -> None:
        """So many now."""
        self._firing[receiver] = number

    def collect(self) -> Iterator[Metric]:
        """See prometheus_client's Collector."""
        text = "Notifications since the start, by receiver and outcome; `retried` counts attempts"
        total = CounterMetricFamily("kpi_notifications", text, labels=("receiver", "outcome"))
        for (receiver, outcome), number in self._total.items():
            total.add_metric([receiver, outcome.value], number)
        yield total
        text = "From the record of a transition to the receiver's answer that it has it, in seconds of wall clock"
        delays = HistogramMetricFamily("kpi_notification_delay_seconds", text, labels=("receiver",))
        for receiver, histogram in self._delays.items():
            delays.add_metric([receiver], buckets=histogram.buckets(), sum_value=histogram.total_s)
        yield delays
        text = "Age of the oldest transition the receiver has not been told of, in seconds; 0 without one"
        age = GaugeMetricFamily("kpi_notifications_oldest_undelivered_seconds", text, labels=("receiver",))
        for receiver in self._waiting:
            age.add_metric([receiver], self._age_s(receiver))
        yield age
        text = "Alerts that fire: those an Alertmanager has been told of, for other receivers those of kpi-alerts"
        firing = GaugeMetricFamily("kpi_notifications_firing", text, labels=("receiver",))
        for receiver, number in self._firing.items():
            firing.add_metric([receiver], number)
        yield firing

    def _age_s(self, receiver: str) -> float:
        since_us = self._waiting[receiver]
        return 0.0 if since_us is None else max(0, self._now_us() - since_us) / SECOND_US

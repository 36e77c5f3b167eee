"""What became of notifications, as Prometheus counters."""

from enum import StrEnum

from prometheus_client import CollectorRegistry, Counter


class Outcome(StrEnum):
    """Of a notification, or of an attempt."""

    DELIVERED = "delivered"
    RETRIED = "retried"  # an attempt that failed and will be repeated
    REFUSED = "refused"  # to kpi-dead-letters
    MALFORMED = "malformed"  # no alert record: to kpi-dead-letters


class Notifications:
    """`kpi_notifications_total{receiver,outcome}`."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._total = Counter(
            "kpi_notifications",
            "Notifications by receiver and outcome; `retried` counts attempts.",
            ("receiver", "outcome"),
            registry=registry,
        )

    def expect(self, receiver: str) -> None:
        """Shows a receiver with zeros: a series that appears with its first failure has no rate."""
        for outcome in Outcome:
            self._total.labels(receiver, outcome.value)

    def count(self, receiver: str, outcome: Outcome) -> None:
        """One more."""
        self._total.labels(receiver, outcome.value).inc()

"""What became of notifications, and what is open."""

from collections.abc import Callable
from enum import StrEnum

from prometheus_client import CollectorRegistry, Counter, Gauge

SECOND_US = 1_000_000


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


class Notifications:
    """`kpi_notifications_total`, the age of what waits, and what fires. `now_us` is the wall clock."""

    def __init__(self, registry: CollectorRegistry, now_us: Callable[[], int]) -> None:
        self._now_us = now_us
        self._waiting: dict[str, int | None] = {}  # by receiver, since when (wall clock) the oldest waits
        self._total = Counter(
            "kpi_notifications",
            "Notifications by receiver and outcome; `retried` counts attempts.",
            ("receiver", "outcome"),
            registry=registry,
        )
        self._age = Gauge(
            "kpi_notifications_oldest_undelivered_seconds",
            "Age of the oldest transition the receiver has not been told of, 0 without one.",
            ("receiver",),
            registry=registry,
        )
        self._firing = Gauge(
            "kpi_notifications_firing",
            "Alerts that fire: those an Alertmanager has been told of, for other receivers those of kpi-alerts.",
            ("receiver",),
            registry=registry,
        )

    def expect(self, receiver: str) -> None:
        """Shows a receiver with zeros: a series that appears with its first failure has no rate."""
        for outcome in Outcome:
            self._total.labels(receiver, outcome.value)
        self._waiting[receiver] = None
        self._age.labels(receiver).set_function(lambda: self._age_s(receiver))
        self._firing.labels(receiver).set(0)

    def count(self, receiver: str, outcome: Outcome, number: int = 1) -> None:
        """So many more."""
        self._total.labels(receiver, outcome.value).inc(number)

    def waiting(self, receiver: str, since_us: int | None) -> None:
        """Since when the oldest undelivered transition is there, None if all are delivered."""
        self._waiting[receiver] = since_us

    def firing(self, receiver: str, number: int) -> None:
        """So many now."""
        self._firing.labels(receiver).set(number)

    def _age_s(self, receiver: str) -> float:
        since_us = self._waiting[receiver]
        return 0.0 if since_us is None else max(0, self._now_us() - since_us) / SECOND_US

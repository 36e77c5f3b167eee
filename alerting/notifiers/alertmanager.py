"""Prometheus Alertmanager, API v2: the alerts of a moment, told again and again (github.com/prometheus/alertmanager).

Alertmanager knows an alert by its labels, so another level is another alert, and forgets what is not told again. Its
times are the wall clock's; event times are annotations.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

import msgspec

from alerting.delivery import Request
from alerting.notification import Alert, rfc3339

PATH = "/api/v2/alerts"
_FOREIGN = re.compile(r"[^a-zA-Z0-9_]")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Told:
    """An alert and when it is (wall clock, us since 1970 UTC); an end in the future means it fires."""

    alert: Alert
    starts_us: int
    ends_us: int


class PostableAlert(msgspec.Struct, frozen=True, omit_defaults=True):
    """Of the API's `postableAlerts`."""

    labels: Mapping[str, str]
    annotations: Mapping[str, str]
    starts_at: str = msgspec.field(name="startsAt")
    ends_at: str = msgspec.field(name="endsAt")
    generator_url: str | None = msgspec.field(name="generatorURL", default=None)


@dataclass(frozen=True, slots=True)
class Alertmanager:
    """The one at `url`; `public_url` is what its notifications link to as the source."""

    url: str
    public_url: str | None = None

    def request(self, alerts: Iterable[Told]) -> Request:
        """The POST of some alerts."""
        body = msgspec.json.encode([self._postable(told) for told in alerts])
        return Request(f"{self.url.rstrip('/')}{PATH}", body, {"Content-Type": "application/json"})

    def _postable(self, told: Told) -> PostableAlert:
        return PostableAlert(
            labels=labels(told.alert),
            annotations=annotations(told.alert),
            starts_at=_time(told.starts_us),
            ends_at=_time(told.ends_us),
            generator_url=self.public_url,
        )


def labels(alert: Alert) -> dict[str, str]:
    """What Alertmanager knows it by. A label of the rule whose name is taken becomes `label_...`."""
    found = {
        "alertname": alert.rule,
        "severity": alert.level,
        "kpi": alert.kpi,
        "window": alert.window,
        "dimension": alert.dimension,
        "segment": alert.segment,
    }
    for name, value in sorted(alert.labels.items()):
        free = sanitised(name)
        while free in found:
            free = f"label_{free}"
        found[free] = value
    return found


def annotations(alert: Alert) -> dict[str, str]:
    """What its pages show: the figures and event times, then what the rule says."""
    figures = {
        "value": None if alert.value is None else f"{alert.value:.6g}",
        "threshold": None if alert.threshold is None else f"{alert.threshold:.6g}",
        "event_starts_at": rfc3339(alert.starts_at),
        "event_ends_at": None if alert.ends_at is None else rfc3339(alert.ends_at),
        "fingerprint": alert.fingerprint,
    }
    return {name: said for name, said in figures.items() if said is not None} | {
        sanitised(name): said for name, said in alert.annotations.items()
    }


def sanitised(name: str) -> str:
    """A name Prometheus takes: letters, digits and underscores, no digit first."""
    plain = _FOREIGN.sub("_", name)
    return f"_{plain}" if not plain or plain[0].isdigit() else plain


def _time(us: int) -> str:
    return rfc3339(_EPOCH + timedelta(microseconds=us))

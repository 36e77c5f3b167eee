"""PagerDuty, Events API v2: an incident an alert, opened, changed and resolved under its fingerprint."""

from dataclasses import dataclass, field
from typing import Final

import msgspec

from alerting.delivery import Request
from alerting.notification import EXPLANATION, Alert, Notification, rfc3339

CLIENT = "KPI monitor"
MAX_SUMMARY = 1_024  # characters PagerDuty takes
SEVERITIES: Final = {"critical": "critical", "error": "error", "warning": "warning", "info": "info"}
UNKNOWN_SEVERITY = "error"  # of a level PagerDuty has no word for: it must be seen

HTTP = ("https://", "http://")  # a link of another kind, like a file of the repository, is one PagerDuty does not take


class Payload(msgspec.Struct, frozen=True):
    """What an incident shows; source: PagerDuty, PD-CEF."""

    summary: str
    source: str
    severity: str
    timestamp: str
    component: str
    group: str
    class_: str = msgspec.field(name="class")
    custom_details: msgspec.Raw


class Link(msgspec.Struct, frozen=True):
    """Beside the incident."""

    href: str
    text: str


class Event(msgspec.Struct, frozen=True, omit_defaults=True):
    """The request's body; of a `resolve` the payload says nothing."""

    routing_key: str
    event_action: str
    dedup_key: str
    payload: Payload | None = None
    links: tuple[Link, ...] = ()
    client: str | None = None
    client_url: str | None = None


@dataclass(frozen=True, slots=True)
class PagerDuty:
    """A service, by its integration key; `public_url` is linked to."""

    url: str
    routing_key: str = field(repr=False)
    public_url: str | None = None

    def request(self, notification: Notification) -> Request:
        """Opens, changes or resolves an incident."""
        alert = notification.alert
        event = self._trigger(notification) if alert.firing else Event(self.routing_key, "resolve", alert.fingerprint)
        return Request(self.url, msgspec.json.encode(event), {"Content-Type": "application/json"})

    def _trigger(self, notification: Notification) -> Event:
        alert = notification.alert
        runbook = alert.annotations.get("runbook_url", "")
        return Event(
            self.routing_key,
            "trigger",
            alert.fingerprint,
            payload=Payload(
                summary=_summary(alert)[:MAX_SUMMARY],
                source="kpi-monitor",
                severity=SEVERITIES.get(alert.level, UNKNOWN_SEVERITY),
                timestamp=rfc3339(alert.starts_at),
                component=alert.kpi,
                group=f"{alert.dimension}={alert.segment}",
                class_=alert.rule,
                custom_details=msgspec.Raw(notification.data),
            ),
            links=(Link(runbook, "Runbook"),) if runbook.startswith(HTTP) else (),
            client=CLIENT,
            client_url=self.public_url,
        )


def _summary(alert: Alert) -> str:
    said = alert.annotations.get("summary")
    why = alert.annotations.get(EXPLANATION)
    if said:
        return f"{alert.rule}: {said}" + (f" - {why}" if why else "")
    value = "no value" if alert.value is None else f"{alert.value:.6g}"
    return f"{alert.rule}: {alert.kpi} of {alert.segment} is {value}"

"""Somewhere alerts are delivered to: one type a kind, told apart in the settings file by `type`."""

import re
from typing import Final
from urllib.parse import urlsplit

import msgspec

NAME: Final = re.compile(r"[A-Za-z0-9_.-]{1,64}")
"""Part of a consumer group and a label of metrics."""

PAGERDUTY_URL: Final = "https://events.pagerduty.com/v2/enqueue"


class AlertmanagerReceiver(
    msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="type", tag="alertmanager"
):
    """Prometheus Alertmanager, API v2: groups, silences, inhibits, and reaches PagerDuty, Slack, mail and the rest."""

    name: str
    """Label of its metrics; of several Alertmanagers followed by host and port."""

    urls: tuple[str, ...]
    """Of every Alertmanager of the cluster, like `http://alertmanager:9093`; each is sent everything, on its own."""

    allow_private: bool = True
    """An Alertmanager is nearly always on a private network."""


class WebhookReceiver(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="type", tag="webhook"):
    """Any HTTP server: CloudEvents, signed."""

    name: str
    """Ends its consumer group, and is the label of its metrics."""

    url: str
    """Where to POST (hidden by `kpi config`)."""

    secret_file: str | None = None
    """File with the key of the HMAC-SHA256 signature header."""

    allow_private: bool = False
    """Whether it may be on a private or loopback address."""


class PagerDutyReceiver(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="type", tag="pagerduty"):
    """PagerDuty, Events API v2, for shops without Alertmanager."""

    name: str
    """Ends its consumer group, and is the label of its metrics."""

    routing_key_file: str
    """File with the integration key of the service."""

    url: str = PAGERDUTY_URL
    """Another region's, or a proxy's."""

    allow_private: bool = False
    """Whether it may be on a private or loopback address."""


class SlackReceiver(msgspec.Struct, frozen=True, forbid_unknown_fields=True, tag_field="type", tag="slack"):
    """An incoming webhook of Slack, for shops without Alertmanager."""

    name: str
    """Ends its consumer group, and is the label of its metrics."""

    url_file: str
    """File with the webhook's URL, which is a secret."""

    allow_private: bool = False
    """Whether it may be on a private or loopback address."""


Receiver = AlertmanagerReceiver | WebhookReceiver | PagerDutyReceiver | SlackReceiver

KINDS: Final[dict[str, type[Receiver]]] = {
    "alertmanager": AlertmanagerReceiver,
    "webhook": WebhookReceiver,
    "pagerduty": PagerDutyReceiver,
    "slack": SlackReceiver,
}
"""By `type`; without one it is a webhook."""


def urls_of(receiver: Receiver) -> tuple[str, ...]:
    """Those its settings hold; Slack's is in a file."""
    match receiver:
        case AlertmanagerReceiver(urls=urls):
            return urls
        case WebhookReceiver(url=url) | PagerDutyReceiver(url=url):
            return (url,)
        case SlackReceiver():
            return ()


def fault_of(url: str) -> tuple[str, str] | None:
    """What is wrong with an address and what to do, None if nothing. The text never holds the address."""
    try:
        parts = urlsplit(url)
        _ = parts.port  # is read here: ValueError if it is none
    except ValueError:
        return "no address", "write one like https://host:port/path"
    if parts.scheme not in {"http", "https"}:
        return "no HTTP address", "begin it with https:// or http://"
    if not parts.hostname:
        return "an address without host", "write one like https://host:port/path"
    if parts.username is not None or parts.password is not None:
        return "a password in an address", "remove it: addresses are no place for secrets"
    return None

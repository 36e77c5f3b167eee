"""Who is configured, in the settings file and by the short forms, and the secrets their files hold."""

from pathlib import Path
from typing import assert_never
from urllib.parse import urlsplit

from alerting.notifiers.pagerduty import PagerDuty
from alerting.notifiers.slack import Slack
from alerting.notifiers.webhook import Webhook
from models.errors import SettingsError
from models.receiver import (
    AlertmanagerReceiver,
    PagerDutyReceiver,
    Receiver,
    SlackReceiver,
    WebhookReceiver,
    fault_of,
    urls_of,
)
from models.settings import Settings
from streams.delivering.addresses import is_private_literal
from streams.delivering.post import Notifier

Queued = WebhookReceiver | PagerDutyReceiver | SlackReceiver
"""Receivers that are told of transitions, one after the other."""


def receivers(settings: Settings) -> tuple[Receiver, ...]:
    """All that are configured, the short forms as `alertmanager` and `webhook`. Raises SettingsError."""
    found = (*settings.receivers, *_short(settings))
    if not found:
        remedy = "set KPI_ALERTMANAGER_URL or KPI_WEBHOOK_URL, or receivers in the settings file"
        raise SettingsError("receivers", "nobody to notify", remedy)
    names = [receiver.name for receiver in found]
    for receiver in found:
        if names.count(receiver.name) > 1:
            raise SettingsError(f"receivers {receiver.name}", "the name comes twice", "give each its own")
        for url in urls_of(receiver):
            _check(receiver, url)
    return found


def notifier(receiver: Queued, public_url: str | None) -> Notifier:
    """With its secrets; raises SettingsError for a file that cannot be read."""
    where = f"receivers {receiver.name}"
    match receiver:
        case WebhookReceiver(url=url, secret_file=file):
            return Webhook(url, None if file is None else _secret(f"{where}.secret_file", file).encode())
        case PagerDutyReceiver(url=url, routing_key_file=file):
            return PagerDuty(url, _secret(f"{where}.routing_key_file", file), public_url)
        case SlackReceiver(url_file=file):
            url = _secret(f"{where}.url_file", file)
            _check(receiver, url)
            return Slack(url, public_url)
        case _:
            assert_never(receiver)


def labels(receiver: AlertmanagerReceiver) -> dict[str, str]:
    """Address by name in metrics: of several Alertmanagers each has its own, of those behind one host with its path."""
    if len(receiver.urls) == 1:
        return {receiver.name: receiver.urls[0]}
    parts = [(url, urlsplit(url)) for url in receiver.urls]
    hosts = [part.netloc for _, part in parts]
    return {
        f"{receiver.name} {part.netloc}{part.path.rstrip('/') if hosts.count(part.netloc) > 1 else ''}": url
        for url, part in parts
    }


def _short(settings: Settings) -> tuple[Receiver, ...]:
    found: list[Receiver] = []
    if settings.alertmanager_url:
        urls = tuple(url.strip() for url in settings.alertmanager_url.split(","))
        found.append(AlertmanagerReceiver("alertmanager", urls))
    if settings.webhook_url:
        found.append(WebhookReceiver("webhook", settings.webhook_url, allow_private=settings.webhook_allow_private))
    return tuple(found)


def _check(receiver: Receiver, url: str) -> None:
    """What it says never holds the address, which may be a secret."""
    where = f"receivers {receiver.name} address"
    if fault := fault_of(url):
        raise SettingsError(where, *fault)
    host = urlsplit(url).hostname or ""
    if not receiver.allow_private and is_private_literal(host):
        remedy = "set allow_private: true (KPI_WEBHOOK_ALLOW_PRIVATE) if it is meant"
        raise SettingsError(where, f"{host} is no public address", remedy)


def _secret(where: str, file: str) -> str:
    try:
        secret = Path(file).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "not UTF-8"
        raise SettingsError(f"{where} {file}", f"cannot be read ({why})", "correct the path or its rights") from None
    if not secret:
        raise SettingsError(f"{where} {file}", "the file is empty", "write the secret into it")
    return secret

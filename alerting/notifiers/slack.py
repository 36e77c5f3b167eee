"""An incoming webhook of Slack: one short message a transition."""

from dataclasses import dataclass, field
from typing import Final

import msgspec

from alerting.delivery import Request
from alerting.notification import EXPLANATION, Alert, Notification

MAX_LINE = 500  # characters of one line before it is cut: a message is read on a phone
ESCAPES: Final = str.maketrans({"&": "&amp;", "<": "&lt;", ">": "&gt;"})


class Message(msgspec.Struct, frozen=True):
    """Source: Slack, chat.postMessage."""

    text: str
    mrkdwn: bool = True
    unfurl_links: bool = False


@dataclass(frozen=True, slots=True)
class Slack:
    """A channel, by its webhook's `url`, which is a secret."""

    url: str = field(repr=False)
    public_url: str | None = None

    def request(self, notification: Notification) -> Request:
        """The message of a transition."""
        body = msgspec.json.encode(Message(self.text(notification.alert)))
        return Request(self.url, body, {"Content-Type": "application/json"})

    def text(self, alert: Alert) -> str:
        """At most five lines; what comes from outside is escaped, so that it calls nobody (`<!channel>`)."""
        said = f"{alert.level.upper()} firing" if alert.firing else "resolved"
        lines = [
            f"*{_escaped(alert.rule)}* {_escaped(said)}",
            _escaped(alert.annotations.get("summary", "")),
            _escaped(_figures(alert)),
            _escaped(alert.annotations.get(EXPLANATION, "")),
            _escaped(" ".join(filter(None, (alert.annotations.get("runbook_url"), self.public_url)))),
        ]
        return "\n".join(line for line in lines if line)


def _figures(alert: Alert) -> str:
    value = "no value" if alert.value is None else f"{alert.value:.6g}"
    bound = "" if alert.threshold is None else f" (threshold {alert.threshold:.6g})"
    where = "" if alert.segment == alert.dimension else f" {alert.dimension}={alert.segment}"
    return f"{alert.kpi} {alert.window}{where}: {value}{bound}"


def _escaped(text: str) -> str:
    line = " ".join(text.split())
    cut = line if len(line) <= MAX_LINE else f"{line[: MAX_LINE - 1]}…"
    return cut.translate(ESCAPES)

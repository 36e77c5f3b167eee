"""Any HTTP server: CloudEvents 1.0 in structured mode, signed."""

import hashlib
import hmac
from dataclasses import dataclass, field

import msgspec

from alerting.delivery import Request
from alerting.notification import Notification

CONTENT_TYPE = "application/cloudevents+json"
SIGNATURE = "X-Kpi-Signature-256"  # `sha256=` and the hex HMAC of the body, as GitHub's webhooks have it
SOURCE = "/kpi-monitor/alerts"


class CloudEvent(msgspec.Struct, frozen=True):
    """The envelope; source: cloudevents.io, spec 1.0.2. `data` is a record of `kpi-alerts`."""

    id: str
    source: str
    type: str
    subject: str
    time: str
    data: msgspec.Raw
    datacontenttype: str = "application/json"
    specversion: str = "1.0"


def body(notification: Notification) -> bytes:
    """The bytes that are sent and signed: the same for every attempt."""
    return msgspec.json.encode(
        CloudEvent(
            id=notification.key,
            source=SOURCE,
            type=f"kpi.alert.{notification.alert.state}",
            subject=notification.alert.fingerprint,
            time=notification.at,
            data=msgspec.Raw(notification.data),
        )
    )


def signature(secret: bytes, signed: bytes) -> str:
    """The value of the signature header."""
    return f"sha256={hmac.new(secret, signed, hashlib.sha256).hexdigest()}"


@dataclass(frozen=True, slots=True)
class Webhook:
    """A receiver at `url`; with a `secret` its requests are signed."""

    url: str = field(repr=False)
    secret: bytes | None = field(default=None, repr=False)

    def request(self, notification: Notification) -> Request:
        """The POST of a notification."""
        signed = body(notification)
        headers = {} if self.secret is None else {SIGNATURE: signature(self.secret, signed)}
        return Request(self.url, signed, {"Content-Type": CONTENT_TYPE, **headers})

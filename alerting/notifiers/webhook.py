"""Any HTTP server: CloudEvents 1.0 in structured mode, signed, with an idempotency key."""

import hashlib
import hmac
from dataclasses import dataclass

import aiohttp
import msgspec

from alerting.delivery import Answered, Attempt, Failed, Failure, Notification

CONTENT_TYPE = "application/cloudevents+json"
SIGNATURE = "X-Kpi-Signature-256"  # `sha256=` and the hex HMAC of the body, as GitHub's webhooks have it
IDEMPOTENCY_KEY = "Idempotency-Key"
SOURCE = "/kpi-monitor/alerts"
TIMEOUT = aiohttp.ClientTimeout(total=10, connect=5)


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
            type=f"kpi.alert.{notification.state}",
            subject=notification.fingerprint,
            time=notification.at,
            data=msgspec.Raw(notification.data),
        )
    )


def signature(secret: bytes, signed: bytes) -> str:
    """The value of the signature header."""
    return f"sha256={hmac.new(secret, signed, hashlib.sha256).hexdigest()}"


@dataclass(frozen=True, slots=True)
class Webhook:
    """A receiver at `url`; with a `secret` its requests are signed. The session is closed by who opened it."""

    url: str
    session: aiohttp.ClientSession
    secret: bytes | None = None
    timeout: aiohttp.ClientTimeout = TIMEOUT

    async def attempt(self, notification: Notification) -> Attempt:
        """One POST; a redirect is an answer and is not followed."""
        signed = body(notification)
        headers = {"Content-Type": CONTENT_TYPE, IDEMPOTENCY_KEY: notification.key}
        if self.secret is not None:
            headers[SIGNATURE] = signature(self.secret, signed)
        try:
            async with self.session.post(
                self.url, data=signed, headers=headers, timeout=self.timeout, allow_redirects=False
            ) as answer:
                return Answered(answer.status, answer.headers.get("Retry-After"))
        except TimeoutError:
            return Failed(Failure.TIMEOUT)
        except aiohttp.ClientError:
            return Failed(Failure.CONNECTION)

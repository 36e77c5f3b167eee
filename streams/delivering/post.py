"""Attempts until a notification is delivered or refused: a receiver that is down is waited for, for a day."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Protocol, assert_never

import structlog

from alerting.delivery import (
    SECOND_US,
    Answered,
    Attempt,
    Backoff,
    Chance,
    Delivered,
    Expired,
    Failed,
    Refused,
    Request,
    Retry,
    decide,
)
from alerting.notification import Notification
from streams.delivering.http import Wire
from streams.delivering.metrics import Notifications, Outcome

_LOG = structlog.get_logger("kpi.notify")


class Notifier(Protocol):
    """Knows what its kind of receiver takes."""

    def request(self, notification: Notification) -> Request:
        """The same bytes for every attempt."""


@dataclass(frozen=True, slots=True)
class Post:
    """The way to one receiver. `now_us` is the wall clock, `sleep` takes seconds: a test has its own of both."""

    receiver: str
    notifier: Notifier
    wire: Wire
    metrics: Notifications
    now_us: Callable[[], int]
    sleep: Callable[[float], Awaitable[None]]
    chance: Chance
    backoff: Backoff = field(default_factory=Backoff)

    async def deliver(self, notification: Notification, since_us: int) -> Delivered | Refused | Expired:
        """Returns when the receiver has it, has refused it, or is down for too long; one log line an attempt.

        `since_us`: when it became known, by the wall clock.
        """
        log = _LOG.bind(receiver=self.receiver, key=notification.key, state=notification.alert.state)
        request = self.notifier.request(notification)
        tries = 0
        while True:
            tries += 1
            attempt = await self.wire.post(request, notification.key)
            decision = decide(attempt, tries, self.now_us(), since_us, self.chance, self.backoff)
            match decision:
                case Delivered():
                    self._count(Outcome.DELIVERED)
                    log.info("delivered", tries=tries)
                    return decision
                case Refused(status):
                    self._count(Outcome.REFUSED)
                    log.error("refused", status=status, tries=tries)
                    return decision
                case Expired(reason):
                    self._count(Outcome.EXPIRED)
                    log.error("expired", reason=reason.value, answer=said(attempt), tries=tries)
                    return decision
                case Retry(reason, not_before_us):
                    self._count(Outcome.RETRIED)
                    wait_s = max(0, not_before_us - self.now_us()) / SECOND_US
                    log.warning("retry", reason=reason.value, answer=said(attempt), tries=tries, wait_s=wait_s)
                    await self.sleep(wait_s)
                case _:
                    assert_never(decision)

    def _count(self, outcome: Outcome) -> None:
        self.metrics.count(self.receiver, outcome)


def said(attempt: Attempt) -> int | str:
    """A status, or why there is none: for the log."""
    match attempt:
        case Answered(status):
            return status
        case Failed(failure):
            return failure.value
        case _:
            assert_never(attempt)

"""Attempts until a notification is delivered or refused: a receiver that is down is waited for, as long as it takes."""

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
    Failed,
    Notification,
    Refused,
    Retry,
    decide,
)
from streams.delivering.metrics import Notifications, Outcome

_LOG = structlog.get_logger("kpi.notify")


class Notifier(Protocol):
    """Makes one attempt; never raises for what a receiver does."""

    async def attempt(self, notification: Notification) -> Attempt:
        """What came of it."""


@dataclass(frozen=True, slots=True)
class Post:
    """The way to one receiver. `now_us` is the wall clock, `sleep` takes seconds: a test has its own of both."""

    receiver: str
    notifier: Notifier
    metrics: Notifications
    now_us: Callable[[], int]
    sleep: Callable[[float], Awaitable[None]]
    chance: Chance
    backoff: Backoff = field(default_factory=Backoff)

    async def deliver(self, notification: Notification) -> Delivered | Refused:
        """Returns when the receiver has it or has refused it; one log line an attempt."""
        log = _LOG.bind(receiver=self.receiver, key=notification.key, state=notification.state)
        tries = 0
        while True:
            tries += 1
            attempt = await self.notifier.attempt(notification)
            decision = decide(attempt, tries, self.now_us(), self.chance, self.backoff)
            match decision:
                case Delivered():
                    self._count(Outcome.DELIVERED)
                    log.info("delivered", tries=tries)
                    return decision
                case Refused(status):
                    self._count(Outcome.REFUSED)
                    log.error("refused", status=status, tries=tries)
                    return decision
                case Retry(reason, not_before_us):
                    self._count(Outcome.RETRIED)
                    wait_s = max(0, not_before_us - self.now_us()) / SECOND_US
                    log.warning("retry", reason=reason.value, answer=_answer(attempt), tries=tries, wait_s=wait_s)
                    await self.sleep(wait_s)
                case _:
                    assert_never(decision)

    def _count(self, outcome: Outcome) -> None:
        self.metrics.count(self.receiver, outcome)


def _answer(attempt: Attempt) -> int | str:
    match attempt:
        case Answered(status):
            return status
        case Failed(failure):
            return failure.value
        case _:
            assert_never(attempt)

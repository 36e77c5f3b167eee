"""One Alertmanager is told what fires and what is over: changes at once, the rest every minute, in its own loop."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Final, assert_never

import structlog
from aiokafka import ConsumerRecord

from alerting.delivery import SECOND_US, Backoff, Chance, Delivered, Expired, Refused, Retry, decide
from alerting.notification import Notification
from alerting.notifiers.alertmanager import Alertmanager, Told
from streams.delivering.dead_letters import DeadLetters
from streams.delivering.http import Wire
from streams.delivering.metrics import Notifications, Outcome
from streams.delivering.post import said
from streams.delivering.roster import RESEND_US, Entry, Roster

_LOG = structlog.get_logger("kpi.notify")

MAX_BATCH = 64  # alerts in one POST, as Prometheus sends them
PATIENCE: Final = Backoff(cap_us=30 * SECOND_US, retry_after_cap_us=RESEND_US)
"""Shorter than for others: what fires has to be told again before it expires."""

Batch = list[Entry[ConsumerRecord]]


@dataclass(slots=True)
class Resending:
    """The way to one Alertmanager; `now_us` is the wall clock. What it is told is kept in memory alone: see Roster."""

    receiver: str
    alertmanager: Alertmanager
    wire: Wire
    metrics: Notifications
    dead_letters: DeadLetters
    now_us: Callable[[], int]
    chance: Chance
    backoff: Backoff = PATIENCE
    roster: Roster[ConsumerRecord] = field(default_factory=Roster)
    _changed: asyncio.Event = field(default_factory=asyncio.Event)
    _tries: int = 0
    _begun_us: int = 0

    def __post_init__(self) -> None:
        self._begun_us = self.now_us()

    def take(self, notification: Notification, record: ConsumerRecord, at_us: int) -> None:
        """A transition of `kpi-alerts`, written at `at_us`."""
        self.roster.take(notification.alert, record, at_us, self.now_us())

    def forget(self, fingerprint: str, record: ConsumerRecord, at_us: int) -> None:
        """A tombstone."""
        self.roster.forget(fingerprint, record, at_us, self.now_us())

    def heard(self) -> None:
        """After some of them: they are told at once."""
        self._changed.set()
        self._show()

    def malformed(self) -> None:
        """A record that is none."""
        self.metrics.count(self.receiver, Outcome.MALFORMED)

    def faulted(self) -> None:
        """A record that we could not take."""
        self.metrics.count(self.receiver, Outcome.FAULT)

    async def run(self) -> None:
        """Until it is cancelled; begun when the roster is as the topic is."""
        while True:
            self._changed.clear()
            not_before_us = await self.tell_due()
            if not_before_us is None:
                await self._until_due()
            else:
                await asyncio.sleep(max(0, not_before_us - self.now_us()) / SECOND_US)

    async def tell_due(self) -> int | None:
        """Tells all that is due; answers when to try again if the Alertmanager did not take it."""
        self.roster.tidy(self.now_us())
        while batch := self.roster.due(self.now_us(), MAX_BATCH):
            not_before_us = await self._tell(batch)
            self._show()
            if not_before_us is not None:
                return not_before_us
        return None

    async def _tell(self, batch: Batch) -> int | None:
        now_us = self.now_us()
        self.roster.tried(batch, now_us)
        request = self.alertmanager.request(
            Told(entry.alert, entry.starts_us, entry.ends_us(now_us)) for entry in batch
        )
        self._tries += 1
        attempt = await self.wire.post(request)
        answered_us = self.now_us()
        decision = decide(attempt, self._tries, answered_us, answered_us, self.chance, self.backoff)
        match decision:
            case Delivered():
                self._tries = 0
                self._delivered(batch, now_us)
                return None
            case Refused(status):
                self._tries = 0
                return await self._refused(batch, status)
            case Retry(reason, not_before_us):
                self.metrics.count(self.receiver, Outcome.RETRIED)
                wait_s = (not_before_us - answered_us) / SECOND_US
                _LOG.warning("retry", receiver=self.receiver, reason=reason.value, answer=said(attempt), wait_s=wait_s)
                return not_before_us
            case Expired():
                raise AssertionError("what fires now is never too old")
            case _:
                assert_never(decision)

    def _delivered(self, batch: Batch, now_us: int) -> None:
        for entry in batch:
            if entry.told_us is None:
                key = f"{entry.alert.fingerprint}-{entry.alert.sequence}"
                _LOG.info(
                    "delivered",
                    receiver=self.receiver,
                    key=key,
                    severity=entry.alert.level,
                    firing=entry.ended_us is None,
                )
                if entry.changed_us >= self._begun_us:  # what is older was told before a restart
                    self.metrics.delivered_after(self.receiver, now_us - entry.changed_us)
        self.metrics.count(self.receiver, Outcome.DELIVERED, self.roster.told(batch, now_us))

    async def _refused(self, batch: Batch, status: int) -> int | None:
        """Of many it is not said which: each is told alone."""
        if len(batch) > 1:
            for entry in batch:
                not_before_us = await self._tell([entry])
                if not_before_us is not None:
                    return not_before_us
            return None
        (entry,) = batch
        entry.refused = True
        self.metrics.count(self.receiver, Outcome.REFUSED)
        _LOG.error("refused", receiver=self.receiver, rule=entry.alert.rule, status=status)
        await self.dead_letters.send(entry.origin, Outcome.REFUSED, status=status)
        return None

    async def _until_due(self) -> None:
        due_us = self.roster.next_due_us()
        wait_s = None if due_us is None else max(0, due_us - self.now_us()) / SECOND_US
        try:
            async with asyncio.timeout(wait_s):
                await self._changed.wait()
        except TimeoutError:
            return

    def _show(self) -> None:
        self.metrics.waiting(self.receiver, self.roster.waiting_since_us())
        self.metrics.firing(self.receiver, self.roster.firing())

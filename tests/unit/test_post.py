"""Attempts until it is delivered, to a local server that stands for each kind of receiver, in virtual time."""

import random
from collections.abc import Callable, Sequence

import aiohttp
import pytest
from prometheus_client import CollectorRegistry

from alerting.delivery import SECOND_US, Delivered, Expired, Refused, RetryReason
from alerting.notification import Notification
from alerting.notifiers.pagerduty import PagerDuty
from alerting.notifiers.slack import Slack
from alerting.notifiers.webhook import Webhook
from alerts import Clock, notification
from receiver import Answer, Fault, Server, serving
from streams.delivering.http import open_wire
from streams.delivering.metrics import Notifications
from streams.delivering.post import Notifier, Post

SHORT = aiohttp.ClientTimeout(total=0.1)
"""Of those that hang on purpose; all others have the time that a busy machine may take."""

PATIENT = aiohttp.ClientTimeout(total=30)
KINDS: dict[str, Callable[[str], Notifier]] = {
    "webhook": Webhook,
    "pagerduty": lambda url: PagerDuty(url, "r0ut1ng"),
    "slack": Slack,
}
LIFE = [notification(sequence=1), notification(sequence=2, level="warning"), notification(sequence=3, state="resolved")]
Posted = tuple[list[Delivered | Refused | Expired], Clock, Server, CollectorRegistry]

every_kind = pytest.mark.parametrize("kind", KINDS)


class Outage(list[Answer | Fault]):
    """Faults until some virtual time has passed, one after the other."""

    def __init__(self, clock: Clock, seconds: int, faults: Sequence[Answer | Fault]) -> None:
        super().__init__([Answer()])
        self.clock, self.until_us, self.faults, self.turn = clock, seconds * SECOND_US, faults, 0

    def pop(self, _index: object = -1) -> Answer | Fault:
        self.turn += 1
        return self.faults[self.turn % len(self.faults)] if self.clock.at_us < self.until_us else Answer()


async def posted(
    kind: str, script: Sequence[Answer | Fault], told: Sequence[Notification] = LIFE[:1], since_us: int = 0
) -> Posted:
    clock, registry = Clock(), CollectorRegistry()
    if isinstance(script, Outage):
        clock = script.clock
    faults = script.faults if isinstance(script, Outage) else script
    limits = SHORT if Fault.HANG in faults else PATIENT
    async with serving() as server, open_wire(allow_private=True, limits=limits) as wire:
        server.script = script if isinstance(script, list) else list(script)
        metrics = Notifications(registry, clock.now_us)
        post = Post("ops", KINDS[kind](server.url), wire, metrics, clock.now_us, clock.sleep, random.Random(1))
        return [await post.deliver(one, since_us) for one in told], clock, server, registry


def counted(registry: CollectorRegistry, outcome: str) -> float | None:
    return registry.get_sample_value("kpi_notifications_total", {"receiver": "ops", "outcome": outcome})


def keys(server: Server) -> list[str]:
    return [request.headers["Idempotency-Key"] for request in server.seen()]


@every_kind
@pytest.mark.asyncio
async def test_a_500_is_retried_with_the_same_key_and_the_same_bytes(kind: str) -> None:
    answers, clock, server, registry = await posted(kind, [Answer(500)])
    assert answers == [Delivered()]
    first, second = server.seen()
    assert first.body == second.body
    assert first.headers["Idempotency-Key"] == second.headers["Idempotency-Key"] == "ab12-1"
    assert len(clock.slept_s) == 1
    assert (counted(registry, "retried"), counted(registry, "delivered")) == (1, 1)


@every_kind
@pytest.mark.asyncio
async def test_the_wait_a_429_asks_for_is_waited(kind: str) -> None:
    _, clock, _, _ = await posted(kind, [Answer(429, {"Retry-After": "90"})])
    assert clock.slept_s == [90]


@every_kind
@pytest.mark.asyncio
async def test_a_400_is_refused_at_once_and_the_next_is_told(kind: str) -> None:
    answers, clock, server, registry = await posted(kind, [Answer(400)], LIFE)
    assert answers == [Refused(400), Delivered(), Delivered()]
    assert keys(server) == ["ab12-1", "ab12-2", "ab12-3"]
    assert clock.slept_s == []
    assert counted(registry, "refused") == 1


@every_kind
@pytest.mark.asyncio
async def test_ten_minutes_of_every_fault_lose_nothing_and_keep_the_order(kind: str) -> None:
    outage = Outage(
        Clock(), 600, [Answer(500), Answer(503), Fault.RESET, Answer(429, {"Retry-After": "5"}), Answer(408)]
    )
    answers, clock, server, _ = await posted(kind, outage, LIFE)
    assert answers == [Delivered()] * 3
    assert 600 * SECOND_US <= clock.at_us <= 660 * SECOND_US
    seen = keys(server)
    assert list(dict.fromkeys(seen)) == ["ab12-1", "ab12-2", "ab12-3"]
    assert seen == sorted(seen)


@every_kind
@pytest.mark.asyncio
async def test_hanging_and_resetting_is_survived(kind: str) -> None:
    answers, _, server, registry = await posted(kind, [Fault.RESET, Fault.HANG, Answer(503)])
    assert answers == [Delivered()]
    assert keys(server) == ["ab12-1"] * 4
    assert counted(registry, "retried") == 3


@pytest.mark.asyncio
async def test_what_is_older_than_a_day_is_tried_once_and_waited_for_no_more() -> None:
    answers, clock, server, registry = await posted("slack", [Answer(503)], LIFE[:2], since_us=-86_401 * SECOND_US)
    assert answers == [Expired(RetryReason.SERVER_ERROR), Delivered()]
    assert keys(server) == ["ab12-1", "ab12-2"]
    assert clock.slept_s == []
    assert counted(registry, "expired") == 1


@every_kind
@pytest.mark.asyncio
async def test_no_secret_is_logged(kind: str, capfd: pytest.CaptureFixture[str]) -> None:
    _, _, server, _ = await posted(kind, [Answer(500), Fault.RESET, Answer(400)])
    logged = "".join(capfd.readouterr())
    assert "ab12-1" in logged
    assert server.url not in logged
    assert "r0ut1ng" not in logged

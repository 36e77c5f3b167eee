import hashlib
import hmac
import json
import random
from collections.abc import Sequence

import aiohttp
import pytest
from prometheus_client import CollectorRegistry

from alerting.delivery import (
    SECOND_US,
    Answered,
    Attempt,
    Delivered,
    Failed,
    Failure,
    Notification,
    Refused,
)
from alerting.notifiers.webhook import Webhook
from receiver import Answer, Fault, Server, serving
from streams.delivering.metrics import Notifications
from streams.delivering.post import Post

NOTIFICATION = Notification("ab12", 3, "firing", "2026-11-25T00:00:00Z", b'{"rule":"Low","value":0.0173}')
SHORT = aiohttp.ClientTimeout(total=0.1)


class Clock:
    """Virtual time: sleeping moves it, and nothing else."""

    def __init__(self) -> None:
        self.at_us = 0
        self.slept_s: list[float] = []

    def now_us(self) -> int:
        return self.at_us

    async def sleep(self, seconds: float) -> None:
        self.slept_s.append(seconds)
        self.at_us += int(seconds * SECOND_US)


async def attempt(server: Server, secret: bytes | None = None) -> Attempt:
    async with aiohttp.ClientSession() as session:
        return await Webhook(server.url, session, secret, SHORT).attempt(NOTIFICATION)


async def posted(script: Sequence[Answer | Fault]) -> tuple[Delivered | Refused, Clock, Server, CollectorRegistry]:
    clock, registry = Clock(), CollectorRegistry()
    async with serving(script) as server, aiohttp.ClientSession() as session:
        webhook = Webhook(server.url, session, None, SHORT)
        post = Post("ops", webhook, Notifications(registry), clock.now_us, clock.sleep, random.Random(1))
        return await post.deliver(NOTIFICATION), clock, server, registry


def counted(registry: CollectorRegistry, outcome: str) -> float | None:
    return registry.get_sample_value("kpi_notifications_total", {"receiver": "ops", "outcome": outcome})


@pytest.mark.asyncio
async def test_it_posts_a_cloud_event_in_structured_mode() -> None:
    async with serving() as server:
        assert await attempt(server) == Answered(200)
    (request,) = server.seen()
    assert request.headers["Content-Type"] == "application/cloudevents+json"
    assert request.headers["Idempotency-Key"] == "ab12-3"
    assert json.loads(request.body) == {
        "specversion": "1.0",
        "id": "ab12-3",
        "source": "/kpi-monitor/alerts",
        "type": "kpi.alert.firing",
        "subject": "ab12",
        "time": "2026-11-25T00:00:00Z",
        "datacontenttype": "application/json",
        "data": {"rule": "Low", "value": 0.0173},
    }


@pytest.mark.asyncio
async def test_with_a_secret_the_body_is_signed() -> None:
    async with serving() as server:
        await attempt(server, b"key")
        await attempt(server)
    signed, unsigned = server.seen()
    digest = hmac.new(b"key", signed.body, hashlib.sha256).hexdigest()
    assert signed.headers["X-Kpi-Signature-256"] == f"sha256={digest}"
    assert "X-Kpi-Signature-256" not in unsigned.headers


@pytest.mark.asyncio
async def test_a_redirect_is_an_answer_and_is_not_followed() -> None:
    async with serving() as other, serving([Answer(307, {"Location": other.url})]) as server:
        assert await attempt(server) == Answered(307)
        assert other.seen() == []


@pytest.mark.asyncio
@pytest.mark.parametrize(
    ("fault", "failure"), [(Fault.HANG, Failure.TIMEOUT), (Fault.RESET, Failure.CONNECTION)], ids=["hangs", "resets"]
)
async def test_no_answer_is_a_failure_with_its_kind(fault: Fault, failure: Failure) -> None:
    async with serving([fault]) as server:
        assert await attempt(server) == Failed(failure)


@pytest.mark.asyncio
async def test_nobody_listening_is_a_failed_connection() -> None:
    async with serving() as server:
        pass
    assert await attempt(server) == Failed(Failure.CONNECTION)


@pytest.mark.asyncio
async def test_retry_after_comes_with_the_answer() -> None:
    async with serving([Answer(429, {"Retry-After": "7"})]) as server:
        assert await attempt(server) == Answered(429, "7")


@pytest.mark.asyncio
async def test_a_500_is_retried_with_the_same_key_and_the_same_bytes() -> None:
    answer, clock, server, registry = await posted([Answer(500)])
    assert answer == Delivered()
    first, second = server.seen()
    assert first.body == second.body
    assert len(clock.slept_s) == 1
    assert (counted(registry, "retried"), counted(registry, "delivered")) == (1, 1)


@pytest.mark.asyncio
async def test_the_wait_a_429_asks_for_is_waited() -> None:
    _, clock, _, _ = await posted([Answer(429, {"Retry-After": "90"})])
    assert clock.slept_s == [90]


@pytest.mark.asyncio
async def test_a_400_is_refused_at_once() -> None:
    answer, clock, server, registry = await posted([Answer(400)])
    assert answer == Refused(400)
    assert len(server.seen()) == 1
    assert clock.slept_s == []
    assert counted(registry, "refused") == 1


@pytest.mark.asyncio
async def test_hanging_and_resetting_is_survived() -> None:
    answer, _, server, registry = await posted([Fault.RESET, Fault.HANG, Answer(503)])
    assert answer == Delivered()
    assert len(server.seen()) == 4
    assert counted(registry, "retried") == 3


@pytest.mark.asyncio
async def test_ten_minutes_of_outage_lose_nothing() -> None:
    class Outage(list[Answer | Fault]):
        """500 until ten minutes of virtual time have passed."""

        def pop(self, _index: object = -1) -> Answer:
            return Answer(500 if clock.at_us < 600 * SECOND_US else 200)

    clock, registry = Clock(), CollectorRegistry()
    async with serving() as server, aiohttp.ClientSession() as session:
        server.script = Outage([Answer()])
        webhook = Webhook(server.url, session, None, SHORT)
        post = Post("ops", webhook, Notifications(registry), clock.now_us, clock.sleep, random.Random(1))
        assert await post.deliver(NOTIFICATION) == Delivered()
    assert 600 * SECOND_US <= clock.at_us <= 660 * SECOND_US
    assert len({request.headers["Idempotency-Key"] for request in server.seen()}) == 1

"""What one Alertmanager is told by a local server's account, in virtual time."""

import asyncio
import json
import random
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import pytest
from aiohttp import web
from prometheus_client import CollectorRegistry

from alerting.delivery import SECOND_US
from alerting.notifiers.alertmanager import Alertmanager
from alerts import Clock, Written, notification
from streams.delivering.dead_letters import DeadLetters
from streams.delivering.http import open_wire
from streams.delivering.metrics import Notifications
from streams.delivering.resending import Resending

SHORT = aiohttp.ClientTimeout(total=0.2)


@dataclass(slots=True)
class Letters:
    """A producer that keeps what it is given."""

    sent: list[dict[str, Any]] = field(default_factory=list)

    async def send_and_wait(self, topic: str, **said: Any) -> None:
        self.sent.append({"topic": topic, **said})


@dataclass(slots=True)
class Fake:
    """Answers 400 to a POST that has an alert of a `poison` rule, else the statuses of `script`, else 200."""

    script: list[int]
    poison: frozenset[str] = frozenset()
    posts: list[list[dict[str, Any]]] = field(default_factory=list)
    told: asyncio.Queue[list[dict[str, Any]]] = field(default_factory=asyncio.Queue)

    async def answer(self, request: web.Request) -> web.Response:
        alerts = json.loads(await request.read())
        self.posts.append([{**alert["labels"], "endsAt": alert["endsAt"]} for alert in alerts])
        self.told.put_nowait(self.posts[-1])
        if any(alert["labels"]["alertname"] in self.poison for alert in alerts):
            return web.Response(status=400)
        return web.Response(status=self.script.pop(0) if self.script else 200)


@dataclass(frozen=True, slots=True)
class Scene:
    fake: Fake
    clock: Clock
    letters: Letters
    registry: CollectorRegistry
    resending: Resending

    def take(self, **changed: Any) -> None:
        self.resending.take(notification(**changed), Written(b"{}"), self.clock.at_us)
        self.resending.heard()

    async def tell(self, after_s: float = 0) -> int | None:
        self.clock.at_us += int(after_s * SECOND_US)
        return await self.resending.tell_due()

    def value(self, name: str, **labels: str) -> float | None:
        return self.registry.get_sample_value(f"kpi_notifications_{name}", {"receiver": "am", **labels})

    def counted(self, outcome: str) -> float | None:
        return self.value("total", outcome=outcome)


@asynccontextmanager
async def scene(script: Sequence[int] = (), poison: Sequence[str] = ()) -> AsyncIterator[Scene]:
    fake, clock, letters, registry = Fake(list(script), frozenset(poison)), Clock(), Letters(), CollectorRegistry()
    app = web.Application()
    app.router.add_post("/api/v2/alerts", fake.answer)
    runner = web.AppRunner(app, shutdown_timeout=1)
    await runner.setup()
    try:
        await web.TCPSite(runner, "127.0.0.1", 0).start()
        url = f"http://127.0.0.1:{runner.addresses[0][1]}"
        metrics = Notifications(registry, clock.now_us)
        metrics.expect("am")
        async with open_wire(allow_private=True, limits=SHORT) as wire:
            one = Resending(
                "am", Alertmanager(url), wire, metrics, DeadLetters("am", letters), clock.now_us, random.Random(1)
            )
            yield Scene(fake, clock, letters, registry, one)
    finally:
        await runner.cleanup()


@pytest.mark.asyncio
async def test_what_fires_is_told_again_every_minute_and_counted_once() -> None:
    async with scene() as am:
        am.take()
        assert [await am.tell(after_s) for after_s in (0, 30, 30, 60)] == [None] * 4
        assert [post[0]["endsAt"] for post in am.fake.posts] == [
            "1970-01-01T00:04:00Z",
            "1970-01-01T00:05:00Z",
            "1970-01-01T00:06:00Z",
        ]
        assert (am.counted("delivered"), am.value("firing"), am.value("oldest_undelivered_seconds")) == (1, 1, 0)


@pytest.mark.asyncio
async def test_while_it_is_down_the_state_waits_and_is_told_when_it_is_back() -> None:
    async with scene([500] * 200) as am:
        am.take(fingerprint="a")
        while am.clock.at_us < 600 * SECOND_US and (not_before_us := await am.tell()) is not None:
            assert not_before_us - am.clock.at_us <= 30 * SECOND_US
            am.clock.at_us = max(not_before_us, am.clock.at_us + SECOND_US)
        assert am.value("oldest_undelivered_seconds") == am.clock.at_us / SECOND_US
        am.take(fingerprint="b", segment="Organic Search")
        am.fake.script.clear()
        assert await am.tell() is None
        assert {alert["segment"] for alert in am.fake.posts[-1]} == {"Paid Search", "Organic Search"}
        assert am.counted("delivered") == 2
        assert (am.counted("retried") or 0) > 20


@pytest.mark.asyncio
async def test_one_that_is_refused_is_found_and_the_others_are_told() -> None:
    async with scene(poison=["Bad"]) as am:
        am.take(fingerprint="a")
        am.take(fingerprint="b", rule="Bad")
        am.take(fingerprint="c", segment="Organic Search")
        await am.tell()
        await am.tell(60)
        assert [[alert["alertname"] for alert in post] for post in am.fake.posts] == [
            ["ConversionRateLow", "Bad", "ConversionRateLow"],
            ["ConversionRateLow"],
            ["Bad"],
            ["ConversionRateLow"],
            ["ConversionRateLow", "ConversionRateLow"],
        ]
        (letter,) = am.letters.sent
        headers = dict(letter["headers"])
        assert letter["topic"] == "kpi-dead-letters"
        said = [headers[f"kpi-{name}"] for name in ("reason", "receiver", "status")]
        assert said == [b"refused", b"am", b"400"]
        assert (am.counted("refused"), am.counted("delivered"), am.value("firing")) == (1, 2, 2)


@pytest.mark.asyncio
async def test_many_are_told_in_batches() -> None:
    async with scene() as am:
        for number in range(150):
            am.take(fingerprint=f"f{number}", segment=f"s{number}")
        await am.tell()
        assert [len(post) for post in am.fake.posts] == [64, 64, 22]
        assert am.counted("delivered") == 150


@pytest.mark.asyncio
async def test_a_tombstone_ends_what_fires() -> None:
    async with scene() as am:
        am.take()
        await am.tell()
        am.clock.at_us = 60 * SECOND_US
        am.resending.forget("ab12", Written(None), am.clock.at_us)
        await am.tell()
        assert am.fake.posts[-1][0]["endsAt"] == "1970-01-01T00:01:00Z"
        assert am.value("firing") == 0


@pytest.mark.asyncio
async def test_a_change_is_told_at_once_while_it_waits_for_the_next_minute() -> None:
    async with scene() as am:
        am.take(fingerprint="a")
        loop = asyncio.create_task(am.resending.run())
        try:
            assert len(await am.fake.told.get()) == 1
            am.take(fingerprint="b", segment="Direct")
            (second,) = await am.fake.told.get()
        finally:
            loop.cancel()
        assert second["segment"] == "Direct"

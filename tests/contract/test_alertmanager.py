"""A real Alertmanager takes what we tell it as we mean it."""

import asyncio
import json
import random
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from prometheus_client import CollectorRegistry

from alerting.notifiers.alertmanager import Alertmanager
from alertmanager import WAIT_S, Process, alertmanager, needs_alertmanager
from alerts import Written, notification
from receiver import Server, serving
from streams.delivering.dead_letters import DeadLetters
from streams.delivering.http import open_wire
from streams.delivering.metrics import Notifications
from streams.delivering.resending import Resending

pytestmark = needs_alertmanager

SECOND_US = 1_000_000


@dataclass(slots=True)
class Clock:
    """The wall clock, which can be put forward."""

    ahead_us: int = 0

    def now_us(self) -> int:
        return time.time_ns() // 1_000 + self.ahead_us


@dataclass(slots=True)
class Letters:
    """A producer that keeps what it is given."""

    sent: list[dict[str, Any]] = field(default_factory=list)

    async def send_and_wait(self, topic: str, **said: Any) -> None:
        self.sent.append(said)


@dataclass(frozen=True, slots=True)
class Scene:
    process: Process
    pages: Server
    resending: Resending
    clock: Clock
    letters: Letters

    async def tell(self, **changed: Any) -> None:
        self.resending.take(notification(**changed), Written(b"{}"), self.clock.now_us())
        assert await self.resending.tell_due() is None

    async def resend(self) -> None:
        """A minute later."""
        self.clock.ahead_us += 61 * SECOND_US
        assert await self.resending.tell_due() is None

    async def page(self) -> dict[str, Any]:
        """What on-call is told next."""
        async with asyncio.timeout(WAIT_S):
            page: dict[str, Any] = json.loads((await self.pages.requests.get()).body)
            return page


@pytest_asyncio.fixture
async def scene(tmp_path: Path, unused_tcp_port: int) -> AsyncIterator[Scene]:
    async with (
        serving() as pages,
        alertmanager(tmp_path, unused_tcp_port, pages.url) as process,
        telling(process) as one,
    ):
        resending, clock, letters = one
        yield Scene(process, pages, resending, clock, letters)


@asynccontextmanager
async def telling(process: Process) -> AsyncIterator[tuple[Resending, Clock, Letters]]:
    clock, letters = Clock(), Letters()
    metrics = Notifications(CollectorRegistry(), clock.now_us)
    metrics.expect("am")
    async with open_wire(allow_private=True) as wire:
        alertmanager_ = Alertmanager(process.url, "https://kpi.example")
        dead_letters = DeadLetters("am", letters)
        yield (
            Resending("am", alertmanager_, wire, metrics, dead_letters, clock.now_us, random.Random(1)),
            clock,
            letters,
        )


@pytest.mark.asyncio
async def test_an_alert_arrives_with_its_labels_and_is_over_at_once(scene: Scene) -> None:
    await scene.tell()
    (found,) = await scene.process.alerts()
    assert found["labels"] == {
        "alertname": "ConversionRateLow",
        "severity": "critical",
        "kpi": "conversion_rate",
        "window": "5m",
        "dimension": "channel",
        "segment": "Paid Search",
        "team": "growth",
    }
    assert found["annotations"]["event_starts_at"] == "2026-11-25T00:00:00Z"
    assert found["generatorURL"] == "https://kpi.example"
    assert (await scene.page())["status"] == "firing"
    await scene.tell(state="resolved", sequence=4)
    assert await scene.process.alerts() == []
    assert (await scene.page())["status"] == "resolved"


@pytest.mark.asyncio
async def test_alerts_of_a_rule_are_one_page(scene: Scene) -> None:
    for segment in ("Direct", "Email", "Paid Search"):
        scene.resending.take(notification(fingerprint=segment, segment=segment), Written(b"{}"), scene.clock.now_us())
    assert await scene.resending.tell_due() is None
    page = await scene.page()
    assert sorted(alert["labels"]["segment"] for alert in page["alerts"]) == ["Direct", "Email", "Paid Search"]


@pytest.mark.asyncio
async def test_another_level_ends_one_and_begins_another(scene: Scene) -> None:
    await scene.tell(level="warning")
    await scene.tell(level="critical", sequence=4)
    (found,) = await scene.process.alerts()
    assert found["labels"]["severity"] == "critical"
    await scene.tell(level="warning", sequence=5)
    (found,) = await scene.process.alerts()
    assert found["labels"]["severity"] == "warning"


@pytest.mark.asyncio
async def test_told_again_it_is_the_same_alert_that_ends_later(scene: Scene) -> None:
    await scene.tell()
    (before,) = await scene.process.alerts()
    await scene.resend()
    (after,) = await scene.process.alerts()
    assert (after["fingerprint"], after["startsAt"]) == (before["fingerprint"], before["startsAt"])
    assert after["endsAt"] > before["endsAt"]


@pytest.mark.asyncio
async def test_a_silence_made_with_amtool_holds_and_survives_a_resend(scene: Scene) -> None:
    await scene.process.amtool(
        "silence", "add", "alertname=ConversionRateLow", "segment=Paid Search", "--comment=sale", "--author=ops"
    )
    await scene.tell()
    await scene.tell(fingerprint="other", segment="Direct")
    found = await scene.process.until(lambda alerts: len([one for one in alerts if one["status"]["silencedBy"]]) == 1)
    assert len(found) == 2
    assert [alert["labels"]["segment"] for alert in (await scene.page())["alerts"]] == ["Direct"]
    await scene.resend()
    shown = json.loads(await scene.process.amtool("--output=json", "alert", "query"))
    assert [alert["labels"]["segment"] for alert in shown] == ["Direct"]


@pytest.mark.asyncio
async def test_after_a_restart_that_lost_all_it_knows_again_within_a_resend(scene: Scene) -> None:
    await scene.tell()
    await scene.tell(fingerprint="over", segment="Direct")
    await scene.tell(fingerprint="over", segment="Direct", state="resolved", sequence=4)
    await scene.process.wipe()
    scene.clock.ahead_us += 61 * SECOND_US
    assert await scene.resending.tell_due() is not None  # it is away
    await scene.process.start()
    assert await scene.process.alerts() == []
    await scene.resend()
    (found,) = await scene.process.alerts()
    assert found["labels"]["segment"] == "Paid Search"


@pytest.mark.asyncio
async def test_an_end_it_missed_is_told_to_one_that_was_restarted(scene: Scene) -> None:
    await scene.tell()
    assert (await scene.page())["status"] == "firing"
    await scene.process.kill()
    scene.resending.take(notification(state="resolved", sequence=4), Written(b"{}"), scene.clock.now_us())
    assert await scene.resending.tell_due() is not None
    await scene.process.start()
    assert await scene.resending.tell_due() is None
    assert await scene.process.alerts() == []


@pytest.mark.asyncio
async def test_another_notifier_tells_the_same_alerts(scene: Scene) -> None:
    began_us = scene.clock.now_us()
    await scene.tell()
    async with telling(scene.process) as (second, _, _):
        second.take(notification(), Written(b"{}"), began_us)
        assert await second.tell_due() is None
    assert len(await scene.process.alerts()) == 1


@pytest.mark.asyncio
async def test_names_it_would_not_take_are_made_ones_it_takes(scene: Scene) -> None:
    await scene.tell(labels={"cost-centre": "7", "9": "x", "severity": "page"}, annotations={"what.now": "call"})
    (found,) = await scene.process.alerts()
    assert {"cost_centre": "7", "_9": "x", "label_severity": "page", "severity": "critical"}.items() <= found[
        "labels"
    ].items()
    assert found["annotations"]["what_now"] == "call"


@pytest.mark.asyncio
async def test_of_a_batch_it_refuses_the_others_are_taken(scene: Scene) -> None:
    scene.resending.take(
        notification(fingerprint="bad", level="", rule="", kpi="", window="", dimension="", segment="", labels={}),
        Written(b"bad"),
        scene.clock.now_us(),
    )
    await scene.tell()
    (found,) = await scene.process.alerts()
    assert found["labels"]["alertname"] == "ConversionRateLow"
    assert [letter["value"] for letter in scene.letters.sent] == [b"bad"]

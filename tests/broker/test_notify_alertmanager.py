"""`kpi notify` between a real Kafka and real Alertmanagers."""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from uuid import uuid4

import pytest
import pytest_asyncio
from aiokafka import AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from alertmanager import Process, alertmanager, needs_alertmanager
from alerts import record
from models.settings import Settings
from receiver import serving
from streams.publication_alerts import TOPIC
from streams.tools.broker import EmbeddedKafka

pytestmark = needs_alertmanager

ROOT = Path(__file__).parents[2]


@pytest_asyncio.fixture
async def settings(broker: EmbeddedKafka) -> Settings:
    admin = AIOKafkaAdminClient(bootstrap_servers=broker.bootstrap)
    await admin.start()
    try:
        there = await admin.list_topics()
        await admin.create_topics([NewTopic(name, 2, 1) for name in (TOPIC, "kpi-dead-letters") if name not in there])
    finally:
        await admin.close()
    return Settings(broker=broker.bootstrap, app_id=f"t{uuid4().hex[:8]}")


async def produce(settings: Settings, **changed: object) -> None:
    """An alert of a rule only this test has, in a transaction, as the worker does."""
    mine = {"rule": settings.app_id, "fingerprint": settings.app_id, **changed}
    producer = AIOKafkaProducer(bootstrap_servers=settings.broker, transactional_id=f"t{uuid4().hex}")
    await producer.start()
    try:
        async with producer.transaction():
            value = None if changed.get("state") == "deleted" else record(**mine)
            await producer.send_and_wait(TOPIC, value, key=str(mine["fingerprint"]).encode())
    finally:
        await producer.stop()


@asynccontextmanager
async def notifying(settings: Settings, *targets: str) -> AsyncIterator[asyncio.subprocess.Process]:
    """The real command, killed in the end."""
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(ROOT),
        "KPI_BROKER": settings.broker,
        "KPI_APP_ID": settings.app_id,
        "KPI_METRICS_PORT": "0",
        "KPI_ALERTMANAGER_URL": ",".join(targets),
    }
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", "from streams.cli import main; main()", "notify", cwd=ROOT, env=environment
    )
    try:
        yield process
    finally:
        process.kill()
        await process.wait()


async def until(process: Process, settings: Settings, *expected: str) -> None:
    """The segments of our rule that fire are these."""
    await process.until(lambda found: sorted(segments(found, settings)) == sorted(expected))


def segments(found: list[dict[str, dict[str, str]]], settings: Settings) -> list[str]:
    labels = [alert["labels"] for alert in found]
    return [one["segment"] for one in labels if one["alertname"] == settings.app_id]


@pytest.mark.asyncio
async def test_what_fires_arrives_and_is_over_at_once_and_a_tombstone_ends_it(
    settings: Settings, tmp_path: Path, unused_tcp_port: int
) -> None:
    await produce(settings)
    async with (
        serving() as pages,
        alertmanager(tmp_path, unused_tcp_port, pages.url) as am,
        notifying(settings, am.url),
    ):
        await until(am, settings, "Paid Search")
        await produce(settings, state="resolved", sequence=4)
        await until(am, settings)
        await produce(settings, fingerprint=f"{settings.app_id}-2", segment="Direct")
        await until(am, settings, "Direct")
        await produce(settings, fingerprint=f"{settings.app_id}-2", state="deleted")
        await until(am, settings)


@pytest.mark.asyncio
async def test_killed_it_tells_again_what_fires_and_what_ended_meanwhile(
    settings: Settings, tmp_path: Path, unused_tcp_port: int
) -> None:
    async with serving() as pages, alertmanager(tmp_path, unused_tcp_port, pages.url) as am:
        await produce(settings, fingerprint=f"{settings.app_id}-1", segment="Direct")
        await produce(settings, fingerprint=f"{settings.app_id}-2", segment="Email")
        async with notifying(settings, am.url):
            await until(am, settings, "Direct", "Email")
        await produce(settings, fingerprint=f"{settings.app_id}-2", segment="Email", state="resolved", sequence=4)
        async with notifying(settings, am.url):
            await until(am, settings, "Direct")
        async with notifying(settings, am.url):
            await produce(settings, fingerprint=f"{settings.app_id}-1", segment="Direct", state="resolved", sequence=4)
            await until(am, settings)
        told = [page_of(request.body, settings) for request in pages.seen()]
        assert len(told) == len(set(told))  # no restart told on-call the same again


def page_of(body: bytes, settings: Settings) -> frozenset[tuple[str, str]]:
    """Segment and status of each alert of our rule."""
    alerts = json.loads(body)["alerts"]
    mine = [alert for alert in alerts if alert["labels"]["alertname"] == settings.app_id]
    return frozenset((alert["labels"]["segment"], alert["status"]) for alert in mine)


@pytest.mark.asyncio
async def test_one_of_two_that_is_away_does_not_slow_the_other_and_is_told_when_it_is_back(
    settings: Settings, tmp_path: Path, unused_tcp_port_factory: Callable[[], int]
) -> None:
    folders = [tmp_path / name for name in ("a", "b")]
    for folder in folders:
        folder.mkdir()
    async with (
        serving() as pages,
        alertmanager(folders[0], unused_tcp_port_factory(), pages.url) as first,
        alertmanager(folders[1], unused_tcp_port_factory(), pages.url) as second,
    ):
        await second.wipe()
        async with notifying(settings, first.url, second.url):
            await produce(settings)
            await until(first, settings, "Paid Search")
            await second.start()
            await until(second, settings, "Paid Search")

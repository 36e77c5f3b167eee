"""The port of a process, asked over real HTTP."""

from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import aiohttp
import pytest
from prometheus_client import CollectorRegistry
from prometheus_client.core import GaugeMetricFamily, Metric

from models.errors import SettingsError
from streams.delivering.readiness import SILENT_AFTER_US, Readiness
from streams.engine.exporter import Exporter
from streams.engine.health import UNWATCHED_AFTER_S, Health
from streams.notifier import OwnState


class One:
    def collect(self) -> Iterator[Metric]:
        yield GaugeMetricFamily("kpi_one", "One", value=1)


def registry() -> CollectorRegistry:
    found = CollectorRegistry()
    found.register(One())
    return found


@asynccontextmanager
async def listening(not_ready: list[str], not_alive: list[str]) -> AsyncIterator[aiohttp.ClientSession]:
    exporter = Exporter(registry, lambda: not_ready, lambda: not_alive)
    await exporter.start("127.0.0.1", 0)
    try:
        async with aiohttp.ClientSession(f"http://127.0.0.1:{exporter.port}") as session:
            yield session
    finally:
        await exporter.stop()


@pytest.mark.asyncio
async def test_the_format_is_the_one_asked_for() -> None:
    async with listening([], []) as session:
        for accept, kind, end in (
            ("text/plain", "text/plain", "kpi_one 1.0\n"),
            ("application/openmetrics-text; version=1.0.0", "application/openmetrics-text", "kpi_one 1.0\n# EOF\n"),
        ):
            async with session.get("/metrics", headers={"Accept": accept}) as answer:
                assert (answer.status, answer.content_type) == (200, kind)
                assert (await answer.text()).endswith(end)


@pytest.mark.asyncio
@pytest.mark.parametrize("path", ["/metrics", "/livez", "/readyz"])
async def test_head_has_the_status_and_no_body(path: str) -> None:
    async with listening([], []) as session, session.head(path) as answer:
        assert (answer.status, await answer.read()) == (200, b"")


@pytest.mark.asyncio
async def test_a_probe_is_told_why_not_in_a_line_each() -> None:
    async with listening(["restoring", "no broker"], ["stuck"]) as session:
        async with session.get("/readyz") as answer:
            assert (answer.status, await answer.text()) == (503, "restoring\nno broker\n")
        async with session.get("/livez") as answer:
            assert (answer.status, await answer.text()) == (503, "stuck\n")
    async with listening([], []) as session:
        async with session.get("/readyz") as answer:
            assert (answer.status, await answer.text()) == (200, "ready\n")
        async with session.get("/livez") as answer:
            assert (answer.status, await answer.text()) == (200, "alive\n")


@pytest.mark.asyncio
async def test_a_port_that_is_taken_is_said() -> None:
    first, second = Exporter(registry, list), Exporter(registry, list)
    await first.start("127.0.0.1", 0)
    try:
        with pytest.raises(SettingsError, match=f"KPI_METRICS_PORT 127.0.0.1:{first.port}: the port is in use"):
            await second.start("127.0.0.1", first.port)
    finally:
        await second.stop()
        await first.stop()


def test_a_worker_is_alive_as_long_as_its_watchdog_looks() -> None:
    assert Health().faults(1e6) == []  # it has not begun to look: the broker may be away
    assert Health(watched_s=5.0).faults(5.0 + UNWATCHED_AFTER_S) == []
    assert len(Health(watched_s=5.0).faults(5.1 + UNWATCHED_AFTER_S)) == 1


def test_notify_is_ready_when_every_line_has_joined_and_the_broker_answers() -> None:
    readiness, now_us = Readiness(), 10**15
    assert readiness.reasons(now_us) == ["connecting to the broker"]
    found = CollectorRegistry()
    found.register(OwnState(readiness, None))
    assert found.get_sample_value("kpi_ready") == 0
    readiness.wait("ops", "receiver ops: joining its consumer group")
    readiness.go("broker")
    readiness.heard(now_us)
    assert readiness.reasons(now_us) == ["receiver ops: joining its consumer group"]
    readiness.go("ops")
    assert readiness.reasons(now_us) == []
    assert readiness.reasons(now_us + SILENT_AFTER_US) == []
    assert readiness.reasons(now_us + SILENT_AFTER_US + 1) == ["the broker does not answer"]
    readiness.heard(now_us - 5)  # an older answer of another partition
    assert readiness.reasons(now_us + SILENT_AFTER_US) == []

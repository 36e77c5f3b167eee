"""`kpi values --follow` on a real Kafka: values, alerts, the pipeline and what is unread, side by side."""

import asyncio
import time
from collections.abc import Iterator
from pathlib import Path

import msgspec
import pytest

import topic_log
from alerts import record
from flow import KPIS
from models.kpi_value import Status, Unit
from models.kpis_file import load_kpis
from models.settings import Settings
from models.stage import Outgoing
from models.status import MonitorStatus, status_record
from streams.publication import KpiValueRecord
from streams.tools.broker import EmbeddedKafka
from streams.tools.following import Known, follow_view, view_of
from streams.tools.kafka_installation import Installation
from streams.tools.revisions import Choice
from streams.topics import topic_specs
from transaction import commit

START, END = "2026-11-25T00:00:00Z", "2026-11-25T00:05:00Z"


def value() -> Outgoing:
    its = KpiValueRecord(
        kpi="conversion_rate",
        window="5m",
        start=START,
        end=END,
        dimension="all",
        segment="all",
        value=0.0173,
        unit=Unit.RATIO,
        numerator=173,
        denominator=10_000,
        interval=(0.015, 0.02),
        status=Status.FINAL,
        revision=1,
        watermark=END,
        definition="d",
        emitted_at=END,
    )
    return Outgoing("kpi-values", 0, f"conversion_rate|5m|all|{START}|all".encode(), msgspec.json.encode(its))


@pytest.fixture
def own_broker(installation: Installation, tmp_path: Path) -> Iterator[EmbeddedKafka]:
    """A broker of its own: the topics have fixed names."""
    with EmbeddedKafka(installation, tmp_path) as kafka:
        yield kafka


@pytest.mark.asyncio
async def test_the_view_is_made_of_all_topics_and_ends_when_it_is_told(
    own_broker: EmbeddedKafka, capsys: pytest.CaptureFixture[str]
) -> None:
    settings = Settings(broker=own_broker.bootstrap)
    await topic_log.create(settings.broker, [spec.name for spec in topic_specs(settings.app_id, 1)], 1)
    now_us = time.time_ns() // 1_000
    monitor = MonitorStatus(task="monitor-0", partition=0, watermarks_us={}, unfinished=False, emitted_us=now_us)
    alert = Outgoing("kpi-alerts", 0, b"ab12", record(dimension="all", segment="all"))
    unread = Outgoing("orders", 0, b"o1", b"{}")
    await commit(settings.broker, [value(), alert, status_record(monitor), unread])
    known = Known.of(load_kpis(KPIS.read_text(encoding="utf-8"), "kpis.yaml"), (), settings.business_timezone)
    view, stop = view_of(settings, Choice(), known), asyncio.Event()
    async with asyncio.timeout(60):
        following = asyncio.create_task(follow_view(settings, view, known, stop))
        while not (view.pipeline.unread and view.alerts.firing() and view.table.rows(now_us)):
            assert not following.done(), following.exception()
            await asyncio.sleep(0.1)
        stop.set()
        await following
    drawn = capsys.readouterr().out
    assert "pipeline" in drawn
    assert view.pipeline.unread["orders"] == 2, "the record and the marker of its transaction"
    assert "conversion_rate" in drawn
    assert "1.73 %" in drawn
    assert "critical ConversionRateLow conversion_rate 5m since 2026-11-25 00:00:00" in drawn
    assert "1.73 %, threshold 2.00 %" in drawn

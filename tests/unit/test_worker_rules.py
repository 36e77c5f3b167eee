"""The worker's rules: a signal asks for them, the monitor's stage is given them, a metric says if the file is bad."""

import asyncio
import os
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from flow import KPIS
from models import clv_record, delta, fx, status
from models.kpis_file import load_kpis
from models.order_fact import BY_CUSTOMER, BY_VISITOR
from models.settings import Settings
from streams.app import create_app
from streams.clv_feed import ClvFeed
from streams.configuration import load_rules
from streams.fx_feed import FxFeed
from streams.measuring import dead_letter
from streams.monitoring.stage import MonitorStage
from streams.publication import VALUES_TOPIC
from streams.publication_alerts import TOPIC as ALERTS_TOPIC
from streams.rules_watch import RulesWatch, stamp
from streams.topics import INPUTS
from streams.worker import Measurements, _keep_watching, take_snapshot

OURS = (BY_VISITOR, BY_CUSTOMER, delta.TOPIC, dead_letter.TOPIC, VALUES_TOPIC, ALERTS_TOPIC, status.TOPIC, fx.TOPIC)
PARTITIONS = dict.fromkeys((*INPUTS, *OURS, clv_record.TOPIC), 1)
LOW = "rules:\n- {name: Low, kpi: orders, window: 1m, levels: {warning: {below: 2}}}\n"


@pytest.fixture
def loop() -> Iterator[asyncio.AbstractEventLoop]:
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    yield loop
    loop.remove_signal_handler(signal.SIGHUP)
    loop.close()


def test_sighup_gives_the_stage_the_rules_of_the_file(tmp_path: Path, loop: asyncio.AbstractEventLoop) -> None:
    file, catalogue = tmp_path / "alerts.yaml", load_kpis(KPIS.read_text(encoding="utf-8"), "kpis.yaml")
    file.write_text(LOW, encoding="utf-8")
    feed, clv, first = FxFeed("GBP"), ClvFeed("GBP"), load_rules(file, catalogue)
    app = create_app(Settings(), catalogue, first, PARTITIONS, Measurements(), feed, clv)
    stage = app.stage_named["monitor"]
    assert isinstance(stage, MonitorStage)
    watch = RulesWatch(file, lambda: load_rules(file, catalogue), first, stage.alerting.renew, stamp(file))
    _keep_watching(app, watch, loop)
    for text, failed in ((LOW.replace("Low", "High"), False), ("rules: 5", True)):
        file.write_text(text, encoding="utf-8")
        os.kill(os.getpid(), signal.SIGHUP)
        loop.run_until_complete(asyncio.sleep(0.01))
        watch.look()
        assert [rule.name for rule in stage.alerting.book.rules] == ["High"]
        assert take_snapshot(app, Measurements(), feed, clv, watch).rules_reload_failed is failed

"""The live view but for its table: what fires, and whether the figures are of now."""

import json
from datetime import datetime, timedelta

import msgspec
import pytest
from rich.console import Console

from alerting.notification import Notification
from alerts import STARTS_AT, record
from models.status import MeasureStatus, MonitorStatus, TaskStatus
from streams.tools import instant
from streams.tools.live_alerts import AGAIN_US, LiveAlerts
from streams.tools.live_pipeline import SILENT_AFTER_US, LivePipeline
from streams.tools.live_table import LiveTable
from streams.tools.live_view import LiveView
from streams.tools.revisions import Choice

NOW = datetime.fromisoformat(STARTS_AT)
NOW_US = instant.of(NOW)


def alert(fingerprint: str, **changed: object) -> tuple[bytes, bytes]:
    return fingerprint.encode(), record(fingerprint=fingerprint, **changed)


def lines(alerts: LiveAlerts, now_us: int = NOW_US, limit: int = 9) -> list[str]:
    return [line.plain for line in alerts.lines(now_us, limit)]


def test_what_fires_is_listed_with_since_when_and_against_what() -> None:
    alerts = LiveAlerts(is_share={"conversion_rate"}.__contains__)
    began = (NOW - timedelta(minutes=12)).isoformat()
    alerts.take(*alert("a", rule="Low", level="critical", value=0.012, threshold=0.02, starts_at=began))
    [line] = lines(alerts)
    assert line == (
        "critical Low conversion_rate 5m channel=Paid Search since 2026-11-24 23:48:00 (12 min):"
        " 1.20 %, threshold 2.00 %"
    )


def test_the_last_transition_counts_and_a_tombstone_ends_an_alert() -> None:
    alerts = LiveAlerts()
    alerts.take(*alert("a", sequence=2))
    alerts.take(*alert("a", sequence=1, state="resolved"))  # a partition that is read again
    assert len(alerts.firing()) == 1
    alerts.take(*alert("a", sequence=3, state="resolved"))
    assert lines(alerts) == ["no alert fires"]
    alerts.take(*alert("a", sequence=4))
    alerts.take(b"a", None)
    assert alerts.firing() == []
    alerts.take(b"a", b"{}")
    assert (alerts.firing(), alerts.malformed) == ([], 1)


def test_the_worst_is_first_and_what_is_left_out_is_counted() -> None:
    alerts = LiveAlerts()
    for fingerprint, level, minute in (("a", "warning", 0), ("b", "critical", 9), ("c", "critical", 3)):
        alerts.take(*alert(fingerprint, level=level, starts_at=f"2026-11-25T00:{minute:02d}:00Z"))
    assert [one.alert.fingerprint for one in alerts.firing()] == ["c", "b", "a"]
    assert lines(alerts, limit=1)[1:] == ["2 more: kpi alerts"]
    series = ("conversion_rate", "5m", "channel", "Paid Search")
    assert alerts.levels() == {series: "critical"}


def test_alerts_of_other_kpis_than_the_chosen_are_left_out() -> None:
    alerts = LiveAlerts(Choice(kpi="orders"))
    alerts.take(*alert("a"))
    alerts.take(*alert("b", kpi="orders"))
    assert [one.alert.fingerprint for one in alerts.firing()] == ["b"]


def test_an_explanation_is_asked_for_again_until_it_is_there_and_then_kept() -> None:
    answers: list[tuple[str, ...] | None] = [None, ("mobile fell", "failing step: pay")]
    asked: list[Notification] = []

    def why(one: Notification) -> tuple[str, ...] | None:
        asked.append(one)
        return answers[len(asked) - 1]

    alerts = LiveAlerts(why=why)
    alerts.take(*alert("a"))
    assert len(lines(alerts)) == 1
    assert len(lines(alerts, NOW_US + AGAIN_US - 1)) == 1
    for later_us in (AGAIN_US, 9 * AGAIN_US):
        assert lines(alerts, NOW_US + later_us)[1] == "  mobile fell; failing step: pay"
    assert len(asked) == 2


def measure(topic: str, received: int, late: int, emitted_us: int) -> MeasureStatus:
    return MeasureStatus(
        task=f"{topic}-0",
        topic=topic,
        partition=0,
        received=received,
        counted=received - late,
        duplicate=0,
        late=late,
        bot=0,
        invalid=0,
        watermark_us=0,
        announced_us=0,
        promise_us=None,
        emitted_us=emitted_us,
    )


def pipeline(*tasks: TaskStatus) -> LivePipeline:
    found = LivePipeline()
    for task in tasks:
        found.take(task.task.encode(), msgspec.json.encode(task))
    return found


def monitor(emitted_us: int) -> MonitorStatus:
    marks = {"orders": NOW_US - 4_500_000, "clickstream": NOW_US - 2_000_000}
    return MonitorStatus(task="monitor-0", partition=0, watermarks_us=marks, unfinished=False, emitted_us=emitted_us)


def test_a_pipeline_that_has_read_all_says_up_to_when_and_what_was_lost() -> None:
    found = pipeline(measure("orders", 1_200, 3, NOW_US), measure("social", 34, 0, NOW_US), monitor(NOW_US))
    at = instant.render((NOW_US - 4_500_000) // 1_000_000 * 1_000_000)
    assert found.line(NOW_US).plain == f"pipeline: looking what is unread · figures up to {at} · 1,234 events, 3 late"
    found.unread = {"orders": 0, "social": 0}
    assert found.line(NOW_US).plain == f"pipeline up to date · figures up to {at} · 1,234 events, 3 late"


def test_a_pipeline_that_is_behind_says_by_how_much() -> None:
    found = pipeline(measure("orders", 10, 0, NOW_US))
    found.unread, found.oldest_s = {"orders": 12_000, "social": 400, "ad-spend": 0}, 180.0
    assert found.line(NOW_US).plain == (
        "pipeline BEHIND: 12,400 records not read yet (orders 12,000, social 400), the oldest 3 min old · 10 events"
    )


@pytest.mark.parametrize(
    ("found", "said"),
    [
        (pipeline(), "pipeline SILENT: no worker has told of itself yet"),
        (pipeline(monitor(NOW_US - SILENT_AFTER_US - 1)), "pipeline SILENT: no worker has told of itself for 15 s"),
    ],
    ids=["never", "no more"],
)
def test_workers_that_are_gone_are_no_pipeline_that_is_up_to_date(found: LivePipeline, said: str) -> None:
    found.unread = {"orders": 0}
    assert found.line(NOW_US).plain == said


def test_nothing_is_said_of_a_pipeline_before_it_was_looked_at() -> None:
    assert pipeline().line(NOW_US).plain == "pipeline: looking"


def test_a_task_of_a_newer_version_is_passed_over() -> None:
    found = pipeline(monitor(NOW_US))
    found.take(b"x-0", json.dumps({"kind": "unheard of"}).encode())
    found.unread = {}
    assert found.line(NOW_US).plain.startswith("pipeline up to date")


@pytest.mark.parametrize("width", [60, 100, 160])
def test_the_view_fits_the_terminal(width: int) -> None:
    alerts = LiveAlerts(why=lambda _: ("a long explanation " * 20,))
    view = LiveView(LiveTable("GBP", clock_us=lambda: NOW_US, levels=alerts.levels), alerts, pipeline(monitor(NOW_US)))
    for number in range(20):
        alerts.take(*alert(str(number)))
    console = Console(width=width, height=30, force_terminal=False)
    with console.capture() as capture:
        console.print(view)
    text = capture.get().splitlines()
    assert len(text) <= 30
    assert max(map(len, text)) <= width
    assert text[-1].startswith("14 more: kpi alerts")

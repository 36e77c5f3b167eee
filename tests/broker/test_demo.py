"""`kpi demo` as a newcomer starts it: a process, its last line, and nothing left behind."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from broker.shop_floor import ROOT, within

COMMAND = [sys.executable, "-m", "streams.cli", "demo"]
SHORT_S = 30
_ENDS_WITHIN_S = 20.0  # seen: 5 to 9 s


def environment(folder: Path, **settings: str) -> dict[str, str]:
    clean = {name: value for name, value in os.environ.items() if not name.startswith("KPI_")}
    return clean | {"KPI_METRICS_PORT": "0", "KPI_WEB_PORT": "0", "TMPDIR": str(folder)} | settings


def start(folder: Path, *arguments: str, **settings: str) -> subprocess.Popen[bytes]:
    """Its stderr goes to a file, so that a test can look at it."""
    with (folder / "stderr").open("wb") as err:
        return subprocess.Popen(
            [*COMMAND, *arguments], cwd=ROOT, env=environment(folder, **settings), stdout=subprocess.PIPE, stderr=err
        )


def said(folder: Path) -> str:
    return (folder / "stderr").read_text()


def left_over(folder: Path) -> list[str]:
    """Processes that have the folder in their environment: the demo's own children inherit it."""
    mark = f"TMPDIR={folder}".encode()
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        try:
            if mark in (process / "environ").read_bytes().split(b"\0"):
                found.append((process / "cmdline").read_text().replace("\0", " "))
        except (FileNotFoundError, PermissionError, ProcessLookupError):
            continue  # it ended meanwhile, or is none of ours
    return found


def until_said(demo: subprocess.Popen[bytes], folder: Path, text: str) -> None:
    for _ in within(120):
        if text in said(folder):
            return
        assert demo.poll() is None, said(folder)
    raise AssertionError(said(folder))


def test_a_short_run_ends_by_itself_with_an_alert_and_an_account_that_adds_up(tmp_path: Path) -> None:
    demo = start(tmp_path, "--duration", str(SHORT_S))
    out, _ = demo.communicate(timeout=240)
    assert demo.returncode == 0, said(tmp_path)
    summary = json.loads(out.splitlines()[-1])
    assert list(summary) == ["events", "published", "kpis", "alerts", "event_to_metric_ms"]
    events, published = summary["events"], summary["published"]
    assert events["received"] == sum(published.values()) > 10_000
    assert events["received"] == sum(events[name] for name in ("counted", "duplicate", "late", "bot", "invalid"))
    assert (events["late"], events["invalid"]) == (0, 0), "the demo's own timing loses nothing"
    assert set(published) == {"clickstream", "orders", "social"}
    assert 0.01 < summary["kpis"]["conversion_rate"] < 0.06
    assert 30 < summary["kpis"]["average_order_value"] < 70
    assert 0.01 < summary["kpis"]["social_engagement_rate"] < 0.06
    assert summary["alerts"]["fired"] == summary["alerts"]["resolved"] >= 1
    assert 0 < summary["event_to_metric_ms"]["p50"] <= summary["event_to_metric_ms"]["p99"]
    assert left_over(tmp_path) == []
    assert [file.name for file in tmp_path.iterdir()] == ["stderr"], "the data folder is gone"


@pytest.mark.soak  # half a minute
def test_ctrl_c_closes_an_endless_run_in_order(tmp_path: Path) -> None:
    demo = start(tmp_path)
    until_said(demo, tmp_path, "a shop opens")
    began_s = time.monotonic()
    demo.send_signal(signal.SIGINT)
    out, _ = demo.communicate(timeout=60)
    assert time.monotonic() - began_s < _ENDS_WITHIN_S
    assert (demo.returncode, "Traceback" in said(tmp_path)) == (0, False), said(tmp_path)
    assert json.loads(out.splitlines()[-1])["events"]["received"] > 0
    assert left_over(tmp_path) == []


def test_its_processes_die_with_it(tmp_path: Path) -> None:
    demo = start(tmp_path)
    until_said(demo, tmp_path, "is ready")
    demo.kill()
    demo.communicate()
    for _ in within(10):
        if not (left := left_over(tmp_path)):
            return
    raise AssertionError(left)


@pytest.mark.parametrize(
    ("arguments", "settings", "message"),
    [
        pytest.param(("--duration", "5"), {}, "--duration 5: too short", id="too short"),
        pytest.param((), {"KPI_BROKER": "127.0.0.1:1"}, "127.0.0.1:1: no Kafka broker answers", id="no broker"),
        pytest.param((), {"KPI_METRICS_PORT": "x"}, "KPI_METRICS_PORT", id="no port"),
    ],
)
def test_what_is_wrong_from_outside_is_one_line(
    tmp_path: Path, arguments: tuple[str, ...], settings: dict[str, str], message: str
) -> None:
    demo = start(tmp_path, *arguments, **settings)
    out, _ = demo.communicate(timeout=60)
    errors = [line for line in said(tmp_path).splitlines() if line.startswith("kpi: ")]
    assert (demo.returncode, out, len(errors)) == (2, b"", 1), said(tmp_path)
    assert message in errors[0]
    assert "Traceback" not in said(tmp_path)

"""`kpi rules check` and `kpi rules test` as they are called: exit codes, messages, the manual's own example."""

import re
import subprocess
import sys
from pathlib import Path

import msgspec
import pytest

ROOT = Path(__file__).parents[2]
BLOCKS = re.findall(r"```yaml\n(.*?)```", (ROOT / "docs" / "rules-tests.md").read_text(encoding="utf-8"), re.DOTALL)


def kpi(*arguments: object) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "streams.cli", "rules", *map(str, arguments)]
    environment = {"PYTHONPATH": str(ROOT)}
    return subprocess.run(command, capture_output=True, text=True, check=False, env=environment, timeout=60, cwd=ROOT)


@pytest.fixture
def manual(tmp_path: Path) -> Path:
    """The example of the manual, as two files."""
    tests, rules = BLOCKS
    (tmp_path / "alerts.yaml").write_text(rules, encoding="utf-8")
    (tmp_path / "alerts.test.yaml").write_text(tests, encoding="utf-8")
    return tmp_path / "alerts.test.yaml"


def test_the_example_of_the_manual_holds(manual: Path) -> None:
    done = kpi("test", manual)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == f"{manual}: 1 tests, 3 checks, none failed\n"


def test_a_test_that_fails_says_what_was_expected_and_what_the_alert_did(manual: Path) -> None:
    changed = (
        manual.read_text(encoding="utf-8").replace("at: 10m", "at: 7m").replace("firing: none}", "firing: critical}", 1)
    )
    manual.write_text(changed, encoding="utf-8")
    done = kpi("test", manual)
    assert done.returncode == 1
    name = '"e-mail converts badly for a while, and nobody else does"'
    assert done.stdout.splitlines() == [
        f"{manual}:9 {name}: EmailConvertsBadly at 5m (2026-03-02T12:05:00Z)",
        "  - expected critical",
        "  + got      none",
        "    it never fired",
        f"{manual}:10 {name}: EmailConvertsBadly at 7m (2026-03-02T12:07:00Z)",
        "  - expected Email critical",
        "  + got      none",
        "    it never fired",
        f"{manual}: 1 tests, 3 checks, 2 failed",
    ]


@pytest.mark.parametrize(
    ("good", "bad", "said"),
    [
        (
            "rule: EmailConvertsBadly",
            "rule: Email",
            r':9 tests\[0\]\.expect\[0\]\.rule: "Email" is not possible; write',
        ),
        ("0.01x4", "0.01xx", r':6 .*values: "0.01xx" is no value; write numbers'),
        ("0.01x4", "1.01x4", r":6 .*values: conversion_rate is a share and not over 1"),
        ("0.01x4", "1e400", r':6 .*values: "1e400" is no value'),
        ("channel=Email", "Email", r':6 .*segment: "Email" is no segment of conversion_rate; write channel=Email'),
        ("over: 1000", "over: 0", r":6 .*over: 0 is no volume"),
        ("window: 5m", "window: 7d", r':6 .*window: "7d" is not possible'),
        ("at: 5m", "at: 5", r':9 .*at: "5" has no unit; write 5m'),
        ("start: 2026-03-02T12:00:00Z", "start: noon", r':4 .*start: "noon" is no time'),
        ("firing: none}", "firing: bad}", r':9 .*firing: "bad" is not possible'),
        ("rules: alerts.yaml", "rules: none.yaml", "none.yaml: cannot be read"),
    ],
)
def test_a_bad_file_is_refused_with_line_and_remedy(manual: Path, good: str, bad: str, said: str) -> None:
    text = manual.read_text(encoding="utf-8")
    assert good in text
    manual.write_text(text.replace(good, bad, 1), encoding="utf-8")
    done = kpi("test", manual)
    assert (done.returncode, done.stdout) == (2, "")
    assert re.search(said, done.stderr), done.stderr


def test_a_good_file_of_rules_is_counted() -> None:
    done = kpi("check", "deploy/alerts.yaml")
    assert done.returncode == 0
    assert done.stdout.endswith("14 rules over 13 KPIs, 19 levels, 2 by segment, 1 for silence\n")


def test_the_configured_file_is_the_default_and_json_has_a_rule_a_line() -> None:
    lines = [msgspec.json.decode(line) for line in kpi("check", "--json").stdout.splitlines()]
    assert lines[0] == {
        "rule": "ConversionRateLow",
        "kpi": "conversion_rate",
        "window": "5m",
        "by": None,
        "on": "provisional",
        "levels": {"warning": "below 0.02", "critical": "below 0.012"},
        "no_data": None,
        "runbook": "docs/runbooks/conversion-rate-low.md",
    }


def test_a_bad_file_of_rules_says_file_line_rule_and_key(tmp_path: Path) -> None:
    file = tmp_path / "alerts.yaml"
    file.write_text("rules:\n  - {name: Low, kpi: orders, window: 1h, levels: {warning: {below: 1}}, for: 3}\n")
    done = kpi("check", file)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr == f'kpi: {file}:2 Low.for: "3" has no unit; write 3m\n'


def test_a_back_test_of_a_time_that_ends_before_it_begins_is_refused(tmp_path: Path) -> None:
    events = tmp_path / "events.ndjson"
    events.touch()
    done = kpi("backtest", "--file", events, "--from", "2026-03-02T00:00:00Z", "--to", "2026-03-01T00:00:00Z")
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith('kpi: --to: "2026-03-01T00:00:00Z" is not after --from; ')


def test_a_back_test_of_nothing_says_so(tmp_path: Path) -> None:
    events = tmp_path / "events.ndjson"
    events.touch()
    done = kpi("backtest", "--file", events)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f"kpi: {events}: there is no value of what these rules watch; ")

"""The rules that Prometheus is given: read, tested by cases of their own, and each with a page that says what to do."""

import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

ROOT = Path(__file__).parents[2]
FOLDER = ROOT / "deploy" / "prometheus"
CASES = FOLDER / "tests" / "alerts.yml"
SERVICES: dict[str, dict[str, Any]] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]
needs_promtool = pytest.mark.skipif(shutil.which("promtool") is None, reason="promtool comes with Debian's prometheus")


def rules(file: str) -> list[dict[str, Any]]:
    groups = yaml.safe_load((FOLDER / file).read_text(encoding="utf-8"))["groups"]
    return [rule for group in groups for rule in group["rules"]]


ALERTS = {rule["alert"]: rule for rule in rules("alerts.yml")}


@needs_promtool
def test_promtool_accepts_all_files_and_their_cases() -> None:
    for command in (["check", "config", str(FOLDER / "prometheus.yml")], ["test", "rules", str(CASES)]):
        answer = subprocess.run(["promtool", *command], capture_output=True, text=True, check=False)
        assert answer.returncode == 0, answer.stdout + answer.stderr


@needs_promtool
def test_a_case_fails_when_an_alert_is_forgotten(tmp_path: Path) -> None:
    text = (FOLDER / "alerts.yml").read_text(encoding="utf-8")
    (tmp_path / "alerts.yml").write_text(text.replace("for: 1m  # a restart", "for: 9m  # a restart"))
    (tmp_path / "recording.yml").write_text((FOLDER / "recording.yml").read_text(encoding="utf-8"))
    (tmp_path / "tests").mkdir()
    (tmp_path / "tests" / "alerts.yml").write_text(CASES.read_text(encoding="utf-8"))
    answer = subprocess.run(
        ["promtool", "test", "rules", tmp_path / "tests" / "alerts.yml"], capture_output=True, text=True, check=False
    )
    assert answer.returncode == 1
    assert "KpiWorkerDown" in answer.stdout + answer.stderr


@pytest.mark.parametrize("name", ALERTS)
def test_an_alert_has_a_severity_a_sentence_and_a_page(name: str) -> None:
    rule = ALERTS[name]
    assert rule["labels"]["severity"] in {"warning", "critical"}
    assert rule["annotations"]["summary"]
    page = (ROOT / rule["annotations"]["runbook_url"]).read_text(encoding="utf-8")
    assert name.removeprefix("Kpi") in page.splitlines()[0] or rule["annotations"]["runbook_url"].endswith(
        "pipeline-behind.md"
    )


@pytest.mark.parametrize("name", ALERTS)
def test_an_alert_has_a_case_in_which_it_fires_and_one_in_which_it_does_not(name: str) -> None:
    tests = yaml.safe_load(CASES.read_text(encoding="utf-8"))["tests"]
    cases = [case["exp_alerts"] for test in tests for case in test["alert_rule_test"] if case["alertname"] == name]
    assert any(cases), name
    series = [
        len(test["input_series"]) for test in tests if any(c["alertname"] == name for c in test["alert_rule_test"])
    ]
    silent = any(not alerts for alerts in cases) or any(n > len(alerts) for n in series for alerts in cases)
    assert silent, name


def test_recorded_names_say_level_metric_and_operation_and_all_are_used() -> None:
    names = [rule["record"] for rule in rules("recording.yml")]
    assert [
        name for name in names if not re.fullmatch(r"([a-z_]+:)?kpi_[a-z_]+:[a-z0-9_]+|topic:kpi_[a-z_]+:\w+", name)
    ] == []
    assert len(names) == len(set(names))


def test_every_file_is_where_the_configuration_looks_for_it_in_the_container() -> None:
    config = yaml.safe_load((FOLDER / "prometheus.yml").read_text(encoding="utf-8"))
    mounted = {volume.split(":")[1] for volume in SERVICES["prometheus"]["volumes"]}
    assert {f"/etc/prometheus/{file}" for file in config["rule_files"]} <= mounted


def test_jobs_that_alerts_name_are_scraped_or_are_to_come() -> None:
    config = yaml.safe_load((FOLDER / "prometheus.yml").read_text(encoding="utf-8"))
    jobs = {job["job_name"] for job in config["scrape_configs"]}
    named = {job for rule in ALERTS.values() for job in re.findall(r'job="([\w-]+)"', rule["expr"])}
    assert named - jobs <= {"kpi-web"}

"""What is deployed names what exists: settings, files, versions, targets."""

import shutil
import subprocess
import tomllib
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import msgspec
import pytest
import yaml

from alerting.notification import read_notification
from alerting.notifiers.alertmanager import labels
from models.settings import Settings
from streams.tools.kafka_jars import KAFKA_VERSION, pom_file

ROOT = Path(__file__).parents[2]
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "docker-compose.yml").read_text(encoding="utf-8"))
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
PROMETHEUS = ROOT / "deploy" / "prometheus" / "prometheus.yml"
ALERTMANAGER = ROOT / "deploy" / "alertmanager" / "alertmanager.yml"


def test_the_services_are_those_of_the_flow() -> None:
    ours, others = ["kafka", "topics", "worker", "notify", "web"], ["alertmanager", "clv", "prometheus", "grafana"]
    assert list(SERVICES) == [*ours, *others]


@pytest.mark.parametrize("service", ["topics", "worker", "notify", "web", "clv"])
def test_every_variable_is_a_setting(service: str) -> None:
    variables = SERVICES[service]["environment"]
    fields = {f"KPI_{field.name.upper()}" for field in msgspec.structs.fields(Settings)}
    assert variables.keys() <= fields
    assert variables["KPI_METRICS_HOST"] == "0.0.0.0"  # noqa: S104  what is checked


def test_a_worker_that_exits_is_started_again_after_the_topics_are_there() -> None:
    for service in ("worker", "notify", "web", "clv"):
        assert SERVICES[service]["restart"] == "unless-stopped"
        assert SERVICES[service]["depends_on"] == {"topics": {"condition": "service_completed_successfully"}}
    assert SERVICES["topics"]["depends_on"] == {"kafka": {"condition": "service_healthy"}}


def test_what_is_mounted_or_depended_on_exists() -> None:
    for service in SERVICES.values():
        assert service.get("depends_on", {}).keys() <= SERVICES.keys()
        for volume in service.get("volumes", []):
            source = volume.split(":")[0]
            assert (ROOT / source).exists() if source.startswith("./") else source in COMPOSE["volumes"]


def test_kafka_is_one_version_everywhere() -> None:
    namespace = {"m": "http://maven.apache.org/POM/4.0.0"}
    pom = ET.parse(pom_file()).getroot()  # noqa: S314  our own file
    assert SERVICES["kafka"]["image"] == f"apache/kafka:{KAFKA_VERSION}"
    assert pom.findtext("m:properties/m:kafka.version", namespaces=namespace) == KAFKA_VERSION


def test_prometheus_scrapes_the_metrics_port_of_services_that_exist() -> None:
    scraped = yaml.safe_load(PROMETHEUS.read_text(encoding="utf-8"))["scrape_configs"]
    port, page = Settings().metrics_port, Settings().web_port
    targets = [target for job in scraped for config in job["static_configs"] for target in config["targets"]]
    assert targets == [f"worker:{port}", f"notify:{port}", f"web:{page}"]


def test_the_page_is_open_to_this_machine_alone() -> None:
    web = SERVICES["web"]
    assert (web["environment"]["KPI_WEB_OPEN"], web["ports"]) == ("true", ["127.0.0.1:6066:6066"])
    assert Settings().web_host == "127.0.0.1"


def test_notify_and_prometheus_tell_the_alertmanager_that_is_there() -> None:
    assert SERVICES["notify"]["environment"]["KPI_ALERTMANAGER_URL"] == "http://alertmanager:9093"
    assert SERVICES["alertmanager"]["ports"] == ["127.0.0.1:9093:9093"]
    told = yaml.safe_load(PROMETHEUS.read_text(encoding="utf-8"))["alerting"]["alertmanagers"]
    assert told == [{"static_configs": [{"targets": ["alertmanager:9093"]}]}]


def test_alertmanager_groups_by_rule_and_a_critical_alert_quiets_its_warning() -> None:
    config = yaml.safe_load(ALERTMANAGER.read_text(encoding="utf-8"))
    assert config["route"]["group_by"] == ["alertname"]
    assert config["route"]["receiver"] in [receiver["name"] for receiver in config["receivers"]]
    (inhibit,) = config["inhibit_rules"]
    assert (inhibit["source_matchers"], inhibit["target_matchers"]) == (['severity="critical"'], ['severity="warning"'])
    alert = read_notification(
        b'{"fingerprint": "f", "sequence": 1, "rule": "r", "state": "firing", "level": "warning",'
        b' "starts_at": "2026-11-25T00:00:00Z"}'
    ).alert
    assert {*inhibit["equal"], "severity"} == labels(alert).keys()


@pytest.mark.skipif(shutil.which("amtool") is None, reason="amtool comes with Debian's prometheus-alertmanager")
def test_amtool_accepts_the_configuration_of_alertmanager() -> None:
    answer = subprocess.run(["amtool", "check-config", ALERTMANAGER], capture_output=True, text=True, check=False)
    assert answer.returncode == 0, answer.stdout + answer.stderr


# CI installs Prometheus; a newcomer needs only Python, Java and Maven, and this is a second opinion on a static file
@pytest.mark.skipif(shutil.which("promtool") is None, reason="promtool comes with Debian's prometheus")
def test_promtool_accepts_the_scrape_config() -> None:
    answer = subprocess.run(["promtool", "check", "config", PROMETHEUS], capture_output=True, text=True, check=False)
    assert answer.returncode == 0, answer.stdout + answer.stderr


def test_everything_the_image_copies_exists() -> None:
    dockerfile = (ROOT / "deploy" / "Dockerfile").read_text(encoding="utf-8")
    copies = [line.split()[1:-1] for line in dockerfile.splitlines() if line.startswith("COPY")]
    sources = [source for copy in copies if not copy[0].startswith("--from") for source in copy]
    assert [source for source in sources if not (ROOT / source).exists()] == []


def test_the_image_builds_and_has_the_kernel() -> None:
    dockerfile = (ROOT / "deploy" / "Dockerfile").read_text(encoding="utf-8")
    built = tomllib.loads((ROOT / "streams" / "kernel" / "pyproject.toml").read_text(encoding="utf-8"))["project"][
        "name"
    ]
    assert f"/wheels/{built.replace('-', '_')}-*.whl" in dockerfile
    assert "./streams/kernel" in dockerfile


def test_the_image_can_fit_what_the_service_fits() -> None:
    dockerfile = (ROOT / "deploy" / "Dockerfile").read_text(encoding="utf-8")
    assert "[clv,dashboards,datasets]" in dockerfile
    assert "kpi clv fit" in SERVICES["clv"]["entrypoint"][-1]


def test_the_lock_names_exact_versions_and_no_place_to_get_them() -> None:
    lines = (ROOT / "requirements.lock").read_text(encoding="utf-8").splitlines()
    pins = [line for line in lines if line and not line.startswith("#")]
    assert [pin for pin in pins if pin.count("==") != 1 or "@" in pin or "/" in pin] == []

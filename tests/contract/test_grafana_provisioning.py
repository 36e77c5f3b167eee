"""Grafana finds the dashboards and the Prometheus, in containers and in a cluster."""

import json
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).parents[2]
GRAFANA = ROOT / "deploy" / "grafana"
SERVICES: dict[str, dict[str, Any]] = yaml.safe_load((ROOT / "docker-compose.yml").read_text())["services"]
DASHBOARDS = sorted((GRAFANA / "dashboards").glob("*.json"))
CONFIG_MAP_BYTES = 1_048_576


def load(*names: str) -> Any:
    return yaml.safe_load(ROOT.joinpath("deploy", *names).read_text(encoding="utf-8"))


def test_it_is_reached_from_this_machine_alone_and_nobody_is_let_in_unasked() -> None:
    grafana = SERVICES["grafana"]
    assert grafana["ports"] == ["127.0.0.1:3000:3000"]
    assert grafana["environment"]["GF_AUTH_ANONYMOUS_ENABLED"] == "false"
    assert not grafana["image"].endswith(("latest", "grafana"))


def test_the_provider_looks_where_the_dashboards_are_mounted() -> None:
    (provider,) = load("grafana", "provisioning", "dashboards", "kpi.yaml")["providers"]
    mounts = dict(volume.split(":")[:2] for volume in SERVICES["grafana"]["volumes"])
    assert mounts["./deploy/grafana/dashboards"] == provider["options"]["path"]
    assert mounts["./deploy/grafana/provisioning"] == "/etc/grafana/provisioning"
    home = SERVICES["grafana"]["environment"]["GF_DASHBOARDS_DEFAULT_HOME_DASHBOARD_PATH"]
    folder, _, file = home.rpartition("/")
    assert folder == provider["options"]["path"]
    assert (GRAFANA / "dashboards" / file).is_file()


def test_the_datasource_is_the_prometheus_that_is_there() -> None:
    (source,) = load("grafana", "provisioning", "datasources", "prometheus.yaml")["datasources"]
    assert (source["type"], source["url"]) == ("prometheus", "http://prometheus:9090")
    assert "prometheus" in SERVICES
    scraped = load("prometheus", "prometheus.yml")["global"]["scrape_interval"]
    assert source["jsonData"]["timeInterval"] == scraped


def test_in_a_cluster_every_dashboard_is_a_config_map_that_the_sidecar_finds() -> None:
    made = load("grafana", "kustomization.yaml")
    assert made["generatorOptions"]["labels"] == {"grafana_dashboard": "1"}
    files = [file for one in made["configMapGenerator"] for file in one["files"]]
    assert files == [f"dashboards/{file.name}" for file in DASHBOARDS]
    assert [one["name"] for one in made["configMapGenerator"]] == [file.stem for file in DASHBOARDS]
    assert [file.name for file in DASHBOARDS if file.stat().st_size > CONFIG_MAP_BYTES * 0.9] == []
    (base,) = load("kubernetes", "kustomization.yaml")["resources"]
    assert (ROOT / "deploy" / "kubernetes" / base).resolve() == GRAFANA


def test_a_dashboard_says_which_it_is_by_the_name_of_its_file() -> None:
    assert [json.loads(file.read_text())["uid"] for file in DASHBOARDS] == [file.stem for file in DASHBOARDS]

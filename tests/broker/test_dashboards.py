"""Every question of every dashboard, asked of a real Prometheus that scraped a real run: it has an answer."""

import asyncio
import shutil
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from pathlib import Path
from socket import socket

import pytest

from broker.full_shop import DIRECT, RATE, kpis, last_minutes, last_month, publish_parameters, rules, running
from broker.shop_floor import ROOT, shop_floor
from broker.watch_tower import WEEK_S, Prometheus, prometheus
from grafana import Asked, Choices, asked, chosen, read
from models.kpi import Catalogue, Kpi
from models.kpis_file import load_kpis
from streams.tools.kafka_installation import Installation

pytestmark = pytest.mark.skipif(shutil.which("prometheus") is None, reason="comes with Debian's prometheus")

COMMITTED = ROOT / "deploy" / "grafana" / "dashboards"


@pytest.fixture(scope="module")
def catalogue() -> Catalogue:
    return load_kpis(kpis(), "kpis.yaml")


@pytest.fixture(scope="module")
def tower(
    installation: Installation, tmp_path_factory: pytest.TempPathFactory, catalogue: Catalogue
) -> Iterator[tuple[Prometheus, Path]]:
    """Prometheus over a worker and a notifier, and the folder of the dashboards of their KPIs."""
    folder = tmp_path_factory.mktemp("tower")
    (folder / "kpis.yaml").write_text(kpis())
    (folder / "alerts.yaml").write_text(rules(catalogue))
    files = {"KPI_KPIS_FILE": str(folder / "kpis.yaml"), "KPI_RULES_FILE": str(folder / "alerts.yaml")}
    hook = {"KPI_WEBHOOK_URL": "http://127.0.0.1:9/", "KPI_WEBHOOK_ALLOW_PRIVATE": "true"}
    ports = iter(free_ports(2))
    notify_port, port = next(ports), next(ports)
    with shop_floor(installation, folder, 2, **files, **hook) as floor:
        asyncio.run(publish_parameters(floor.kafka.bootstrap))  # read before it opens: in force on the first day
        worker = floor.start_worker()
        floor.address_of(worker)
        last_month(floor)
        past = {time.time() - WEEK_S: last_minutes(floor)}
        floor.kpi("dashboards", "--out", folder / "dashboards")
        jobs = {"kpi-worker": floor.address_of(worker), "kpi-notify": f"127.0.0.1:{notify_port}"}
        with (
            running(floor, "notify", KPI_METRICS_PORT=str(notify_port)),
            running(floor, "generate", "--rate", str(RATE), "--seed", "2"),
            prometheus(folder, port, jobs, past, recording(folder)) as answers,
        ):
            yield answers, folder / "dashboards"


def recording(folder: Path) -> list[Path]:
    """The rules that are deployed, evaluated more often than they will be."""
    file = folder / "recording.yml"
    text = (ROOT / "deploy" / "prometheus" / "recording.yml").read_text(encoding="utf-8")
    file.write_text(text.replace("interval: 15s", "interval: 1s"))
    return [file]


def free_ports(number: int) -> list[int]:
    """That nobody listens on now."""
    with ExitStack() as stack:
        taken = [stack.enter_context(socket()) for _ in range(number)]
        for one in taken:
            one.bind(("127.0.0.1", 0))
        return [one.getsockname()[1] for one in taken]


def unanswered(tower: Prometheus, questions: Iterable[Asked]) -> dict[str, str]:
    """Where nothing came back, with what was asked."""
    end_s = time.time()

    def has_answer(one: Asked) -> bool:
        if one.label is not None:
            return bool(tower.label_values(one.label, one.expr))
        return bool(tower.now(one.expr) if one.instant else tower.over(one.expr, end_s - 60, end_s))

    its = list({(one.expr, one.label, one.instant): one for one in questions}.values())
    with ThreadPoolExecutor(4) as pool:
        found = zip(its, pool.map(has_answer, its), strict=True)
        return {one.where: one.expr for one, answered in found if not answered}


def test_what_is_asked_with_the_first_choices_has_an_answer(tower: tuple[Prometheus, Path]) -> None:
    answers, folder = tower
    found: dict[str, str] = {}
    for dashboards in (read(folder), read(COMMITTED)):
        for dashboard in dashboards.values():
            choices = chosen(dashboard) | ({"segment": DIRECT} if dashboard["uid"] == "kpi-explore" else {})
            found |= unanswered(answers, asked(dashboard, choices))
    assert found == {}


OF_RATIOS = {"Denominator A", "Denominator over time A", "Denominator over time B"} | {
    f"Contribution by $dimension {letter}" for letter in "BC"
}
OF_SHARES = {f"Interval {letter}" for letter in "AB"} | {f"$kpi over time {letter}" for letter in "CD"}


def empty(kpi: Kpi) -> set[str]:
    """What is not there, of a KPI that has it not: a sum has no denominator, what is no share no interval."""
    none = set() if kpi.denominator else set(OF_RATIOS)
    none |= set() if kpi.proportion else OF_SHARES
    return none if kpi.by else none | {"variable dimension"}


def incident_choices(kpi: Kpi) -> Choices:
    return {"datasource": "p", "kpi": kpi.name, "window": kpi.windows[-1], "dimension": next(iter(kpi.by), "all")}


def test_an_incident_of_every_kpi_has_all_that_the_kpi_has(
    tower: tuple[Prometheus, Path], catalogue: Catalogue
) -> None:
    answers, folder = tower
    dashboard = read(folder)["kpi-incident"]
    for kpi in catalogue.kpis.values():
        found = unanswered(answers, asked(dashboard, incident_choices(kpi)))
        assert {where.removeprefix("kpi-incident: ") for where in found} == empty(kpi), kpi.name
    for metric in ("kpi_denominator", "kpi_interval_lower_ratio", "kpi_interval_upper_ratio"):
        assert answers.now(metric)


def test_every_dimension_has_segments_to_explore(tower: tuple[Prometheus, Path], catalogue: Catalogue) -> None:
    answers, folder = tower
    dashboard = read(folder)["kpi-explore"]
    for kpi in catalogue.kpis.values():
        for dimension in kpi.by:
            choices = {"datasource": "p", "window": kpi.windows[-1], "dimension": dimension, "segment": "none"}
            variable = next(one for one in asked(dashboard, choices) if one.label == "segment")
            first = answers.label_values("segment", variable.expr)[0]
            found = unanswered(answers, asked(dashboard, choices | {"segment": first}))
            assert "kpi-explore: KPIs of $segment A" not in found, (kpi.name, dimension)


def test_every_recorded_rule_has_a_value(tower: tuple[Prometheus, Path]) -> None:
    answers, _ = tower
    groups = answers.get("rules")["groups"]
    rules = [rule for group in groups for rule in group["rules"]]
    assert len(rules) == 7
    assert [rule["name"] for rule in rules if rule["health"] != "ok" or not answers.now(rule["name"])] == []

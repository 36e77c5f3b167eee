"""Every question of every dashboard, asked of a real Prometheus that scraped a real run: it has an answer."""

import asyncio
import json
import shutil
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from socket import socket
from typing import Any

import pytest

from broker.shop_floor import ROOT, ShopFloor, shop_floor, within
from broker.watch_tower import WEEK_S, Prometheus, prometheus
from grafana import Asked, Choices, asked, chosen, read
from models.bg_nbd import BgNbd
from models.clv import ClvParameters
from models.clv_record import TOPIC as CLV_TOPIC
from models.clv_record import clv_record, encode_clv
from models.gamma_gamma import GammaGamma
from models.kpi import Catalogue, Kpi
from models.kpis_file import load_kpis
from models.settings import Settings
from streams.tools.kafka_installation import Installation
from streams.tools.publisher import Publisher
from streams.tools.record import Record

pytestmark = pytest.mark.skipif(shutil.which("prometheus") is None, reason="comes with Debian's prometheus")

COMMITTED = ROOT / "deploy" / "grafana" / "dashboards"
TARGETS = {
    "revenue": "{1d: 5000}",
    "orders": "{1d: 500}",
    "conversion_rate": "{1d: 0.03}",
}
RATE = 40  # events a second
DIRECT = "Direct"


def kpis() -> str:
    """The catalogue that is shipped, with targets."""
    lines = (ROOT / "deploy" / "kpis.yaml").read_text(encoding="utf-8").splitlines()
    found = []
    for line in lines:
        found.append(line)
        name = line.strip().removesuffix(":")
        if line == f"  {name}:" and name in TARGETS:
            found.append(f"    target: {TARGETS[name]}")
    return "\n".join(found) + "\n"


def rules(catalogue: Catalogue) -> str:
    """One a KPI that fires at once, whatever the value is; and one by channel."""
    level, its = "levels: {warning: {above: -1000000000}}", catalogue.kpis.values()
    totals = [f"  - {{name: Any_{kpi.name}, kpi: {kpi.name}, window: {kpi.windows[-1]}, {level}}}" for kpi in its]
    by = f"  - {{name: AnyChannel, kpi: visits, window: 1d, by: channel, {level}}}"
    return "\n".join(["rules:", *totals, by]) + "\n"


def lines(events: Iterable[tuple[str, dict[str, Any]]]) -> str:
    return "".join(json.dumps({"key": key, "value": value}) + "\n" for key, value in events)


def orders(which: str, at: datetime) -> Iterator[tuple[str, dict[str, Any]]]:
    """Of some customers, who come again; and a refund of an order that nobody knows."""
    common = {"currency": "GBP", "channel": DIRECT, "campaign": "brand", "country": "GB"}
    for number in range(6):
        order, customer = f"{which}-{number}", f"customer-{number}"
        mine = {"event_id": order, "order_id": order, "customer_id": customer, "amount": "20.00"}
        when = {"event_type": "order_placed", "timestamp": (at + timedelta(seconds=number)).isoformat()}
        yield customer, common | mine | when
    refund = {"event_id": f"{which}-refund", "event_type": "order_refunded", "order_id": f"{which}-unknown"}
    yield f"{which}-unknown", common | refund | {"amount": "5.00", "timestamp": (at + timedelta(seconds=9)).isoformat()}


def sign_up(at: datetime) -> tuple[str, dict[str, Any]]:
    """What the synthetic shop has not."""
    click = {"event_id": "sign-up", "event_type": "sign_up", "visitor_id": "visitor", "session_id": "session"}
    return "visitor", click | {"channel": DIRECT, "timestamp": at.isoformat()}


def spend(now: datetime) -> Iterator[tuple[str, dict[str, Any]]]:
    for channel in (DIRECT, "Paid Search"):
        event = {
            "event_id": channel,
            "event_type": "ad_spend",
            "source": channel,
            "campaign": "brand",
            "currency": "GBP",
        }
        yield f"{channel}|brand", event | {"channel": channel, "amount": "90.00", "timestamp": now.isoformat()}


@contextmanager
def running(floor: ShopFloor, *arguments: str, **environment: str) -> Iterator[None]:
    """A command of its own settings, until the end of the block."""
    command = [sys.executable, "-m", "streams.cli", *arguments]
    with (floor.folder / f"{arguments[0]}.log").open("wb") as log:
        process = subprocess.Popen(command, cwd=ROOT, env=floor.environment | environment, stdout=log, stderr=log)
    try:
        yield
    finally:
        process.kill()
        process.wait()


def last_month(floor: ShopFloor) -> None:
    """Publishes it, up to the end of yesterday: there are predictions from then on."""
    midnight = (datetime.now(UTC) - timedelta(minutes=10)).replace(hour=0, minute=0, second=0, microsecond=0)
    (floor.folder / "orders.ndjson").write_text(lines(orders("then", midnight.replace(day=1) - timedelta(hours=5))))
    ended = midnight + timedelta(minutes=5)
    floor.kpi("replay", floor.folder / "orders.ndjson", "--heartbeat", ended.isoformat())


async def publish_parameters(bootstrap: str) -> None:
    """Those of CDNOW, to the minor unit."""
    model = ClvParameters(BgNbd(0.243, 4.414, 0.793, 2.426), GammaGamma(6.25, 3.744, 1544.0), 2357)
    record = encode_clv(clv_record(datetime.now(UTC), datetime.now(UTC).date(), "GBP", 2357, model))
    async with Publisher(Settings(broker=bootstrap), [CLV_TOPIC]) as publisher:
        await publisher.put(Record(CLV_TOPIC, b"GBP", record, None))


def last_minutes(floor: ShopFloor) -> str:
    """Publishes them, and answers the worker's page with all of it."""
    now = datetime.now(UTC)
    (floor.folder / "orders.ndjson").write_text(lines(orders("now", now - timedelta(minutes=20))))
    (floor.folder / "ad-spend.ndjson").write_text(lines(spend(now)))
    (floor.folder / "clickstream.ndjson").write_text(lines([sign_up(now - timedelta(minutes=20))]))
    floor.kpi("replay", *(floor.folder / f"{topic}.ndjson" for topic in ("orders", "ad-spend", "clickstream")))
    floor.kpi("generate", "--rate", RATE, "--speed", "max", "--duration", 600, "--seed", 1)
    floor.caught_up()
    return page(floor, "kpi_customer_lifetime_value{", "kpi_conversion_rate_ratio{")


def page(floor: ShopFloor, *wanted: str) -> str:
    """The worker's, when it has what is wanted."""
    for _ in within(60, every=0.2):
        _, text = floor.probe(floor.workers[0], "/metrics")
        if all(one in text for one in wanted):
            return text
    raise AssertionError(floor.log_of(floor.workers[0]))


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
    found = {}
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

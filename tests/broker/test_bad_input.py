"""What an operator gets wrong: one line that says what, where and what to do; exit code 2; no traceback."""

import asyncio
import socket
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from aiokafka.admin import AIOKafkaAdminClient, NewPartitions

from broker.shop_floor import ShopFloor, shop_floor, within
from streams.tools.broker import EmbeddedKafka
from streams.tools.kafka_installation import Installation


@pytest.fixture(scope="module")
def floor(installation: Installation, tmp_path_factory: pytest.TempPathFactory) -> Iterator[ShopFloor]:
    with shop_floor(installation, tmp_path_factory.mktemp("floor")) as made:
        yield made


def refused(floor: ShopFloor, *arguments: object, **settings: str) -> str:
    """The one line of a command that exits with 2."""
    its = ShopFloor(floor.kafka, floor.folder, {**floor.settings, **settings})
    done: subprocess.CompletedProcess[str] = its.kpi(*arguments, check=False)
    assert done.returncode == 2, done.stderr
    [only] = done.stderr.strip().splitlines()
    return only


def test_an_unreachable_broker(floor: ShopFloor) -> None:
    text = refused(floor, "worker", KPI_BROKER="127.0.0.1:1")
    assert "127.0.0.1:1" in text
    assert "KPI_BROKER" in text


def test_a_missing_topic(floor: ShopFloor) -> None:
    text = refused(floor, "worker", KPI_APP_ID="another")
    assert "another-orders-changelog" in text
    assert "kpi topics create" in text


def test_a_port_in_use(floor: ShopFloor) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = str(taken.getsockname()[1])
        text = refused(floor, "worker", KPI_METRICS_PORT=port)
    assert port in text
    assert "in use" in text


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("KPI_METRICS_PORT", "http", "KPI_METRICS_PORT"),
        ("KPI_BUSINESS_TIMEZONE", "Mars/Olympus", "IANA"),
        ("KPI_REPORTING_CURRENCY", "XXQ", "ISO 4217"),
        ("KPI_BROKR", "x:1", "no such setting"),
        ("KPI_IDLE_AFTER_S", "-1", "out of range"),
        ("KPI_IDLE_AFTER_S", "nan", "out of range"),
        ("KPI_METRICS_PORT", "99999", "from 0 to 65535"),
        ("KPI_BROKER", "a:b", "no host:port"),
        ("KPI_CONFIG", "nowhere.yaml", "nowhere.yaml"),
        ("KPI_KPIS_FILE", "nowhere.yaml", "KPI_KPIS_FILE"),
    ],
)
def test_a_wrong_setting(floor: ShopFloor, name: str, value: str, says: str) -> None:
    assert says in refused(floor, "worker", **{name: value})


@pytest.mark.parametrize(
    ("setting", "text", "says"),
    [
        ("KPI_KPIS_FILE", "kpis:\n  a:\n    help: x\n    numerator: nonsense\n    windows: [1m]\n", ":4 a.numerator"),
        ("KPI_KPIS_FILE", "kpis: [", "no YAML"),
        ("KPI_RULES_FILE", "rules:\n  - name: A\n    kpi: nonsense\n    window: 5m\n    levels: {}\n", ":3 A.kpi"),
        ("KPI_CONFIG", "metrics_prt: 1\n", ":1 metrics_prt"),
    ],
)
def test_a_malformed_file(floor: ShopFloor, tmp_path: Path, setting: str, text: str, says: str) -> None:
    file = tmp_path / "bad.yaml"
    file.write_text(text)
    message = refused(floor, "worker", **{setting: str(file)})
    assert "bad.yaml" in message
    assert says in message


async def grow(bootstrap: str, topic: str, partitions: int) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    try:
        await admin.create_partitions({topic: NewPartitions(partitions)})
    finally:
        await admin.close()


def test_another_partition_count_under_existing_state(installation: Installation, tmp_path: Path) -> None:
    with EmbeddedKafka(installation, tmp_path / "kafka") as kafka:
        floor = ShopFloor(kafka, tmp_path)
        floor.kpi("topics", "create", "--partitions", 2)
        asyncio.run(grow(kafka.bootstrap, "orders", 3))
        for name in ("worker", "topics"):
            text = refused(floor, name, *(["check"] if name == "topics" else []))
            assert "topic kpi-orders-changelog: has 2 partitions, orders has 3" in text


def test_a_broker_that_goes_away_and_comes_back(installation: Installation, tmp_path: Path) -> None:
    with shop_floor(installation, tmp_path) as floor:
        worker = floor.start_worker()
        assert any(floor.probe(worker, "/readyz")[0] == 200 for _ in within(30))
        floor.kafka.stop()
        answers = (floor.probe(worker, "/readyz") for _ in within(40))
        assert any(status == 503 and "broker does not answer" in text for status, text in answers)
        assert floor.probe(worker, "/livez")[0] == 200
        floor.kafka.start()
        # It goes on, or it ends for its supervisor because a transaction was cut off.
        for _ in within(60):
            if worker.poll() is not None:
                assert worker.returncode == 70
                worker = floor.start_worker()
            if floor.probe(worker, "/readyz")[0] == 200:
                break
        floor.caught_up(60)

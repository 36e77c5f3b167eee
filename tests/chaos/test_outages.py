"""A broker that goes away, a network that is cut or slow, a disk that is full."""

import os
import random
from pathlib import Path

import pytest

from broker.shop_floor import within
from chaos.disk import namespaces_allowed, small_disk
from chaos.network import find_toxiproxy, kafka_behind_lines
from chaos.scene import Scene, scene
from streams.tools.broker import EmbeddedKafka
from streams.tools.kafka_installation import Installation

WORKERS = ("one", "two")
LONGER_THAN_A_TRANSACTION_S = 15.0
LONGER_THAN_A_SESSION_S = 8.0


def pause(seconds: float) -> None:
    for _ in within(seconds):
        pass


def at_work(run: Scene, seconds: float = 60) -> None:
    """Wait until the workers have counted something more."""
    before = counted(run)
    assert any(counted(run) > before for _ in within(seconds, every=1.0)), run.crew.logs()


def counted(run: Scene) -> int:
    return sum(ledger["counted"] for ledger in run.floor.ledger().values())


@pytest.mark.soak
@pytest.mark.timeout(900)
def test_the_broker_is_stopped_five_times_and_killed_five_times(
    installation: Installation, tmp_path: Path, seed: int
) -> None:
    chance = random.Random(seed)
    ends = ["stop", "kill"] * 5
    chance.shuffle(ends)
    with scene("broker", seed, installation, tmp_path) as run:
        for name in WORKERS:
            run.crew.add(name)
        at_work(run)
        for end in ends:
            pause(chance.uniform(1, 4))
            {"stop": run.floor.kafka.stop, "kill": run.floor.kafka.kill}[end]()
            pause(chance.uniform(0, 3))
            run.floor.kafka.start()
            at_work(run)
        run.kills = {"broker TERM": 5, "broker KILL": 5}
        verdict = run.settle()
    assert verdict.faults == []


@pytest.mark.soak
@pytest.mark.timeout(600)
def test_the_network_is_cut_and_slow(installation: Installation, tmp_path: Path, seed: int) -> None:
    toxiproxy = find_toxiproxy(os.environ)
    if toxiproxy is None:
        pytest.skip("neither toxiproxy-server nor go is on PATH")
    with (
        kafka_behind_lines(installation, toxiproxy, tmp_path, WORKERS) as (kafka, lines),
        scene("network", seed, installation, tmp_path, kafka=kafka) as run,
    ):
        for name in WORKERS:
            run.crew.add(name, static=False, KPI_BROKER=f"127.0.0.1:{lines.ports[name]}")
        at_work(run)
        for names, seconds in ((WORKERS[:1], LONGER_THAN_A_TRANSACTION_S), (WORKERS, LONGER_THAN_A_SESSION_S)):
            lines.cut(*names)
            pause(seconds)
            lines.mend()
            at_work(run)
        lines.slow(700, *WORKERS)
        at_work(run, 90)
        pause(20)
        lines.mend()
        run.kills = {"cuts": 2, "latency ms": 700}
        verdict = run.settle()
    assert verdict.faults == []


@pytest.mark.soak
@pytest.mark.timeout(600)
def test_the_disk_of_the_broker_is_full(installation: Installation, tmp_path: Path, seed: int) -> None:
    """Kafka ends when it cannot append; with room again it starts, and nothing is lost or there twice."""
    if not namespaces_allowed():
        pytest.skip("this machine does not allow a mount namespace of our own")
    with small_disk(installation, tmp_path, 200) as disk:
        data = {"log.dirs": str(disk.folder / "data")}
        kafka = EmbeddedKafka(disk.installation, tmp_path / "kafka", overrides=data)
        with scene("full disk", seed, installation, tmp_path, kafka=kafka) as run:
            for name in WORKERS:
                run.crew.add(name)
            at_work(run)
            filled = disk.fill()
            assert kafka._process is not None
            assert any(kafka._process.poll() is not None for _ in within(60)), "Kafka runs on a full disk"
            kafka.kill()
            pause(5)
            disk.clear()
            kafka.start()
            at_work(run)
            run.kills = {"filled MiB": filled >> 20}
            verdict = run.settle()
    assert verdict.faults == []

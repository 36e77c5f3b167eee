"""Input that no plan has foreseen: storms, bursts on one key, segments without end; with kills on top."""

import random
import signal
from pathlib import Path

import pytest

from broker.shop_floor import within
from chaos.catalogue import MANY_SEGMENTS
from chaos.scene import Scene, scene
from chaos.traffic import Mix
from streams.tools.kafka_installation import Installation

WORKERS = ("one", "two")


def kill_every_few_seconds(run: Scene, seconds: float, chance: random.Random) -> None:
    """SIGKILL of a random worker, some of them while it starts."""
    killed = 0
    for _ in within(seconds, every=5.0):
        for _ in within(chance.uniform(0, 3)):
            pass
        killed += run.crew.signal(chance.choice(WORKERS), signal.SIGKILL)
    run.kills["random"] = run.kills.get("random", 0) + killed


@pytest.mark.soak
@pytest.mark.timeout(600)
@pytest.mark.parametrize(
    ("name", "mix"),
    [
        ("poison storm", Mix(garbage=0.3)),
        ("duplicates", Mix(duplicates=0.3)),
        ("disorder within lateness", Mix(disorder_s=55)),
    ],
)
def test_bad_input_over_restarts(installation: Installation, tmp_path: Path, seed: int, name: str, mix: Mix) -> None:
    with scene(name, seed, installation, tmp_path, rate=500, mix=mix) as run:
        for worker in WORKERS:
            run.crew.add(worker)
        kill_every_few_seconds(run, 30, random.Random(seed))
        verdict = run.settle()
    assert verdict.faults == []
    assert verdict.corrected == 0, "windows were closed before what belongs in them"


@pytest.mark.soak
@pytest.mark.timeout(600)
def test_a_burst_on_one_key(installation: Installation, tmp_path: Path, seed: int) -> None:
    """Ten times the records for twelve seconds, most of them of one post."""
    with scene("hot key", seed, installation, tmp_path, rate=300, mix=Mix(hot=0.9, topics=(0.15, 0.15, 0.7))) as run:
        for worker in WORKERS:
            run.crew.add(worker)
        kill_every_few_seconds(run, 10, random.Random(seed))
        run.sender.rate *= 10
        kill_every_few_seconds(run, 12, random.Random(seed))
        run.sender.rate /= 10
        kill_every_few_seconds(run, 5, random.Random(seed))
        verdict = run.settle()
    assert verdict.faults == []


@pytest.mark.soak
@pytest.mark.timeout(900)
def test_a_hundred_thousand_segments(installation: Installation, tmp_path: Path, seed: int) -> None:
    mix = Mix(campaigns=100_000, topics=(1, 0, 0), duplicates=0.02)
    settings = {"KPI_MAX_SEGMENTS": "200000"}  # all of them a series, none in __other__
    with scene(
        "100,000 segments",
        seed,
        installation,
        tmp_path,
        rate=3_000,
        mix=mix,
        catalogue=MANY_SEGMENTS,
        settings=settings,
    ) as run:
        for worker in WORKERS:
            run.crew.add(worker)
        kill_every_few_seconds(run, 40, random.Random(seed))
        assert any(run.sender.acknowledged["clickstream"] >= 160_000 for _ in within(120))
        verdict = run.settle(240)
    assert verdict.faults == []
    assert verdict.cells >= 200_000

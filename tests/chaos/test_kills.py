"""SIGKILL of workers, before every step of a commit of every stage and at random."""

import random
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from broker.shop_floor import within
from chaos.blow import Blow
from chaos.scene import Scene, scene
from chaos.traffic import Mix
from streams.engine.transaction import CommitStep
from streams.tools.kafka_installation import Installation

STAGES = ("visitors", "orders", "social", "monitor")
RANDOM_KILLS = 26
WORKERS = ("one", "two")
SHORT = (
    ("visitors", CommitStep.SEND),
    ("orders", CommitStep.OFFSETS),
    ("social", CommitStep.ACKNOWLEDGE),
    ("monitor", CommitStep.COMMIT),
    ("visitors", CommitStep.DONE),
    ("monitor", CommitStep.BEGIN),
)


def shuffled(places: list[tuple[str, CommitStep]], chance: random.Random) -> list[Blow]:
    chance.shuffle(places)
    return [Blow("kill", stage, step, chance.randint(1, 5)) for stage, step in places]


def placed(run: Scene) -> Iterator[tuple[str, str]]:
    """Stage and step of every kill that really happened where it was ordered."""
    for line in run.crew.done():
        _, stage, step, _ = line.split()[1].split(":")
        yield stage, step


def hire(run: Scene, blows: list[Blow]) -> None:
    """Half of the blows for each of two workers."""
    for number, name in enumerate(WORKERS):
        run.crew.add(name, blows[number::2])


def test_six_placed_kills_with_garbage_and_duplicates(installation: Installation, tmp_path: Path, seed: int) -> None:
    """The short form of all runs."""
    mix = Mix(duplicates=0.3, garbage=0.3, disorder_s=50)
    with scene("short", seed, installation, tmp_path, rate=400, mix=mix) as run:
        hire(run, shuffled(list(SHORT), random.Random(seed)))
        run.crew.finish_blows(150)
        run.kills = {"placed": len(SHORT)}
        verdict = run.settle()
    assert sorted(placed(run)) == sorted((stage, step.value) for stage, step in SHORT)
    assert verdict.faults == []
    assert verdict.corrected == 0, "windows were closed before what belongs in them"


@pytest.mark.soak
@pytest.mark.timeout(600)
def test_fifty_kills_of_two_workers(installation: Installation, tmp_path: Path, seed: int) -> None:
    chance = random.Random(seed)
    places = [(stage, step) for stage in STAGES for step in CommitStep]
    with scene("kills", seed, installation, tmp_path, rate=300) as run:
        hire(run, shuffled(list(places), chance))
        killed = 0
        while killed < RANDOM_KILLS:
            for _ in within(chance.uniform(0.5, 4.0)):
                pass
            killed += run.crew.signal(chance.choice(WORKERS), signal.SIGKILL)
        run.crew.finish_blows(240)
        run.kills = {"placed": len(places), "random": killed}
        verdict = run.settle()
    assert sorted(placed(run)) == sorted((stage, step.value) for stage, step in places)
    assert verdict.faults == []
    assert verdict.corrected == 0, "windows were closed before what belongs in them"

"""Workers that come, go, or are away for a while and do not know it."""

import os
import random
import signal
import subprocess
from pathlib import Path

import pytest

from broker.shop_floor import within
from chaos.blow import Blow
from chaos.crew import Crew
from chaos.scene import scene
from streams.engine.transaction import CommitStep
from streams.tools.kafka_installation import Installation

SESSION_TIMEOUT_S = 6.0
"""As the engine sets it."""

CHANGES = 20


def stopped(crew: Crew, name: str) -> bool:
    process = crew.members[name].process
    if process is None:
        return False
    answer = subprocess.run(["ps", "-o", "stat=", "-p", str(process.pid)], capture_output=True, text=True, check=False)
    return answer.stdout.startswith("T")


def pause(seconds: float) -> None:
    for _ in within(seconds):
        pass


@pytest.mark.soak
@pytest.mark.timeout(600)
def test_zombies(installation: Installation, tmp_path: Path, seed: int) -> None:
    """One worker sleeps for three session timeouts in the middle of a commit, then believes it still has its tasks."""
    chance = random.Random(seed)
    places = [("visitors", CommitStep.ACKNOWLEDGE), ("monitor", CommitStep.COMMIT), ("orders", CommitStep.OFFSETS)]
    with scene("zombies", seed, installation, tmp_path) as run:
        run.crew.add("steady", static=False)
        for stage, step in places:
            name = f"zombie-{stage}"
            run.crew.add(name, [Blow("stop", stage, step, chance.randint(2, 6))], static=False)
            assert any(stopped(run.crew, name) for _ in within(60)), run.crew.logs()
            pause(3 * SESSION_TIMEOUT_S)
            run.crew.signal(name, signal.SIGCONT)
            run.crew.finish_blows(60)  # it was fenced and ended
            assert any(run.crew.joined(name) for _ in within(60)), run.crew.logs()
            run.crew.leave(name)
        run.kills = {"zombies": len(places)}
        verdict = run.settle()
    assert run.crew.exits[os.EX_SOFTWARE] >= len(places)
    assert verdict.faults == []


@pytest.mark.soak
@pytest.mark.timeout(600)
def test_twenty_joins_and_leaves(installation: Installation, tmp_path: Path, seed: int) -> None:
    """Of three workers, at any moment, the next before the group has settled or after."""
    chance = random.Random(seed)
    with scene("joins and leaves", seed, installation, tmp_path) as run:
        names = iter(f"worker{number}" for number in range(100))
        for _ in range(3):
            run.crew.add(next(names), static=False)
        assert all(any(run.crew.joined(name) for _ in within(60)) for name in run.crew.members), run.crew.logs()
        for _ in range(CHANGES):
            at_work = [name for name in run.crew.members if run.crew.joined(name)]
            run.crew.leave(chance.choice(at_work or list(run.crew.members)))
            pause(chance.uniform(0.0, 2.5))
            run.crew.add(next(names), static=False)
            pause(chance.uniform(0.0, 4.0))
        run.kills = {"joins": CHANGES, "leaves": CHANGES}
        verdict = run.settle()
    assert verdict.faults == []
    assert verdict.corrected == 0, "windows were closed before what belongs in them"

"""All stages, exactly once, under whatever a seed draws. Again with every step: `make simulate SEED=`."""

import os
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from simulation.run import simulate
from streams.engine.transaction import CommitStep

pytestmark = pytest.mark.simulation
TESTS = Path(__file__).parents[1]


@pytest.mark.parametrize("seed", range(100))
def test_what_is_published_is_what_was_sent(seed: int) -> None:
    simulate(seed)


def test_everything_that_can_go_wrong_does() -> None:
    seen = sum((simulate(seed) for seed in range(100, 160)), Counter[str]())
    for step in CommitStep:
        assert step is CommitStep.DONE or seen[f"kill before {step.value}"], step
    for name in ("committed", "aborted", "FencedError", "SendError", "wake", "provisional", "final", "corrected"):
        assert seen[name], name


def test_a_seed_prints_the_same_steps_in_every_process() -> None:
    traces = {
        subprocess.run(
            [sys.executable, "-m", "simulation", "--seed", "5"],
            check=True,
            capture_output=True,
            cwd=TESTS.parent,
            env=os.environ | {"PYTHONPATH": str(TESTS), "PYTHONHASHSEED": salt},
        ).stdout
        for salt in ("1", "2")
    }
    [trace] = traces
    assert len(trace.splitlines()) > 100

"""Two workers over one where the cores are not the limit: each worker is held to a part of one by a cgroup.

    python -m bench.held [--events 600000] [--cores 0.4]        with tests/ on the path, as root

On a machine of two cores a worker, its broker and the second worker want more than there is; what `make bench` says of
two workers is then how they share. Held to so little that all of them fit, it is what a second worker is worth.
"""

import argparse
import json
import os
import sys
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any

from bench.ground import Ground
from bench.product import on_backlog
from bench.run import LEDGER, publish, scratch_folder, tell
from streams.tools.broker import EmbeddedKafka
from streams.tools.kafka_installation import Installation

_PERIOD_US = 20_000  # short, so that a worker is not away for long
_FIRST = Path("/sys/fs/cgroup/cpu")  # of version 1
_SECOND = Path("/sys/fs/cgroup")


@contextmanager
def held(cores: float) -> Iterator[Callable[[int], None]]:
    """Holds each process that it is given to so many cores; PermissionError where it may not."""
    with ExitStack() as stack:

        def hold(pid: int) -> None:
            stack.enter_context(_group(pid, cores))

        yield hold


@contextmanager
def _group(pid: int, cores: float) -> Iterator[None]:
    first, quota_us = _FIRST.is_dir(), round(cores * _PERIOD_US)
    folder = (_FIRST if first else _SECOND) / f"kpi-bench-{pid}"
    folder.mkdir()
    try:
        if first:
            (folder / "cpu.cfs_period_us").write_text(f"{_PERIOD_US}")
            (folder / "cpu.cfs_quota_us").write_text(f"{quota_us}")
        else:
            (folder / "cpu.max").write_text(f"{quota_us} {_PERIOD_US}")
        (folder / "cgroup.procs").write_text(f"{pid}")
        yield
    finally:
        folder.rmdir()  # empty once the process has ended


def compared(ground: Ground, events: int, cores: float) -> dict[str, Any]:
    """One worker, then two, each anew on the same backlog and each held to so many cores."""
    ground.kpi("bench", "topics", "create")
    sent = publish(ground, events=events)
    expected = {name: sent[name] for name in LEDGER}
    found: dict[str, Any] = {"cores_each": cores}
    for workers in (1, 2):
        tell(f"{workers} held to {cores:g} cores each")
        with held(cores) as hold:
            found[f"workers_{workers}"] = on_backlog(ground, f"bench-held-{workers}", expected, workers, hold)
    one, two = (found[f"workers_{workers}"]["events_per_s"] for workers in (1, 2))
    return found | {"two_to_one": round(two / one, 2)}


def main() -> None:
    parser = argparse.ArgumentParser(description="What a second worker is worth where the cores are not the limit.")
    parser.add_argument("--events", type=int, default=600_000)
    parser.add_argument("--cores", type=float, default=0.4, help="of each worker")
    given = parser.parse_args()
    with scratch_folder() as folder, EmbeddedKafka(Installation.find(os.environ), folder / "kafka") as kafka:
        sys.stdout.write(json.dumps(compared(Ground(kafka, folder), given.events, given.cores), indent=2) + "\n")


if __name__ == "__main__":
    main()

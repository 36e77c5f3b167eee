"""Runs on a real broker that is mistreated; all carry the marker `chaos`, the long ones `soak` too."""

import os
import time
from pathlib import Path

import pytest

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.chaos)
            item.add_marker(pytest.mark.broker)


@pytest.fixture(scope="session")
def seed() -> int:
    """CHAOS_SEED repeats the traffic and the blows of a run; how processes interleave is the machine's business."""
    return int(os.environ.get("CHAOS_SEED") or time.time_ns() % 1_000_000)

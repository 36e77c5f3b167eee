"""Memory that is freed is kept for the next fetch."""

import platform
import resource
import subprocess
import sys
from pathlib import Path

import pytest

from streams.engine.allocator import keep_freed_memory

ROOT = Path(__file__).parents[2]
FETCH_BYTES, FETCHES = 16 * 1024 * 1024, 20


def page_faults(*, kept: bool) -> int:
    """Of a process that receives fetches, one after the other, into a buffer that grows."""
    command, ours = [sys.executable, __file__, *(["kept"] if kept else [])], {"PYTHONPATH": str(ROOT)}
    ran = subprocess.run(command, env=ours, capture_output=True, check=True, text=True)
    return int(ran.stdout)


def receive() -> int:
    before = resource.getrusage(resource.RUSAGE_SELF).ru_minflt
    piece = bytes(256 * 1024)
    for _ in range(FETCHES):
        buffer = bytearray()
        while len(buffer) < FETCH_BYTES:
            buffer.extend(piece)
        bytes(buffer)
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt - before


@pytest.mark.skipif(platform.libc_ver()[0] != "glibc", reason="only the GNU library can be told")
def test_fetches_cost_page_faults_once_and_not_each_time() -> None:
    assert page_faults(kept=True) < page_faults(kept=False) / 2


if __name__ == "__main__":
    if "kept" in sys.argv[1:]:
        assert keep_freed_memory()
    print(receive())

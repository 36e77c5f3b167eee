"""A small disk for a broker: a file system in memory, in a mount namespace that an ordinary user may make too."""

import shlex
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from broker.shop_floor import within
from streams.tools.child import kill_child, start_child
from streams.tools.kafka_installation import Installation


def namespaces_allowed() -> bool:
    """Whether this machine lets us have one; some containers do not."""
    if not all(map(shutil.which, ("unshare", "nsenter"))):
        return False
    return subprocess.run(["unshare", "-Urm", "true"], capture_output=True, check=False).returncode == 0


@dataclass(frozen=True, slots=True)
class SmallDisk:
    """`folder` is on it, for programs of `installation` alone; `seen_from_here`: the same folder for us."""

    folder: Path
    seen_from_here: Path
    installation: Installation

    def fill(self) -> int:
        """Write until nothing more fits; bytes."""
        ballast, written = self.seen_from_here / "ballast", 0
        with ballast.open("wb", buffering=0) as file:
            for size in (1 << 20, 1 << 12, 1):
                try:
                    while True:
                        written += file.write(bytes(size))
                except OSError:  # no space is left for this size
                    continue
        return written

    def clear(self) -> None:
        """Make room again."""
        (self.seen_from_here / "ballast").unlink()


@contextmanager
def small_disk(installation: Installation, folder: Path, size_mib: int) -> Iterator[SmallDisk]:
    """Gone with all that is on it afterwards."""
    data = folder / "disk"
    data.mkdir()
    place = shlex.quote(str(data))
    mount = f"mount -t tmpfs -o size={size_mib}m none {place} && touch {place}/ready && exec sleep infinity"
    keeper = start_child(["unshare", "-Urm", "sh", "-c", mount], folder / "disk.log")
    seen = Path(f"/proc/{keeper.pid}/root{data}")
    try:
        assert any((seen / "ready").exists() for _ in within(10)), (folder / "disk.log").read_text()
        java = folder / "java"
        enter = f"nsenter -t {keeper.pid} -U -m --preserve-credentials --wd={shlex.quote(str(Path.cwd()))}"
        java.write_text(f'#!/bin/sh\nexec {enter} {shlex.quote(str(installation.java))} "$@"\n')
        java.chmod(0o755)
        yield SmallDisk(data, seen, replace(installation, java=java))
    finally:
        kill_child(keeper)

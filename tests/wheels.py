"""Data sets that come in wheels, downloaded once and kept in pytest's cache folder."""

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

ECOM = ("retentioneering", "5.2.4", "retentioneering/datasets/ecom.csv.gz")
CDNOW = ("lifetimes", "0.11.3", "lifetimes/datasets/CDNOW_master.txt")


def from_wheel(config: pytest.Config, package: str, version: str, member: str) -> Path:
    """A file of a wheel, downloaded once and kept in pytest's cache folder."""
    folder = config.cache.mkdir(f"{package}-{version}")
    file = folder / Path(member).name
    if not file.exists():
        wanted = f"{package}=={version}"
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", str(folder), wanted]
        subprocess.run(command, check=True)
        [wheel] = folder.glob("*.whl")
        with zipfile.ZipFile(wheel) as archive:
            content = archive.read(member)
        part = file.with_suffix(".part")
        part.write_bytes(content)
        part.rename(file)  # a run that is cut off leaves no half file
    return file

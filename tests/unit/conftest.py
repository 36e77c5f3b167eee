"""Published data that tests of formulas need, downloaded once and kept in pytest's cache folder."""

import subprocess
import sys
from pathlib import Path

import pytest

WHEEL = "lifetimes==0.11.3"


@pytest.fixture(scope="session")
def lifetimes(pytestconfig: pytest.Config) -> Path:
    """The wheel, for the CDNOW data in it."""
    folder = pytestconfig.cache.mkdir("lifetimes-0.11.3")
    if not list(folder.glob("*.whl")):
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", str(folder), WHEEL]
        subprocess.run(command, check=True)
    return next(folder.glob("*.whl"))

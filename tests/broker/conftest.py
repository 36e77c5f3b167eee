"""Every test of this folder carries the marker `broker`."""

import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

HERE = Path(__file__).parent
WHEEL = "retentioneering==5.2.4"


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.broker)


@pytest.fixture(scope="session")
def ecom(pytestconfig: pytest.Config) -> Path:
    """`ecom.csv.gz` of the wheel, downloaded once and kept in pytest's cache folder."""
    folder = pytestconfig.cache.mkdir("retentioneering-5.2.4")
    file = folder / "ecom.csv.gz"
    if not file.exists():
        command = [sys.executable, "-m", "pip", "download", "--quiet", "--no-deps", "--dest", str(folder), WHEEL]
        subprocess.run(command, check=True)
        [wheel] = folder.glob("*.whl")
        with zipfile.ZipFile(wheel) as archive:
            content = archive.read("retentioneering/datasets/ecom.csv.gz")
        part = file.with_suffix(".part")
        part.write_bytes(content)
        part.rename(file)  # a run that is cut off leaves no half file
    return file

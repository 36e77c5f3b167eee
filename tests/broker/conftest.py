"""Every test of this folder carries the marker `broker`."""

from pathlib import Path

import pytest

from wheels import CDNOW, ECOM, from_wheel

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.broker)


@pytest.fixture(scope="session")
def ecom(pytestconfig: pytest.Config) -> Path:
    """`ecom.csv.gz` of the wheel."""
    return from_wheel(pytestconfig, *ECOM)


@pytest.fixture(scope="session")
def cdnow(pytestconfig: pytest.Config) -> Path:
    """`CDNOW_master.txt` of the wheel."""
    return from_wheel(pytestconfig, *CDNOW)

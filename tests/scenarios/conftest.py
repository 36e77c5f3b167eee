"""Real data for scenarios."""

from pathlib import Path

import pytest

from wheels import ECOM, from_wheel


@pytest.fixture(scope="session")
def ecom(pytestconfig: pytest.Config) -> Path:
    """`ecom.csv.gz` of the wheel."""
    return from_wheel(pytestconfig, *ECOM)

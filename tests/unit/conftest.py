"""Published data that tests of formulas need."""

from pathlib import Path

import pytest

from wheels import CDNOW, wheel


@pytest.fixture(scope="session")
def lifetimes(pytestconfig: pytest.Config) -> Path:
    """The wheel, for the CDNOW data in it."""
    package, version, _ = CDNOW
    return wheel(pytestconfig, package, version)

"""The kernel, where it is installed."""

from importlib import import_module
from typing import Any

import pytest

from streams.native import INSTALLED


@pytest.fixture(scope="session")
def kernel() -> Any:
    """The module; what compares it with the Python code is nothing without it."""
    if not INSTALLED:
        pytest.skip("kpi_kernel is not installed: it is built from streams/kernel, with Rust")
    return import_module("kpi_kernel")

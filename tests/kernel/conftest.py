"""The kernel, where it is installed."""

from importlib import import_module
from importlib.util import find_spec
from typing import Any

import pytest


@pytest.fixture(scope="session")
def kernel() -> Any:
    """The module; what compares it with the Python code is nothing without it."""
    if find_spec("kpi_kernel") is None:
        pytest.skip("kpi_kernel is not installed: it is built from streams/kernel, with Rust")
    return import_module("kpi_kernel")

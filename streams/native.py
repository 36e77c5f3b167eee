"""The kernel in Rust (streams/kernel), where it is installed: it is built where there is a compiler of Rust."""

from importlib.util import find_spec

INSTALLED = find_spec("kpi_kernel") is not None

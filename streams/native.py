"""The kernel in Rust (streams/kernel), where it is installed: it is built where there is a compiler of Rust."""

from importlib import import_module


def _installed() -> bool:
    """One that does not load, as it was built for another Python, is none: the worker says which code counts."""
    try:
        import_module("kpi_kernel")
    except ImportError:
        return False
    return True


INSTALLED = _installed()

"""What every process of ours exports, whatever it does: its build, and what the system knows of it."""

import platform
from collections.abc import Iterator
from importlib.metadata import version

from prometheus_client import CollectorRegistry, ProcessCollector
from prometheus_client.core import InfoMetricFamily, Metric


class BuildCollector:
    """`kpi_build_info`: always 1, its labels say which program runs."""

    def collect(self) -> Iterator[Metric]:
        """See prometheus_client's Collector."""
        about = {"version": version("kpi-monitor"), "python": platform.python_version()}
        yield InfoMetricFamily("kpi_build", "Version of the program and of its Python", value=about)


def process_registry() -> CollectorRegistry:
    """A new registry with the build and the process: CPU, memory, files, and the start, so that restarts show."""
    registry = CollectorRegistry()
    registry.register(BuildCollector())
    ProcessCollector(registry=registry)
    return registry

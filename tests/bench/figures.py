"""What a worker tells of itself, on /metrics and in its log, as numbers."""

import re
from collections.abc import Mapping

from prometheus_client.parser import text_string_to_metric_families

from streams.tools.quantile import Buckets, quantile

_WANTED = ("kpi_commit_seconds", "kpi_event_to_metric_seconds", "kpi_event_loop_stall_seconds", "kpi_table_rows")
_RESTORED = re.compile(r"restored\s.*?rows=(\d+)\s+seconds=([\d.]+)")
_COLOURS = re.compile(r"\x1b\[[\d;]*m")

Samples = dict[tuple[str, tuple[str, ...]], float]
"""By name and the values of the labels in the order of their names, `le` and all."""


def samples(page: str) -> Samples:
    """The series of a page in the text format that a bench reads; the thousands of the KPIs are not parsed."""
    lines = [line for line in page.splitlines(keepends=True) if line.startswith(_WANTED)]
    found = (sample for family in text_string_to_metric_families("".join(lines)) for sample in family.samples)
    return {(one.name, tuple(value for _, value in sorted(one.labels.items()))): one.value for one in found}


def event_to_metric(page: Samples) -> Buckets:
    """The histogram of all events since the worker's start, by bound in seconds."""
    return {float(labels[0]): n for (name, labels), n in page.items() if name == "kpi_event_to_metric_seconds_bucket"}


def commits(page: Samples) -> dict[str, Buckets]:
    """The histogram of transactions since the worker's start, by stage."""
    found: dict[str, dict[float, float]] = {}
    for (name, labels), n in page.items():
        if name == "kpi_commit_seconds_bucket":
            bound, stage = labels
            found.setdefault(stage, {})[float(bound)] = n
    return dict(found)


def percentiles_ms(buckets: Buckets) -> dict[str, float | None]:
    """Median and 99th percentile in ms, interpolated within a bucket; None without observations."""
    found = {"p50_ms": quantile(0.5, buckets), "p99_ms": quantile(0.99, buckets)}
    return {name: None if seconds is None else round(seconds * 1000, 1) for name, seconds in found.items()}


def commit_figures(page: Samples) -> dict[str, Mapping[str, float | None]]:
    """Count and percentiles of the transactions of every stage that had some."""
    return {
        stage: {"commits": buckets[float("inf")], **percentiles_ms(buckets)}
        for stage, buckets in commits(page).items()
        if buckets[float("inf")]
    }


def longest_stall_ms(page: Samples) -> float | None:
    """The longest time since the start in which the event loop did not turn; None where it is not exported."""
    seconds = page.get(("kpi_event_loop_stall_seconds", ()))
    return None if seconds is None else round(seconds * 1000, 1)


def table_rows(page: Samples) -> dict[str, int]:
    """Rows by stage and table, `visitors.visitors`."""
    return {".".join(labels): int(rows) for (name, labels), rows in page.items() if name == "kpi_table_rows"}


def restored(log: str) -> tuple[int, float] | None:
    """Rows and seconds of the last bulk read of changelogs in a worker's log; None: there was none."""
    found = _RESTORED.findall(_COLOURS.sub("", log))
    return (int(found[-1][0]), float(found[-1][1])) if found else None

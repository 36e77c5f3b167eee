"""What a run found: one JSON document, and the table for a reader."""

from collections.abc import Iterator, Mapping
from typing import Any

from rich.table import Table

Found = dict[str, Any]
Row = tuple[str, str, str]


def ratios(found: Mapping[str, Any]) -> dict[str, float]:
    """The figures that are compared, as far as their parts were measured; all of one run.

    `by_cpu`: of the events a CPU second, which a busy machine changes least.
    """
    made: dict[str, float] = {}
    for name, (above, below) in _PAIRS.items():
        if above in found and below in found:
            one, other = found[above], found[below]
            made[name] = round(one["events_per_s"] / other["events_per_s"], 3)
            by_cpu = other["cpu_s_per_million_events"] / one["cpu_s_per_million_events"]
            made[f"{name}_by_cpu"] = round(by_cpu, 3)
    return made


_PAIRS = {
    "one_worker_to_limit": ("one_worker", "read_and_decode"),
    "one_worker_to_stock_faust": ("one_worker", "stock_faust"),
    "two_workers_to_one": ("two_workers", "one_worker"),
}


def document(machine: Mapping[str, Any], commit: str, options: Mapping[str, Any], found: Mapping[str, Any]) -> Found:
    """Everything with its unit in the name of the key."""
    return {"machine": dict(machine), "commit": commit, "options": dict(options), **found, "ratios": ratios(found)}


def table(whole: Mapping[str, Any]) -> Table:
    """One figure a row: what, value, and what the product promises of it."""
    machine = whole["machine"]
    title = f"{machine['cpu_model']}, {machine['cores']} cores, Python {machine['python']}"
    short = starved(whole)
    warning = f"Starved: the workers had {1 - short:.0%} of the CPU they could have used; compare by CPU, or run again."
    caption = warning if short > _STARVED else None
    found = Table(title=title, title_justify="left", caption=caption, caption_justify="left")
    found.add_column("figure")
    found.add_column("value", justify="right")
    found.add_column("promised", justify="right")
    for row in rows(whole):
        found.add_row(*row)
    return found


def starved(whole: Mapping[str, Any]) -> float:
    """Share of the CPU time a single worker was ready for and did not get: others wanted the machine."""
    run = whole.get("one_worker")
    if not run:
        return 0.0
    used, missed = run["worker_cpu_cores"], run["worker_cpu_cores_missed"]
    return float(missed / (used + missed))


def rows(whole: Mapping[str, Any]) -> Iterator[Row]:
    """The lines of the table; what was not measured has none."""
    for name, label in _RUNS.items():
        if name in whole:
            yield from _run(label, whole[name])
    yield from _worker(whole.get("one_worker", {}))
    for name, (label, promise) in _RATIOS.items():
        if name in whole["ratios"]:
            yield label, f"{whole['ratios'][name]:.2f}", promise
            yield "  by CPU", f"{whole['ratios'][f'{name}_by_cpu']:.2f}", ""
    for rate, at in whole.get("freshness", {}).get("rates", {}).items():
        yield from _freshness(rate, at)
    yield from _recovery(whole.get("recovery", {}))
    if memory := whole.get("memory"):
        rows_of = memory["table_rows"][0]
        what = f"{rows_of['visitors.visitors']:,} visitors, {rows_of['visitors.seen']:,} ids"
        yield f"memory with {what}", f"{memory['rss_mib'][0]:.0f} MiB", "<= 600"
        yield "  its peak while catching up", f"{memory['peak_rss_mib'][0]:.0f} MiB", ""


_RUNS = {
    "read": "limit: aiokafka getmany",
    "read_and_decode": "limit: getmany + msgspec decode",
    "one_worker": "one worker, everything on",
    "two_workers": "two workers",
    "stock_faust": "stock Faust, the counts it can do",
}
_RATIOS = {
    "one_worker_to_limit": ("one worker / getmany + decode", ">= 0.4"),
    "one_worker_to_stock_faust": ("one worker / stock Faust", ">= 80"),
    "two_workers_to_one": ("two workers / one", ">= 1.7"),
}
_STARVED = 0.2  # beyond it a ratio of rates says how the scheduler shares, not how fast a worker is
_STALL_PROMISE_MS = "<= 100"


def _run(label: str, run: Mapping[str, Any]) -> Iterator[Row]:
    cpu = run["cpu_s_per_million_events"]
    yield label, f"{run['events_per_s']:,} events/s", ""
    yield "  CPU per million events", f"{cpu:.1f} s", ""


def _worker(run: Mapping[str, Any]) -> Iterator[Row]:
    if not run:
        return
    yield "worker: from start to the first commit", f"{run['seconds_from_start_to_first_commit']:.1f} s", ""
    yield "worker: CPU, and the broker's", f"{run['worker_cpu_cores']:.2f} + {run['broker_cpu_cores']:.2f} cores", ""
    missed = f"{run['worker_cpu_cores_missed']:.2f} + {run['broker_cpu_cores_missed']:.2f} cores"
    yield "  CPU they waited for (busy machine)", missed, ""
    yield "worker: peak memory", f"{run['peak_rss_mib'][0]:.0f} MiB", ""
    stall_ms = run["longest_event_loop_stall_ms"][0]
    yield "worker: longest stall of the event loop", _ms(stall_ms), _STALL_PROMISE_MS
    for stage, commit in run["commit"][0].items():
        yield f"worker: a commit of {stage}, p50 / p99", f"{_ms(commit['p50_ms'])} / {_ms(commit['p99_ms'])}", ""


def _freshness(rate: str, at: Mapping[str, Any]) -> Iterator[Row]:
    delay = at["event_to_metric"]
    promise = "<= 500 / 1000" if rate == "5000_per_s" else ""
    label = f"event -> /metrics at {int(rate.removesuffix('_per_s')):,}/s, p50 / p99"
    yield label, f"{_ms(delay['p50_ms'])} / {_ms(delay['p99_ms'])}", promise
    cores = at["cpu_cores"]
    counted = f"  counted {at['counted_events_per_s']:,}/s; CPU, and the broker's"
    yield counted, f"{cores['worker']:.2f} + {cores['broker']:.2f} cores", ""


def _recovery(found: Mapping[str, Any]) -> Iterator[Row]:
    for member in ("static_member", "dynamic_member"):
        if member in found:
            one, label = found[member], member.replace("_", " ")
            back = one["after_sigkill"]
            yield f"{label}: {back['restored_rows']:,} rows read back", f"{back['restore_seconds']:.2f} s", "<= 5 s"
            first_s = one["seconds_from_sigkill_to_first_new_result"]
            yield f"{label}: SIGKILL to the first new result", f"{first_s:.1f} s", "<= 10 s"


def _ms(value: float | None) -> str:
    return "n/a" if value is None else f"{value:,.0f} ms"

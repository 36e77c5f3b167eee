"""What a scrape of 50,000 series costs: `PYTHONPATH=tests python -m bench.scrape [SERIES [ROUNDS]]`.

A task of the monitor with so many series; of each part the least of some rounds: the snapshot, which is taken between
two steps and so holds up the event loop, the rendering in a thread, and the whole over HTTP in both formats.
"""

import asyncio
import json
import sys
import time
from pathlib import Path

import aiohttp
from prometheus_client import CollectorRegistry

from models.goal import with_goals
from models.settings import Settings
from monitor import Monitor, day
from streams.engine.exporter import Exporter
from streams.metrics import Snapshot, SnapshotCollector
from streams.metrics_kpis import exposition
from streams.metrics_process import process_registry

LIMIT_S = 1.0
OPENMETRICS = "application/openmetrics-text; version=1.0.0"
ASKED = {
    "text": {"Accept": "text/plain", "Accept-Encoding": "identity"},
    "openmetrics": {"Accept": OPENMETRICS, "Accept-Encoding": "identity"},
}


def monitor_with(series: int) -> Monitor:
    """Orders of so many campaigns that at least `series` series are shown."""
    kpis = (Path(__file__).parents[2] / "deploy" / "kpis.yaml").read_text(encoding="utf-8")
    monitor, campaigns = Monitor(kpis, Settings(max_segments=10**6)), 0
    while len(shown(monitor)) < series:
        for number in range(campaigns, campaigns + 1_000):
            for measure, n in (("orders", 3), ("revenue", 4_999 + number), ("converting_sessions", 3), ("sessions", 9)):
                monitor.book(measure, day(0.5), n, campaign=f"campaign {number}", channel="Email", country="PL")
        campaigns += 1_000
        monitor.mark(orders=day(0.5), clickstream=day(0.5))
    return monitor


def shown(monitor: Monitor) -> list[object]:
    return list(monitor.stage.shown(monitor.tables, monitor.now_us))


def registry(monitor: Monitor) -> CollectorRegistry:
    found = process_registry()
    snapshot = Snapshot(values=list(monitor.stage.shown(monitor.tables, monitor.now_us)))
    found.register(SnapshotCollector(snapshot, with_goals(monitor.catalogue.kpis), "GBP"))
    return found


async def whole_s(exporter: Exporter, headers: dict[str, str]) -> tuple[float, int]:
    """Seconds until the last byte is there, and how many came."""
    timeout = aiohttp.ClientTimeout(total=60)
    async with aiohttp.ClientSession(auto_decompress=False, timeout=timeout) as session:
        began_s = time.perf_counter()
        async with session.get(f"http://127.0.0.1:{exporter.port}/metrics", headers=headers) as answer:
            body = await answer.read()
        return time.perf_counter() - began_s, len(body)


async def over_http(monitor: Monitor, rounds: int) -> dict[str, float]:
    exporter, found = Exporter(lambda: registry(monitor), list), {}
    await exporter.start("127.0.0.1", 0)
    try:
        for name, headers in ASKED.items():
            took = [await whole_s(exporter, headers) for _ in range(rounds)]
            found[f"{name}_s"] = round(min(seconds for seconds, _ in took), 3)
            found[f"{name}_mb"] = round(took[0][1] / 1e6, 2)
    finally:
        await exporter.stop()
    return found


def main() -> None:
    series, rounds, *_ = [*map(int, sys.argv[1:]), *(50_000, 5)[len(sys.argv) - 1 :]]
    monitor, found = monitor_with(series), {}
    for name, accept in (("text", "text/plain"), ("openmetrics", OPENMETRICS)):
        parts = []
        for _ in range(rounds):
            began_s = time.process_time()
            taken = registry(monitor)
            snapshot_s = time.process_time() - began_s
            exposition(taken, accept)
            parts.append((snapshot_s, time.process_time() - began_s - snapshot_s))
        found[f"{name}_snapshot_cpu_s"], found[f"{name}_render_cpu_s"] = (
            round(min(one), 3) for one in zip(*parts, strict=True)
        )
    found |= asyncio.run(over_http(monitor, rounds))
    print(json.dumps({"series": len(shown(monitor)), **found}))
    slow = {name: took for name, took in found.items() if name in {f"{asked}_s" for asked in ASKED} and took > LIMIT_S}
    raise SystemExit(f"more than {LIMIT_S:g} s: {slow}" if slow else 0)


if __name__ == "__main__":
    main()

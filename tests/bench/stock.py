"""Runs stock Faust (stock_faust.py) for a bounded time and reads its rate off what it prints."""

import asyncio
import itertools
import json
import time
from pathlib import Path
from typing import Any

from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from bench.ground import Ground
from bench.machine import Usage, memory_mib

WINDOWS = ("1m", "5m", "1h")  # as in stock_faust.py
_STARTS_S = 180.0
_WARM = 500  # events; its first poll of a busy broker comes with long breaks
_LOOK_S = 0.2


def told(log: str) -> list[tuple[float, int]]:
    """Monotonic seconds and events applied, a second apart; everything else in the log is left out."""
    lines = (line.partition('{"applied"') for line in log.splitlines())  # Faust puts its own words before it
    told = (json.loads(mark + rest) for _, mark, rest in lines if rest.rstrip().endswith("}"))
    return [(one["at_s"], one["applied"]) for one in told]


def rate(course: list[tuple[float, int]]) -> float | None:
    """Events/s from the first line with `_WARM` events to the last; None while there are not two."""
    running = [(at_s, n) for at_s, n in course if n >= _WARM]
    if len(running) < 2:
        return None
    (began_s, first), (end_s, last) = running[0], running[-1]
    return (last - first) / (end_s - began_s)


def changelogs(ground: Ground) -> None:
    """Make its topics beforehand: it crashes on its first update when metadata has not told of them yet."""
    names = [f"stock-faust-counts-{window}-changelog" for window in WINDOWS]
    asyncio.run(_create([NewTopic(name, 4, 1, topic_configs={"cleanup.policy": "compact"}) for name in names], ground))


async def _create(topics: list[NewTopic], ground: Ground) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=ground.kafka.bootstrap)
    await admin.start()
    try:
        await admin.create_topics(topics)
    finally:
        await admin.close()


def run_stock(ground: Ground, seconds: float) -> dict[str, Any]:
    """Its figures over `seconds` of consuming, not the whole backlog."""
    changelogs(ground)
    log = ground.log_file("stock-faust")
    script = str(Path(__file__).with_name("stock_faust.py"))
    with ground.running("stock-faust", script, "worker", "--loglevel", "error") as process:
        deadline_s = time.monotonic() + _STARTS_S
        while not any(n >= _WARM for _, n in told(log.read_text(encoding="utf-8"))):
            if process.poll() is not None or time.monotonic() > deadline_s:
                raise RuntimeError(f"stock Faust did not start:\n{log.read_text(encoding='utf-8')[-4000:]}")
            time.sleep(_LOOK_S)
        before = Usage.of(time.monotonic(), faust=process.pid)
        time.sleep(seconds)
        after = Usage.of(time.monotonic(), faust=process.pid)
        memory = memory_mib(process.pid)
    course = told(log.read_text(encoding="utf-8"))
    found = rate(course)
    assert found, course
    cores = after.cores_since(before)["faust"]
    return {
        "events": course[-1][1],
        "seconds": round(course[-1][0] - next(at_s for at_s, n in course if n >= _WARM), 1),
        "events_per_s": round(found),
        "cpu_cores": cores,
        "cpu_cores_missed": after.cores_missed_since(before)["faust"],
        "cpu_s_per_million_events": round(cores / found * 1e6, 1),
        "peak_rss_mib": memory[1],
        "longest_silence_s": round(max((b[0] - a[0] for a, b in itertools.pairwise(course)), default=0.0), 2),
    }

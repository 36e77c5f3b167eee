"""The product on the backlog: worker processes as in production, from their start to lag 0."""

import asyncio
import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

from bench.figures import commit_figures, longest_stall_ms, table_rows
from bench.ground import Ground
from bench.machine import Usage, memory_mib
from bench.worker import Progress, Worker, WorkerEndedError, progress, worker
from models.click import TOPIC

BROKER = "broker"
_LOOK_S = 0.05
_STUCK_S = 120.0

Pids = Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Point:
    """Clicks committed, and CPU used so far, at a moment (monotonic)."""

    usage: Usage
    committed: int


@dataclass(frozen=True, slots=True)
class Course:
    """`first`: the first commit seen once every worker had its tasks; `end`: nothing unread, deltas included."""

    first: Point
    end: Point
    input_end_s: float

    def figures(self, began_s: float) -> dict[str, Any]:
        """Rate from the first commit to lag 0; the wall time also from the start of the processes."""
        before, after = self.first.usage, self.end.usage
        events, took_s = self.end.committed - self.first.committed, after.at_s - before.at_s
        assert events, "the backlog is too short: all of it was in the first commit"
        cores = after.cores_since(before)
        workers = sum(used for name, used in cores.items() if name != BROKER)
        missed = after.cores_missed_since(before)
        return {
            "events": self.end.committed,
            "events_per_s": round(events / took_s),
            "seconds_from_start_to_first_commit": round(before.at_s - began_s, 2),
            "seconds_from_first_commit_to_lag_0": round(took_s, 2),
            "seconds_from_input_lag_0_to_delta_lag_0": round(after.at_s - self.input_end_s, 2),
            "events_per_s_with_start": round(self.end.committed / (after.at_s - began_s)),
            "cpu_s_per_million_events": round(workers * took_s / events * 1e6, 2),
            "worker_cpu_cores": round(workers, 2),
            "broker_cpu_cores": cores[BROKER],
            "worker_cpu_cores_missed": round(sum(lack for name, lack in missed.items() if name != BROKER), 2),
            "broker_cpu_cores_missed": missed[BROKER],
        }


async def follow(seen: Progress, workers: Sequence[Worker], pids: Pids) -> Course:
    """Watch the committed offsets until nothing is unread. WorkerEndedError when a worker does, or moves nothing.

    The rate counts what was committed after the first commit seen, so neither the start-up nor the work before that
    commit is in it.
    """
    total, first, input_end_s = await seen.sent(), None, None
    moved_s, before = time.monotonic(), 0
    while (now_s := time.monotonic()) - moved_s < _STUCK_S:
        committed = await seen.committed()
        if committed > before:
            moved_s, before = now_s, committed
        if first is None and committed and all(one.assigned for one in workers):
            first = Point(Usage.of(now_s, **pids), committed)
        if first and committed >= total:
            input_end_s = input_end_s or now_s
            if await seen.folded():
                return Course(first, Point(Usage.of(time.monotonic(), **pids), total), input_end_s)
        for one in workers:
            one.check()
        await asyncio.sleep(_LOOK_S)
    logs = "\n".join(one.log()[-2000:] for one in workers)
    raise WorkerEndedError(f"nothing was committed for {_STUCK_S:.0f} s, {before} of {total} clicks are:\n{logs}")


@contextmanager
def caught_up(
    ground: Ground,
    app_id: str,
    expected: Mapping[str, int],
    workers: int = 1,
    started: Callable[[int], None] | None = None,
) -> Iterator[tuple[dict[str, Any], list[Worker]]]:
    """Start so many workers anew on everything in the topic: their figures, and they still run.

    `expected`: the ledger that has to come out; RuntimeError if it does not. `started` is told the pid of each.
    """
    ground.renew(app_id)
    with ExitStack() as stack:
        began_s = time.monotonic()
        running = [stack.enter_context(worker(ground, app_id, f"{app_id}-{n}")) for n in range(workers)]
        if started:
            for one in running:
                started(one.pid)
        course = asyncio.run(_followed(ground, app_id, running))
        found = course.figures(began_s) | _of_each(running) | checked_ledger(ground, app_id, expected)
        yield found, running


def on_backlog(
    ground: Ground,
    app_id: str,
    expected: Mapping[str, int],
    workers: int = 1,
    started: Callable[[int], None] | None = None,
) -> dict[str, Any]:
    """As caught_up, and the workers have ended."""
    with caught_up(ground, app_id, expected, workers, started) as (found, _):
        return found


def checked_ledger(ground: Ground, app_id: str, expected: Mapping[str, int]) -> dict[str, Any]:
    """Whether every click sent was received, and each came out as it was made; RuntimeError if not."""
    ledger = json.loads(ground.kpi(app_id, "ledger", "--json"))[TOPIC]
    wrong = {name: (ledger.get(name), n) for name, n in expected.items() if ledger.get(name) != n}
    if wrong or ledger["received"] != sum(n for name, n in ledger.items() if name != "received"):
        raise RuntimeError(f"the ledger of {app_id} (found, sent): {wrong}, whole: {ledger}")
    return {"ledger": ledger, "received_equals_sent": True}


async def _followed(ground: Ground, app_id: str, workers: Sequence[Worker]) -> Course:
    pids = {one.name: one.pid for one in workers} | {BROKER: ground.broker_pid}
    async with progress(ground, app_id) as seen:
        return await follow(seen, workers, pids)


def _of_each(workers: Sequence[Worker]) -> dict[str, Any]:
    memory = [memory_mib(one.pid) for one in workers]
    pages = [one.page() for one in workers]
    return {
        "rss_mib": [now for now, _ in memory],
        "peak_rss_mib": [peak for _, peak in memory],
        "commit": [commit_figures(page) for page in pages],
        "longest_event_loop_stall_ms": [longest_stall_ms(page) for page in pages],
        "table_rows": [table_rows(page) for page in pages],
    }

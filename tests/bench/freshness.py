"""From an event's broker timestamp to the snapshot of /metrics that has counted it, at steady rates."""

import json
import time
from collections.abc import Iterable
from typing import Any

from bench.figures import event_to_metric, percentiles_ms
from bench.ground import Ground
from bench.machine import Usage
from bench.worker import Worker
from streams.tools.quantile import since

_STARTS_S = 2  # a publisher connects and opens its sessions
_ENDS_S = 2


def at_rates(ground: Ground, one: Worker, rates: Iterable[int], warm_up_s: int, seconds: int) -> dict[str, Any]:
    """By rate in events/s; `clicks` is what was published in all. The worker has to be caught up."""
    found: dict[str, Any] = {}
    clicks = 0
    for number, rate in enumerate(rates):
        published, figures = at_rate(ground, one, rate, warm_up_s, seconds, seed=1000 + number)
        clicks += published
        found[f"{rate}_per_s"] = figures
    return {"clicks": clicks, "rates": found}


def at_rate(
    ground: Ground, one: Worker, rate: int, warm_up_s: int, seconds: int, seed: int
) -> tuple[int, dict[str, Any]]:
    """Clicks published, and the delays of those that came in `seconds` after the warm-up."""
    name, whole_s = f"paced-{rate}", _STARTS_S + warm_up_s + seconds + _ENDS_S
    arguments = ("-m", "bench.paced", str(rate), str(whole_s), str(seed))
    with ground.running(name, *arguments) as publisher:
        time.sleep(_STARTS_S + warm_up_s)
        pids = {"worker": one.pid, "broker": ground.broker_pid, "publisher": publisher.pid}
        before, used = event_to_metric(one.page()), Usage.of(time.monotonic(), **pids)
        time.sleep(seconds)
        after = Usage.of(time.monotonic(), **pids)
        delays, took_s = since(event_to_metric(one.page()), before), time.monotonic() - used.at_s
        if publisher.wait():
            raise RuntimeError(ground.log_file(name).read_text(encoding="utf-8"))
    sent = json.loads(ground.log_file(name).read_text(encoding="utf-8").splitlines()[-1])
    counted = delays.get(float("inf"), 0.0)
    figures = {
        "event_to_metric": percentiles_ms(delays),
        "counted_events_per_s": round(counted / took_s),
        "published_events_per_s": sent["events_per_s"],
        "cpu_cores": after.cores_since(used),
        "cpu_cores_missed": after.cores_missed_since(used),
    }
    return int(sent["received"]), figures

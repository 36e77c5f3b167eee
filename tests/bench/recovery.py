"""What a crash costs: reading the state back, and the time from a SIGKILL to the first new result."""

import asyncio
import time
from contextlib import suppress
from typing import Any

from bench.figures import restored
from bench.ground import Ground
from bench.worker import Worker, worker
from streams.publication import VALUES_TOPIC
from streams.tools.topic_reader import TopicReader, open_topic

APP = "bench-keys"
_LIVE_RATE = 1_000  # events/s while it is killed: a result needs input
_RESULT_S = 60.0
_LOOK_S = 0.1


def of_keys(ground: Ground, sessions: int) -> dict[str, Any]:
    """A worker on a changelog of so many sessions, killed and started again, with and without a static member id.

    A supervisor without delay is assumed. Without a static id the group waits for the dead member's session time-out.
    """
    ground.renew(APP)
    stored = ground.figures("stored", sessions, app_id=APP)
    found: dict[str, Any] = {"visitors": stored["visitors"], "changelog_records": sum(stored.values())}
    with ground.running("live", "-m", "bench.paced", str(_LIVE_RATE), "300", "77"):
        found["static_member"] = asyncio.run(_killed(ground, "static", KPI_INSTANCE_ID="one"))
        found["dynamic_member"] = asyncio.run(_killed(ground, "dynamic"))
    return found


async def _killed(ground: Ground, name: str, **settings: str) -> dict[str, Any]:
    async with open_topic(ground.settings(APP), VALUES_TOPIC) as values:
        with worker(ground, APP, f"{name}-before", **settings) as first:
            began_ms = time.time() * 1000
            await _new_result(values, first, began_ms)
            first_restore = _restore(first)
            await asyncio.sleep(2)  # some commits, as a crash finds it
            killed_ms = time.time() * 1000
            first.kill()
        with worker(ground, APP, f"{name}-after", **settings) as second:
            new_ms = await _new_result(values, second, killed_ms)
            found = {
                "first_start": first_restore,
                "after_sigkill": _restore(second),
                "seconds_from_sigkill_to_first_new_result": round((new_ms - killed_ms) / 1000, 2),
            }
            second.stop()
        return found


async def _new_result(values: TopicReader, one: Worker, since_ms: float) -> float:
    """Wall clock in ms when a committed record of `kpi-values` was seen that is newer than `since_ms`."""
    await values.consumer.seek_to_end()
    with suppress(TimeoutError):
        async with asyncio.timeout(_RESULT_S):
            async for batch in values.follow(_LOOK_S):
                one.check()
                if any(record.timestamp > since_ms for record in batch):
                    return time.time() * 1000
    raise TimeoutError(f"no new result in {_RESULT_S:.0f} s:\n{one.log()[-2000:]}")


def _restore(one: Worker) -> dict[str, float]:
    found = restored(one.log())
    assert found, one.log()
    rows, seconds = found
    return {"restored_rows": rows, "restore_seconds": seconds}

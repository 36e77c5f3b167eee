"""A process that publishes clicks of now at a steady rate; its last line is what it sent.

python -m bench.paced RATE SECONDS SEED        events/s; the broker from KPI_BROKER
"""

import asyncio
import json
import os
import sys
import time

from bench.clicks import LiveClicks
from models.click import TOPIC
from models.settings import Settings
from streams.tools.publisher import Publisher
from streams.tools.record import Record

_TURN_S = 0.01
_SESSION_S = 60  # so many seconds of the rate are open sessions times clicks a session
_CLICKS_A_SESSION = 10


async def publish(settings: Settings, rate: int, seconds: float, seed: int) -> dict[str, float]:
    """Every 10 ms what is due by then; the clicks are flushed at the end."""
    shop, sent = LiveClicks(seed, max(1, rate * _SESSION_S // _CLICKS_A_SESSION)), 0
    async with Publisher(settings, [TOPIC]) as publisher:
        began_s = time.monotonic()
        while (elapsed_s := time.monotonic() - began_s) < seconds:
            now_us = time.time_ns() // 1000
            for _ in range(int(elapsed_s * rate) - sent):
                key, value = shop.click(now_us)
                await publisher.put(Record(TOPIC, key, value, now_us))
            sent = publisher.counts[TOPIC]
            await publisher.push()
            await asyncio.sleep(_TURN_S)
    return {"received": sent, "events_per_s": round(sent / (time.monotonic() - began_s), 1)}


def main() -> None:
    rate, seconds, seed = map(int, sys.argv[1:])
    print(json.dumps(asyncio.run(publish(Settings(broker=os.environ["KPI_BROKER"]), rate, seconds, seed))))


if __name__ == "__main__":
    main()

"""A process that publishes a plan of clicks to `clickstream` as fast as it goes; its last line is what it sent.

python -m bench.backlog --events N --sessions N --span-s S --seed N        the broker from KPI_BROKER
"""

import argparse
import asyncio
import json
import os
import sys
import time
from collections import Counter

from bench.clicks import S_US, Plan, clicks
from models.click import TOPIC
from models.settings import Settings
from streams.tools.publisher import Publisher
from streams.tools.record import Record

_TOLD_EVERY = 250_000


async def publish(settings: Settings, plan: Plan) -> dict[str, float]:
    """What was acknowledged: records by the outcome they must have, bytes, and the seconds it took."""
    counts: Counter[str] = Counter()
    size, began_s = 0, time.monotonic()
    async with Publisher(settings, [TOPIC]) as publisher:
        for number, sent in enumerate(clicks(plan), start=1):
            await publisher.put(Record(TOPIC, sent.key, sent.value, sent.turn_us))
            counts[sent.outcome] += 1
            size += len(sent.value)
            if number % _TOLD_EVERY == 0:
                sys.stderr.write(f"  {number:,} of {plan.events:,} published\n")
        await publisher.flush()
    received = counts.total()
    return {"received": received, **counts, "bytes": size, "seconds": round(time.monotonic() - began_s, 2)}


def main() -> None:
    parser = argparse.ArgumentParser()
    for name, default in {"events": 200_000, "sessions": 21_200, "span-s": 1800, "seed": 1}.items():
        parser.add_argument(f"--{name}", type=int, default=default)
    given = parser.parse_args()
    plan = Plan(given.events, given.sessions, time.time_ns() // 1000, given.span_s * S_US, given.seed)
    sent = asyncio.run(publish(Settings(broker=os.environ["KPI_BROKER"]), plan))
    print(json.dumps(sent))


if __name__ == "__main__":
    main()

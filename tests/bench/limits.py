"""A process that reads all of `clickstream` as fast as aiokafka can, with or without decoding: the limit of any worker.

    python -m bench.limits read | decode        the broker from KPI_BROKER; the last line is its result

Without a consumer group, with the fetch sizes of the product's consumer. `decode` is msgspec into the product's own
Click alone: no check of the key, no admission.
"""

import asyncio
import json
import os
import sys
import time
from collections.abc import Callable
from typing import Any

import msgspec
from aiokafka import AIOKafkaConsumer

from models.click import TOPIC, Click
from models.settings import Settings
from streams.tools.consumer import open_consumer

Work = Callable[[list[Any]], None]

_decode = msgspec.json.Decoder(Click).decode


def _read(_: list[Any]) -> None:
    """Nothing: the records are there."""


def _read_and_decode(records: list[Any]) -> None:
    for record in records:
        _decode(record.value)


async def read_all(settings: Settings, work: Work) -> dict[str, float]:
    """Events/s and CPU from the open consumer to the end of the topic as it was then."""
    async with open_consumer(settings, [TOPIC]) as (consumer, partitions):
        count, began_s, began_cpu_s = 0, time.monotonic(), time.process_time()
        total = sum((await consumer.end_offsets(partitions[TOPIC])).values())
        while count < total:
            count += await _poll(consumer, work)
        took_s, cpu_s = time.monotonic() - began_s, time.process_time() - began_cpu_s
    return {
        "events": count,
        "events_per_s": round(count / took_s),
        "seconds": round(took_s, 2),
        "cpu_s_per_million_events": round(cpu_s / count * 1e6, 2),
    }


async def _poll(consumer: AIOKafkaConsumer, work: Work) -> int:
    count = 0
    for records in (await consumer.getmany(timeout_ms=1000)).values():
        work(records)
        count += len(records)
    return count


def main() -> None:
    work = {"read": _read, "decode": _read_and_decode}[sys.argv[1]]
    print(json.dumps(asyncio.run(read_all(Settings(broker=os.environ["KPI_BROKER"]), work))))


if __name__ == "__main__":
    main()

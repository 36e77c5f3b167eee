"""A process that writes the state of so many sessions into the changelog of an application that has not started yet.

    python -m bench.stored SESSIONS        broker and application from KPI_BROKER and KPI_APP_ID

The rows are made by the product's own stage from a click a session, and drained as its commits do. The application is
put at the end of the clickstream. Its last line is the rows it wrote, by table.
"""

import asyncio
import json
import random
import sys
import time
from collections import Counter
from collections.abc import Iterator
from types import SimpleNamespace
from typing import Any

from aiokafka import AIOKafkaConsumer

from bench.clicks import S_US, session_text
from models.click import TOPIC
from models.fx import Rates
from models.settings import Settings
from models.stage import Batch
from streams.app import measure_stages
from streams.commands.environment import definitions, settings
from streams.tools import instant
from streams.tools.consumer import open_consumer
from streams.tools.publisher import Publisher
from streams.tools.record import Record
from streams.topics import topic_specs

_PARTITIONS = 4
_SPAN_US = 1200 * S_US
_COMMIT = 10_000  # clicks


def rows(effective: Settings, sessions: int, now_us: int) -> Iterator[Record]:
    """Changelog records of all partitions; a session goes round the partitions, whatever its visitor hashes to."""
    counts = {spec.name: _PARTITIONS for spec in topic_specs(effective.app_id, _PARTITIONS)}
    stages = measure_stages(
        effective, definitions(effective).catalogue, counts, Rates(effective.reporting_currency), lambda: None
    )
    [stage] = [stage for stage in stages if TOPIC in stage.inputs]
    changelog, chance = f"{effective.app_id}-{stage.name}-changelog", random.Random(7)
    for partition in range(_PARTITIONS):
        tables = stage.tables(partition)
        for first in range(0, sessions // _PARTITIONS, _COMMIT):
            numbers = range(first, min(first + _COMMIT, sessions // _PARTITIONS))
            clicks = [_click(chance, partition, n, now_us - _SPAN_US + n * _SPAN_US * 4 // sessions) for n in numbers]
            stage.step(tables, Batch(TOPIC, partition, clicks), now_us)
            for table in tables.all():
                for key, value in table.drain():
                    yield Record(changelog, table.name.encode() + b"|" + key, value, None, partition=partition)


def _click(chance: random.Random, partition: int, number: int, at_us: int) -> Any:
    key, text = session_text(chance, 90 + partition, number)
    value = (text % (0, "page_view", instant.render(at_us), number % 400)).encode()
    return SimpleNamespace(topic=TOPIC, key=key, value=value, headers=(), offset=number, timestamp=at_us // 1000)


async def store(effective: Settings, sessions: int) -> Counter[str]:
    """Write the rows and put the group at the end of the topic."""
    written: Counter[str] = Counter()
    changelog = f"{effective.app_id}-visitors-changelog"
    async with Publisher(effective, [changelog]) as publisher:
        for record in rows(effective, sessions, time.time_ns() // 1000):
            assert record.key is not None
            await publisher.put(record)
            written[record.key.partition(b"|")[0].decode()] += 1
    async with open_consumer(effective, [TOPIC]) as (reader, partitions):
        ends = await reader.end_offsets(partitions[TOPIC])
    group = AIOKafkaConsumer(bootstrap_servers=effective.broker, group_id=effective.app_id, enable_auto_commit=False)
    await group.start()
    try:
        group.assign(list(ends))
        await group.commit(ends)
    finally:
        await group.stop()
    return written


def main() -> None:
    print(json.dumps(asyncio.run(store(settings(), int(sys.argv[1])))))


if __name__ == "__main__":
    main()

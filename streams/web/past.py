"""What was published long ago: read after the page is ready, the newest first, with half of a core at most.

`kpi-values` holds 400 days, and a page needs its end. So it is read from RECENT_S ago, or FIRST_RECORDS before its end,
and what is before that in pieces, backwards. A piece never replaces what is known: it is older.
"""

import asyncio
import time
from collections.abc import Mapping, Sequence
from typing import Final

from aiokafka import AIOKafkaConsumer, TopicPartition

from streams.web.store import Store

RECENT_S: Final = 7_200
FIRST_RECORDS: Final = 200_000  # of a partition: some seconds
PIECE: Final = 20_000  # records, about 10 MB
_POLL_MS: Final = 250

Offsets = Mapping[TopicPartition, int]


async def begin(
    consumer: AIOKafkaConsumer,
    partitions: Sequence[TopicPartition],
    now_s: float,
    first_records: int = FIRST_RECORDS,
) -> dict[TopicPartition, int]:
    """Where each partition is read from at first."""
    starts: Offsets = await consumer.beginning_offsets(partitions)
    ends: Offsets = await consumer.end_offsets(partitions)
    recent = await consumer.offsets_for_times(dict.fromkeys(partitions, round((now_s - RECENT_S) * 1_000)))
    found = {}
    for partition in partitions:
        at = recent.get(partition)
        since = ends[partition] if at is None else at.offset
        found[partition] = max(starts[partition], min(since, ends[partition] - first_records))
    return found


async def fill(consumer: AIOKafkaConsumer, store: Store, until: Offsets, since_s: float, most: int = PIECE) -> int:
    """What was published from `since_s` (wall clock) up to `until`, `most` offsets at once; how many windows it was."""
    found = await consumer.offsets_for_times(dict.fromkeys(until, round(since_s * 1_000)))
    first = {one: end if (at := found.get(one)) is None else at.offset for one, end in until.items()}
    ends, records = dict(until), 0
    while left := [one for one, end in ends.items() if end > first[one]]:
        for partition in left:
            start = max(first[partition], ends[partition] - most)
            piece = await _piece(consumer, partition, start, ends[partition])
            began_s = time.process_time()
            for key, value in piece.items():
                store.fill(key, value)
            records += len(piece)
            ends[partition] = start
            await asyncio.sleep(2 * (time.process_time() - began_s))  # reading took its part of the time as well
    return records


async def _piece(consumer: AIOKafkaConsumer, partition: TopicPartition, start: int, end: int) -> dict[bytes, bytes]:
    """The last value of each key in a range of offsets."""
    last: dict[bytes, bytes] = {}
    consumer.seek(partition, start)
    while await consumer.position(partition) < end:
        for records in (await consumer.getmany(partition, timeout_ms=_POLL_MS)).values():
            for record in records:
                if record.offset < end and record.key is not None and record.value is not None:
                    last[record.key] = record.value
        await asyncio.sleep(0)
    return last

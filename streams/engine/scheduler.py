"""What a fetch is cut into: chunks of one partition, taken in turns, so that no step holds the event loop long."""

from bisect import bisect_right
from collections import deque
from collections.abc import Iterator, Mapping, Sequence
from itertools import accumulate
from typing import Any

from faust.types import TP
from faust.types.transports import SchedulingStrategyT

from streams.engine.fetching import value_sizes

MAX_RECORDS = 2_000
"""Of one step, for every CHUNK_BYTES that it may have: records can be short."""
CHUNK_BYTES = 192 * 1024
"""Of one step, unless a topic has its own: some 10 ms; the longest stall of the event loop is a few of them."""


class BatchScheduler(SchedulingStrategyT):
    """Faust's `ConsumerScheduler`: yields (partition, records) where the stock one yields (partition, record)."""

    def __init__(self, chunk_bytes: Mapping[str, int]) -> None:
        """`chunk_bytes`: of a step, by topic; what a chunk costs beside its step is dear where the step is not."""
        self._chunk_bytes = chunk_bytes

    def iterate(self, records: Mapping[TP, Sequence[Any]]) -> Iterator[tuple[TP, Sequence[Any]]]:
        """All records of a fetch, each partition in its order."""
        turns = deque(
            (tp, chunks(fetched, self._chunk_bytes.get(tp.topic, CHUNK_BYTES))) for tp, fetched in records.items()
        )
        while turns:
            tp, its = turns.popleft()
            if chunk := next(its, None):
                yield tp, chunk
                turns.append((tp, its))


def chunks(records: Sequence[Any], max_bytes: int) -> Iterator[Sequence[Any]]:
    """Consecutive records of at most `max_bytes` together, or a single one."""
    ends = list(accumulate(value_sizes(records), initial=0))
    most, start = MAX_RECORDS * max(1, max_bytes // CHUNK_BYTES), 0
    while start < len(records):
        end = bisect_right(ends, ends[start] + max_bytes, start, min(start + most + 1, len(ends))) - 1
        end = max(end, start + 1)
        yield records[start:end]
        start = end

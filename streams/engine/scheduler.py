"""What a fetch is cut into: chunks of one partition, taken in turns, so that no step holds the event loop long."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from faust.types import TP
from faust.types.transports import SchedulingStrategyT

MAX_RECORDS = 2_000
MAX_BYTES = 192 * 1024
"""Of one step: some 10 ms of clicks, 50 ms of deltas; the longest stall of the event loop is a few of them."""


class BatchScheduler(SchedulingStrategyT):
    """Faust's `ConsumerScheduler`: yields (partition, records) where the stock one yields (partition, record)."""

    def iterate(self, records: Mapping[TP, Sequence[Any]]) -> Iterator[tuple[TP, Sequence[Any]]]:
        """All records of a fetch, each partition in its order."""
        position = {tp: 0 for tp, fetched in records.items() if fetched}
        while position:
            for tp, start in list(position.items()):
                end = chunk_end(records[tp], start)
                yield tp, records[tp][start:end]
                if end < len(records[tp]):
                    position[tp] = end
                else:
                    del position[tp]


def chunk_end(records: Sequence[Any], start: int) -> int:
    """Where the chunk that begins at `start` ends: at least one record further."""
    size, last = 0, min(start + MAX_RECORDS, len(records))
    for end in range(start, last):
        size += len(records[end].value or b"")
        if size > MAX_BYTES:
            return max(end, start + 1)
    return last

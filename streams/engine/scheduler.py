"""What a fetch is cut into: chunks of one partition, taken in turns, so that no step holds the event loop long."""

from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from faust.types import TP
from faust.types.transports import SchedulingStrategyT

CHUNK = 2_000
"""Records of one step: about 20 ms of work; the longest stall of the event loop is a few of them."""


class BatchScheduler(SchedulingStrategyT):
    """Faust's `ConsumerScheduler`: yields (partition, records) where the stock one yields (partition, record)."""

    def iterate(self, records: Mapping[TP, Sequence[Any]]) -> Iterator[tuple[TP, Sequence[Any]]]:
        """All records of a fetch, each partition in its order."""
        position = {tp: 0 for tp, fetched in records.items() if fetched}
        while position:
            for tp, start in list(position.items()):
                chunk = records[tp][start : start + CHUNK]
                yield tp, chunk
                if start + CHUNK < len(records[tp]):
                    position[tp] = start + CHUNK
                else:
                    del position[tp]

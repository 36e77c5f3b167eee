"""Where a worker reads: the part of streams.engine.consumer that the engine's tasks ask."""

from collections import deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from aiokafka import TopicPartition
from faust.types import TP

from simulation.log import Log
from streams.engine.consumer import Fetched


@dataclass
class Consumer:
    """What the worker reads, and where it is in it."""

    log: Log
    assigned: list[TP] = field(default_factory=list)
    next_fetch: dict[TP, int] = field(default_factory=dict)
    handed: dict[TP, int] = field(default_factory=dict)
    looks: dict[TP, tuple[int, int, int]] = field(default_factory=dict)
    channels: dict[TP, deque[Fetched]] = field(default_factory=dict)

    def assignment(self) -> list[TP]:
        """Of the last rebalance."""
        return self.assigned

    async def starting_offsets(self, tps: Iterable[TP]) -> dict[TP, int]:
        """The committed ones, else the start."""
        return {tp: self.log.offsets.get(TopicPartition(*tp), 0) for tp in tps}

    def seek(self, positions: Mapping[TP, int]) -> None:
        """Read on from where the tasks are; what waits in the channels is of an older generation."""
        self.next_fetch, self.handed, self.looks = dict(positions), {}, {}

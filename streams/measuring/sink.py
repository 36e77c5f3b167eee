"""Where what a task has summed up goes at a commit: to the monitor as deltas, or to the next stage."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Protocol, TypeVar

from models.delta import Mark
from models.stage import Outgoing
from streams.measuring.additions import Additions
from streams.measuring.deltas import Needs, delta_records


class Sums(Protocol):
    """What events add, combined since the last commit."""

    @property
    def arrivals(self) -> dict[int, int]:
        """Broker timestamps (ms) of the events in it, and their number."""

    @property
    def weight(self) -> int:
        """Bytes that a commit of it will take, roughly."""


S = TypeVar("S", bound=Sums)


class Sink(Protocol[S]):
    """Makes the records of a commit."""

    def empty(self) -> S:
        """Nothing, to be added to."""

    def records(self, partition: int, sums: S, marks: Mapping[str, Mark]) -> Iterator[Outgoing]:
        """Of the task of a partition; `marks` (by feed) go to every target, behind all that was summed up before."""


@dataclass(frozen=True, slots=True)
class DeltaSink:
    """To `kpi-deltas`, which has so many `targets`."""

    needs: Needs
    targets: int

    def empty(self) -> Additions:
        """See Sink."""
        return Additions()

    def records(self, partition: int, sums: Additions, marks: Mapping[str, Mark]) -> Iterator[Outgoing]:
        """See Sink."""
        return delta_records(partition, sums, self.needs, marks, self.targets)

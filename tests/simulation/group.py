"""The consumer group: who is in it, and a rebalance that waits until all have committed and joined again."""

import asyncio
import random
from collections.abc import Mapping

from faust.types import TP

from simulation.worker import Worker
from streams.engine.sharing import share


class Group:
    """`counts`: partitions of each stage; `inputs`: its topics."""

    def __init__(self, counts: Mapping[str, int], inputs: Mapping[str, tuple[str, ...]], chance: random.Random) -> None:
        self.members: list[Worker] = []
        self.generation = 0
        self.joining: dict[Worker, bool] = {}  # whether it has joined already
        self._opening: dict[Worker, asyncio.Task[None]] = {}
        self._leaving: dict[Worker, asyncio.Task[None]] = {}
        self._counts = counts
        self._inputs = inputs
        self._chance = chance

    @property
    def settled(self) -> bool:
        """Whether no rebalance is under way."""
        return not self.joining and all(self._opening[member].done() for member in self.members)

    def rebalance(self) -> None:
        """Begin, or begin again: what a member was just opening is cancelled."""
        for member in self.members:
            if member not in self.joining:
                self.joining[member] = False
                if opening := self._opening.pop(member, None):
                    opening.cancel()
                if member not in self._leaving or self._leaving[member].done():
                    self._leaving[member] = member.add_future(member.leave_assignment(self._joined))

    def join(self, worker: Worker) -> None:
        """A new member, or one that was dropped and has woken up."""
        worker.member = True
        self.members.append(worker)
        self.rebalance()

    def drop(self, worker: Worker) -> None:
        """It did not answer in time, or has left: the others go on without it."""
        worker.member = False
        self.members.remove(worker)
        self.joining.pop(worker, None)
        self.rebalance()

    def advance(self) -> None:
        """Hand out the tasks once all have joined."""
        if self.joining and all(self.joining.values()):
            self.generation += 1
            self.joining = {}
            for member, names in self._shared().items():
                tps = [TP(topic, p) for stage, p in sorted(names) for topic in self._inputs[stage]]
                self._opening[member] = member.add_future(member.take_assignment(self.generation, tps))

    def _shared(self) -> dict[Worker, set[tuple[str, int]]]:
        """As the engine shares; now and then in any other way: it must be right with every assignment."""
        by_name = {member.name: member for member in self.members}
        if self._chance.random() < 0.7:
            present = {name: list(member.tables.tasks) for name, member in by_name.items()}
            return {by_name[name]: tasks for name, tasks in share(self._counts, present).items()}
        shared: dict[Worker, set[tuple[str, int]]] = {member: set() for member in self.members}
        for stage, count in self._counts.items():
            for p in range(count):
                shared[self._chance.choice(self.members)].add((stage, p))
        return shared

    def _joined(self, worker: Worker) -> None:
        if worker in self.joining:
            self.joining[worker] = True

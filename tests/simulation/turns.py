"""Who goes on next: a coroutine of the engine waits at a pause until the seed lets it, or its worker is killed."""

import asyncio
import random
from typing import Protocol


class Process(Protocol):
    """What a coroutine belongs to and dies with."""

    @property
    def alive(self) -> bool: ...
    @property
    def frozen(self) -> bool: ...


class Turns:
    """`often`: the share of pauses at which a coroutine really waits; at the others it goes straight on."""

    def __init__(self, chance: random.Random, often: float) -> None:
        self.waiting: list[tuple[Process, asyncio.Future[None]]] = []
        self.often = often
        self._chance = chance

    async def pause(self, process: Process) -> None:
        """A place where others may run, time may pass, and a kill may strike."""
        if process.alive and self._chance.random() < self.often:
            turn: asyncio.Future[None] = asyncio.get_running_loop().create_future()
            self.waiting.append((process, turn))
            await turn
        if not process.alive:
            raise asyncio.CancelledError

    def release(self) -> None:
        """Let one go on, unless its process is frozen."""
        number = self._chance.randrange(len(self.waiting))
        if not self.waiting[number][0].frozen:
            _, turn = self.waiting.pop(number)
            if not turn.cancelled():  # a rebalance has given up what was being opened
                turn.set_result(None)

    def drop(self, process: Process) -> None:
        """The coroutines of a killed process never go on."""
        for owner, turn in self.waiting:
            if owner is process:
                turn.cancel()
        self.waiting = [(owner, turn) for owner, turn in self.waiting if owner is not process]

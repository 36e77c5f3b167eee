"""The course of a seed: which of all that may happen happens next."""

import asyncio
from dataclasses import dataclass

from simulation.shop import Shop
from simulation.worker import Worker
from simulation.world import World

MAX_STEPS = 20_000


@dataclass
class Course:
    """Steps of the world while there is something to send; `trouble`: the share of steps at which something breaks."""

    world: World
    shop: Shop

    def __post_init__(self) -> None:
        chance = self.world.chance
        self.sendings = self.shop.sendings(self.world.events, self.world.pace)
        self.next = next(self.sendings, None)
        self.trouble = chance.choice((0.005, 0.01, 0.03))
        self.missed = chance.choice((0.003, 0.01, 0.05))
        self.share, self.limit = chance.uniform(0.4, 1), chance.choice((3, 10, 50))

    async def run(self) -> None:
        """Until everything is sent; then somebody else has to finish."""
        world = self.world
        for _ in range(world.chance.randint(1, 3)):
            world.start_worker()
        while self.next is not None:
            world.step += 1
            assert world.step < MAX_STEPS, "everything should be sent by now"
            self.one()
            if world.chance.random() < self.missed:
                world.miss()
            world.group.advance()
            await asyncio.sleep(0)
            world.check()

    def one(self) -> None:
        """One step."""
        world, drawn = self.world, self.world.chance.random()
        if world.chance.random() < self.trouble:
            self._trouble()
        elif drawn < 0.3:
            self._turn()
        elif drawn < 0.75 and world.turns.waiting:
            world.turns.release()
        elif drawn < 0.8 and world.log.markers:
            world.log.write_marker(world.chance.randrange(len(world.log.markers)))
        else:
            self._pass_time()

    def _pass_time(self) -> None:
        world = self.world
        world.pass_time(world.chance.choice((0.01, 0.1, 0.3, 1.0)) * world.pace)
        while self.next is not None and self.next[0] <= world.now_us:
            world.send(self.next[1])
            self.next = next(self.sendings, None)

    def _turn(self) -> None:
        """A worker does some of what it does all the time."""
        world, chance = self.world, self.world.chance
        alive = [worker for worker in world.workers if worker.alive]
        if not alive:
            world.start_worker()
            return
        worker = chance.choice(alive)
        if worker.frozen:
            return
        worker.poll(self.share, self.limit)
        worker.feed()
        if world.now_us - worker.ticked_us >= world.tick_s * 1e6:
            worker.tick()
        worker.commit_due()

    def _trouble(self) -> None:
        """Something breaks, joins or leaves."""
        world, chance = self.world, self.world.chance
        alive = [worker for worker in world.workers if worker.alive]
        drawn = chance.choice(
            ("start", "wake", "rebalance", "compact", "kill", "kill", "kill", "leave", "freeze", "cut")
        )
        match drawn:
            case "start" if len(alive) < 4:
                world.start_worker()
            case "wake":
                self._wake(alive)
            case "rebalance":
                world.watch.note("rebalance")
                world.group.rebalance()
            case "compact":
                world.compact()
            case _ if alive:
                self._strike(chance.choice(alive), drawn)

    def _strike(self, worker: Worker, how: str) -> None:
        world, member = self.world, worker.member and not worker.frozen
        match how:
            case "kill":
                world.kill(worker)
            case "leave" if member and worker.generation is not None:
                world.leave(worker)
            case "freeze" if not worker.frozen:
                world.freeze(worker)
            case "cut" if member:
                world.cut_off(worker)

    def _wake(self, alive: list[Worker]) -> None:
        astray = [worker for worker in alive if worker.frozen or not worker.member]
        if astray:
            self.world.wake(self.world.chance.choice(astray))

"""Runs one seed."""

import asyncio
import random
from collections import Counter
from collections.abc import Callable

from structlog.testing import capture_logs

from simulation.course import Course
from simulation.ending import finish
from simulation.shop import Shop
from simulation.world import Parts, World


class SeedError(AssertionError):
    """What a seed found, with every step that led to it."""

    def __init__(self, seed: int, found: str, lines: list[str]) -> None:
        super().__init__("\n".join((*lines, f"seed {seed}: {found}", f"again: make simulate SEED={seed}")))
        self.seed = seed
        self.found = found


def simulate(seed: int, parts: Parts | None = None, echo: Callable[[str], None] | None = None) -> Counter[str]:
    """What was seen, by name. Raises SeedError; `echo` is given each line of the trace as it comes."""
    world = World(seed, parts or Parts(), echo)
    try:
        with capture_logs():
            asyncio.run(_run(world, Shop(random.Random(f"shop {seed}"), world.mode)))
    except Exception as error:
        raise SeedError(seed, f"{type(error).__name__}: {error}", world.watch.lines) from error
    return world.watch.seen


async def _run(world: World, shop: Shop) -> None:
    await Course(world, shop).run()
    await finish(world)

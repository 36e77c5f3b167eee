"""A seeded chance with a mood: every seed is without some of the oddities, so that each is seen alone as well."""

import random
from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")
SHARES = (0.0, 0.0, 0.01, 0.05, 0.2)
"""How often an oddity comes: of two in five seeds it is never one."""


class Chance(random.Random):
    """`does(oddity)` is decided by a share that is drawn once for each."""

    def __init__(self, seed: int) -> None:
        super().__init__(seed)
        self._shares: dict[str, float] = {}

    def does(self, oddity: str) -> bool:
        share = self._shares.get(oddity)
        if share is None:
            share = self._shares[oddity] = self.choice(SHARES)
        return self.random() < share

    def one(self, of: Sequence[T], oddity: str) -> T:
        """The first, unless chance has an oddity."""
        return self.choice(of) if self.does(oddity) else of[0]

"""The order in which made events reach the topic: most at once, some a little late, a few twice."""

import heapq
import random

from streams.tools.instant import SECOND_US
from streams.tools.record import Record

LATE_SHARE = 0.03
TWICE_SHARE = 0.005
LATEST_US = 4 * SECOND_US  # within the 5 s of `out_of_orderness`: unordered, never late


class Delivery:
    """A queue of events by the time they are delivered, never before they happen, deterministic by the seed."""

    def __init__(self, chance: random.Random) -> None:
        self._chance = chance
        self._waiting: list[tuple[int, int, Record]] = []
        self._made = 0

    def at_once(self, record: Record, at_us: int) -> None:
        """Deliver at the time it happens."""
        self._made += 1
        heapq.heappush(self._waiting, (at_us, self._made, record))

    def unreliably(self, record: Record, at_us: int) -> None:
        """As a browser's beacon does: LATE_SHARE up to LATEST_US late, TWICE_SHARE once more, unchanged."""
        lot = self._chance.random()
        if lot < LATE_SHARE:
            self.at_once(record, at_us + self._delay_us())
            return
        self.at_once(record, at_us)
        if lot > 1 - TWICE_SHARE:
            self.at_once(record, at_us + self._delay_us())

    def next_due(self, before_us: int) -> Record | None:
        """The next record delivered before `before_us`, None when there is none yet."""
        if self._waiting and self._waiting[0][0] < before_us:
            return heapq.heappop(self._waiting)[2]
        return None

    def _delay_us(self) -> int:
        return 1 + int(self._chance.random() * LATEST_US)

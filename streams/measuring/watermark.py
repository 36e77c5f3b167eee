"""Event time of one input partition."""

import msgspec

from models.delta import Mark
from models.stage import Batch, Look, Tick

TOLD_EVERY_US = 1_000_000
FRESH_EVERY_US = 5_000_000
"""While the watermark stands still: often enough for a limit of a minute, and no record a second for it."""


class PartitionClock(msgspec.Struct, array_like=True):
    """The watermark of a partition: no event before `at_us` is expected. Never goes back, and is state."""

    highest_us: int | None = None
    at_us: int | None = None
    told: Mark | None = None

    def count(self, event_us: int) -> bool:
        """A counted event; whether it is the highest. The watermark itself moves in `advance`, once a step."""
        if self.highest_us is not None and event_us <= self.highest_us:
            return False
        self.highest_us = event_us
        return True

    def advance(self, now_us: int, out_of_orderness_us: int) -> bool:
        """Move to the highest event - out_of_orderness, never ahead of the wall clock - out_of_orderness."""
        if self.highest_us is None:
            return False
        at_us = min(self.highest_us, now_us) - out_of_orderness_us
        if self.at_us is not None and at_us <= self.at_us:
            return False
        self.at_us = at_us
        return True

    def announcement(
        self, promise_us: int | None, now_us: int, fresh_us: int | None = None, *, at_tick: bool
    ) -> Mark | None:
        """What to announce, if it is due."""
        mark = Mark(self.at_us, promise_us, now_us, fresh_us)
        return mark if due(mark, self.told, at_tick=at_tick) else None


def due(mark: Mark, told: Mark | None, *, at_tick: bool) -> bool:
    """Whether to announce a mark: a move of a second, at a tick any move, a promise or its end, or what was read."""
    if told is None:
        return at_tick
    moved_us = (mark.at_us or 0) - (told.at_us or 0)
    fresher = (mark.fresh_us or 0) - (told.fresh_us or 0) >= FRESH_EVERY_US
    news = fresher or (mark.at_us, mark.promise_us) != (told.at_us, told.promise_us)
    return moved_us >= TOLD_EVERY_US or (at_tick and news) or (moved_us > 0 and told.promise_us is not None)


def fresh(known_us: int | None, read: Batch | Tick, topic: str) -> int | None:
    """Everything that came to the broker before is applied: up to the last record, or a look that found no more."""
    if isinstance(read, Batch):
        told_us = read.records[-1].timestamp * 1000 if read.topic == topic and read.records else 0
    else:
        look = read.looks.get(topic)
        told_us = look.at_us if look is not None and look.lag == 0 else 0
    return max(told_us, known_us or 0) or None  # Kafka writes -1 where it knows no time


def promise(look: Look | None, moved_us: int, now_us: int, clock: PartitionClock, idle_after_us: int) -> int | None:
    """The promise of an idle partition: when the broker was last looked at and had nothing. None: not idle.

    Idle is a partition without lag that never had a record, or whose watermark has not moved for `idle_after_us`.
    """
    if look is None or look.lag != 0:
        return None
    if clock.highest_us is None or now_us - moved_us >= idle_after_us:
        return look.at_us
    return None

"""Event time of a topic: the least of what its partitions announced.

Nothing is closed before every partition was heard. An idle partition lets the topic go up to what the others had
announced by its last look at the broker, and no further: a record that came after the look is not older than what was
read before it, and a dead partition holds the topic. When all are idle the topic goes on from the highest watermark
that was announced by the earliest of their looks, at the pace of the wall clock, up to that look. It never goes back.

What several topics feed goes by the same rule, an idle topic taking the part of an idle partition: a worker that was
killed and comes back busy may read a month of orders before it looks for the clicks that came with them.
"""

from collections.abc import Iterable

import msgspec

from models.announced import Recent, last_by, remembered
from models.delta import Mark
from models.table import Table, packed_codec

PartitionKey = tuple[str, int]


class Heard(msgspec.Struct, array_like=True):
    """What a partition last announced; `allowed_us`: how far its promise lets the topic go.

    `recent`: of its announcements with a watermark. `fresh_us`: as of Mark.
    """

    at_us: int | None
    promise_us: int | None
    allowed_us: int | None
    recent: Recent
    fresh_us: int | None = None

    def at_us_by(self, look_us: int) -> int | None:
        """The last watermark that was announced up to a moment of the wall clock."""
        return last_by(self.recent, look_us)

    @property
    def reaches_us(self) -> int | None:
        """The partition's own say in the topic's watermark."""
        if self.promise_us is None or self.allowed_us is None:
            return self.at_us
        return self.allowed_us if self.at_us is None else max(self.at_us, self.allowed_us)


class TopicTime(msgspec.Struct, array_like=True):
    """The watermark of a topic.

    While all its partitions are idle it goes on from `idle_from_us` (event time) since `idle_since_us` (wall clock), if
    any of them ever had an event. `recent`: as of Heard.
    """

    at_us: int | None = None
    idle_from_us: int | None = None
    idle_since_us: int | None = None
    idle: bool = False
    recent: Recent = msgspec.field(default_factory=list)

    def at_us_by(self, look_us: int) -> int | None:
        """The last watermark that was heard up to a moment of the wall clock."""
        return last_by(self.recent, look_us)

    def note(self, told_us: int) -> None:
        """Remember the watermark with the announcement that moved it, or one that came before and was told later."""
        if self.at_us is None:
            return
        told_us = max(told_us, self.recent[-1][0]) if self.recent else told_us
        self.recent = remembered(self.recent, told_us, self.at_us)


class Watermarks:
    """Two tables, what was heard and what follows from it, for the topics with these `expected` partitions."""

    def __init__(self, expected: Iterable[PartitionKey]) -> None:
        self.heard: Table[PartitionKey, Heard] = Table("heard", packed_codec(Heard, PartitionKey))
        self.topics: Table[str, TopicTime] = Table("topics", packed_codec(TopicTime, str))
        self._unheard: set[PartitionKey] = set()  # since `_opened_us`
        self._opened_us = 0
        self._partitions: dict[str, list[PartitionKey]] = {}
        for key in sorted(expected):
            self._partitions.setdefault(key[0], []).append(key)

    def opened(self, now_us: int) -> None:
        """The tables were restored: what they say of freshness is of before (wall clock)."""
        self._opened_us = now_us
        self._unheard = {key for keys in self._partitions.values() for key in keys if key in self.heard.rows}

    def hear(self, topic: str, partition: int, mark: Mark) -> None:
        """Take an announcement."""
        self._unheard.discard((topic, partition))
        before = self.heard.rows.get((topic, partition))
        recent, allowed_us = (before.recent, before.allowed_us) if before else ([], None)
        if mark.at_us is not None:
            recent = remembered(recent, mark.told_us, mark.at_us)
        if mark.promise_us is None:
            allowed_us = None
        else:
            announced_us = self._announced_by(mark.promise_us, topic, but=partition)
            allowed_us = allowed_us if announced_us is None else max(announced_us, allowed_us or announced_us)
        self.heard.put((topic, partition), Heard(mark.at_us, mark.promise_us, allowed_us, recent, mark.fresh_us))
        self._settle(topic, mark.told_us)

    def of(self, topics: Iterable[str]) -> int | None:
        """The watermark of what these topics feed: the least of the busy ones.

        An idle one lets it go up to what those had announced by its last look; of one without a watermark that has
        something to read, or was not heard of, nothing is known yet.
        """
        times = {topic: self.topics.rows.get(topic) or TopicTime() for topic in topics}
        busy = [time for time in times.values() if not time.idle]
        if not busy:
            return min((time.at_us for time in times.values() if time.at_us is not None), default=None)
        reached = [self._allowed(topic, time, busy) if time.idle else time.at_us for topic, time in times.items()]
        return None if None in reached else min(at_us for at_us in reached if at_us is not None)

    def at_us_by(self, topic: str, look_us: int) -> int | None:
        """The watermark of a topic as heard up to a moment of the wall clock."""
        return (self.topics.rows.get(topic) or TopicTime()).at_us_by(look_us)

    def mark(self, topic: str, now_us: int, hold_us: int | None = None, *, waiting: bool = False) -> Mark:
        """What a task that passes a topic on announces of it.

        `hold_us`: no more than this, event time; `waiting`: it holds events back, so it cannot promise that none come.
        """
        time = self.topics.rows.get(topic) or TopicTime()
        at_us = time.at_us
        if at_us is not None and hold_us is not None and at_us > hold_us:
            at_us, waiting = hold_us, True
        promise_us = None if waiting else self.looked_us(topic)
        return Mark(at_us, promise_us, now_us, self._fresh(topic))

    @property
    def all_heard(self) -> bool:
        """Whether every partition that was heard before a restart was heard after it."""
        return not self._unheard

    def behind_us(self, now_us: int) -> int:
        """Age of the oldest record that may be unread, by broker timestamp: of the partition that is furthest behind.

        One that announces nothing any more, as its worker is gone, is as old as what it last announced; one that was
        not heard since a restart as old as that, or nobody could tell a stop of everything from a pipeline behind.
        """
        heard = ((key, self.heard.rows.get(key)) for keys in self._partitions.values() for key in keys)
        known = ((key, one.fresh_us) for key, one in heard if one is not None and one.fresh_us is not None)
        fresh = (max(at_us, self._opened_us) if key in self._unheard else at_us for key, at_us in known)
        return max(0, now_us - min(fresh, default=now_us))

    def looked_us(self, topic: str) -> int | None:
        """The earliest look at the broker of an idle topic; None: it is not idle."""
        time = self.topics.rows.get(topic)
        return self._promise(topic) if time is not None and time.idle else None

    def by_topic(self) -> dict[str, int]:
        """Topics that have one."""
        return {topic: time.at_us for topic, time in self.topics.rows.items() if time.at_us is not None}

    def _allowed(self, topic: str, its: TopicTime, busy: list[TopicTime]) -> int | None:
        """How far an idle topic lets the others go."""
        look_us = self._promise(topic)
        by_then = [None if look_us is None else time.at_us_by(look_us) for time in busy]
        if None in by_then:
            return its.at_us
        return max(min(at_us for at_us in by_then if at_us is not None), its.at_us or 0)

    def _promise(self, topic: str) -> int | None:
        """The earliest look at the broker of its partitions, all of which are idle."""
        heard = (self.heard.rows.get(key) for key in self._partitions[topic])
        return min((one.promise_us for one in heard if one and one.promise_us is not None), default=None)

    def _fresh(self, topic: str) -> int | None:
        """Of the partition that is furthest behind; None: not known of all."""
        heard = [self.heard.rows.get(key) for key in self._partitions.get(topic, ())]
        fresh = [one.fresh_us for one in heard if one is not None and one.fresh_us is not None]
        return min(fresh, default=None) if len(fresh) == len(heard) else None

    def _announced_by(self, look_us: int, topic: str, but: int) -> int | None:
        """The least that the busy partitions but one had announced by a look; None: one of them nothing, or none is."""
        others = (self.heard.rows.get(key) for key in self._partitions[topic] if key[1] != but)
        busy = [heard.at_us_by(look_us) for heard in others if heard is not None and heard.promise_us is None]
        return None if None in busy else min((at_us for at_us in busy if at_us is not None), default=None)

    def _settle(self, topic: str, told_us: int) -> None:
        """Recompute a topic's watermark once all its partitions were heard."""
        all_heard = [self.heard.rows.get(key) for key in self._partitions[topic]]
        heard = [one for one in all_heard if one is not None]
        if len(heard) < len(all_heard):
            return
        time = self.topics.rows.get(topic) or TopicTime()
        promises = [one.promise_us for one in heard if one.promise_us is not None]
        time.idle = len(promises) == len(heard)
        reached = _idle(time, heard, promises) if time.idle else _busy(time, heard)
        if reached is not None:
            time.at_us = reached if time.at_us is None else max(time.at_us, reached)
        time.note(told_us)
        self.topics.put(topic, time)


def _busy(time: TopicTime, heard: list[Heard]) -> int | None:
    """The least of all partitions, idle ones as far as they allow.

    One that has no watermark holds it: a busy one until its first counted event, an idle one until it promises after
    the others announced something. A promise from before says nothing of what came since.
    """
    time.idle_from_us = time.idle_since_us = None
    reached = [one.reaches_us for one in heard]
    return None if None in reached else min(at_us for at_us in reached if at_us is not None)


def _idle(time: TopicTime, heard: list[Heard], promises: list[int]) -> int | None:
    """On from the highest that was announced by the earliest look, at the pace of the wall clock, up to that look.

    That of the topic itself is one of them: it has gone on through a night, and a dead letter or a restart, by which a
    partition is busy for a moment, must not make it wait for as long again. A promise says nothing of what came after
    it: one of a dead task holds the topic, whoever else falls idle.
    """
    earliest = min(promises)
    if time.idle_since_us is None or time.idle_from_us is None:
        by_then = [time.at_us_by(earliest), *(one.at_us_by(earliest) for one in heard)]
        known = [at_us for at_us in by_then if at_us is not None]
        if not known:
            return None
        time.idle_from_us, time.idle_since_us = max(known), earliest
    return min(time.idle_from_us + max(0, earliest - time.idle_since_us), max(earliest, time.idle_from_us))

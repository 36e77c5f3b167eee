"""What is sent to the shop's topics, drawn by a seed: events on time or not, again, late, broken; and what is none."""

import json
import random
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from enum import Enum
from typing import Any

from aiokafka import TopicPartition

from models.order_fact import BY_CUSTOMER, BY_VISITOR
from models.partition import partition_of_key
from models.stage import Headers
from streams.measuring import erasure

S = 1_000_000
START_US = int(datetime(2026, 3, 2, 12, tzinfo=UTC).timestamp()) * S
OUT_OF_ORDERNESS_S = 2.0
TOPICS = ("clickstream", "orders", "social")
ATTRIBUTED = range(3, 6)
"""Customers whose orders name visitors. They are not erased: that fixes an order before its clicks need have come."""

COUNTS = dict.fromkeys((*TOPICS, BY_VISITOR, BY_CUSTOMER), 2)


class Mode(Enum):
    """What the seed sends. In the first two no window may close before its last event."""

    LIVE = "live"  # within out_of_orderness of the wall clock
    LATE = "late"  # live, a short correction horizon, and some events that are older still
    DISORDER = "disorder"  # some events minutes old: windows are corrected
    BACKLOG = "backlog"  # of yesterday, read in a few seconds

    @property
    def live(self) -> bool:
        """Whether nothing may come after the close of its window."""
        return self in {Mode.LIVE, Mode.LATE}

    @property
    def horizon_s(self) -> float:
        return 20.0 if self is Mode.LATE else 3600.0


@dataclass(frozen=True, slots=True)
class Sending:
    """One record to send. `fields` of the event as meant, None if it is broken; `beat_us` of a heartbeat.

    `erases`: the customer.
    """

    topic: str
    key: bytes | None
    value: bytes | None
    fields: Mapping[str, Any] | None = None
    beat_us: int | None = None
    headers: Headers = ()
    partition: int | None = None
    erases: str | None = None

    @property
    def target(self) -> TopicPartition:
        by_key = partition_of_key(self.key or b"", COUNTS[self.topic])
        return TopicPartition(self.topic, by_key if self.partition is None else self.partition)


def text(at_us: int) -> str:
    return datetime.fromtimestamp(at_us / 1e6, UTC).isoformat().replace("+00:00", "Z")


def beat(target: TopicPartition, at_us: int) -> Sending:
    headers = (("kpi-heartbeat", text(at_us).encode()),)
    return Sending(target.topic, None, None, beat_us=at_us, headers=headers, partition=target.partition)


@dataclass
class Shop:
    """`sendings` yields (when, what); the time is wall clock, us since 1970 UTC, and never goes back."""

    chance: random.Random
    mode: Mode
    sent: dict[str, list[Sending]] = field(default_factory=lambda: {topic: [] for topic in TOPICS})
    highest_us: dict[TopicPartition, int] = field(default_factory=dict)
    refunded: set[str] = field(default_factory=set)
    numbers: Iterator[int] = field(default_factory=lambda: iter(range(10**6)))

    def sendings(self, events: int, pace: float) -> Iterator[tuple[int, Sending]]:
        """So many records, one every `pace` s or so; topics and keys fall silent, so partitions are idle."""
        chance, backlog = self.chance, self.mode is Mode.BACKLOG
        sent_us, event_us = START_US, START_US - 86_400 * S if backlog else START_US
        topics, names = list(TOPICS), list(range(4))
        for _ in range(events):
            if chance.random() < 0.08:
                topics = chance.sample(TOPICS, chance.randint(1, 3))
                names = chance.sample(range(6), chance.randint(1, 4))
            gap_us = round(chance.expovariate(1) * (20 if chance.random() < 0.02 else 0.8 * pace) * S)
            event_us += gap_us
            sent_us += gap_us // 20 if backlog else gap_us
            yield sent_us, self._next(chance.choice(topics), chance.choice(names), event_us)

    def _next(self, topic: str, name: int, now_us: int) -> Sending:
        drawn = self.chance.random()
        if drawn < 0.15 and self.sent[topic]:
            return self.chance.choice(self.sent[topic])
        if drawn < 0.2:
            return self._broken(topic, name, now_us)
        if drawn < 0.23:
            target = TopicPartition(topic, self.chance.randrange(COUNTS[topic]))
            return self._noted(beat(target, now_us - round(OUT_OF_ORDERNESS_S * S)), target)
        if drawn < 0.26 and topic == "orders" and name not in ATTRIBUTED:
            erasing = Sending(topic, f"c{name}".encode(), None, headers=((erasure.HEADER, b""),), erases=f"c{name}")
            self.sent[topic].append(erasing)
            return erasing
        key, fields = MADE[topic](self, name)
        at_us = self._event_time(TopicPartition(topic, partition_of_key(key, COUNTS[topic])), now_us)
        event = {"event_id": f"{topic}-{next(self.numbers)}", "timestamp": text(at_us), **fields}
        value = json.dumps({k: v for k, v in event.items() if v is not None}).encode()
        sending = Sending(topic, key, value, event | {"at_us": at_us})
        if not (self.mode.live and fields["event_type"] == "order_cancelled"):  # counted at the second time, it is old
            self.sent[topic].append(sending)
        return self._noted(sending, sending.target)

    def _event_time(self, target: TopicPartition, now_us: int) -> int:
        on_time_us = now_us - round(self.chance.uniform(0, OUT_OF_ORDERNESS_S) * S)
        highest_us = self.highest_us.get(target)
        if self.chance.random() > 0.1 or highest_us is None:
            return on_time_us
        match self.mode:
            case Mode.LATE:
                horizon_us = round((self.mode.horizon_s + OUT_OF_ORDERNESS_S) * S)
                return highest_us - horizon_us - round(self.chance.uniform(0.001, 60) * S)
            case Mode.DISORDER:
                return now_us - round(self.chance.uniform(0, 150) * S)
            case _:
                return on_time_us

    def _noted(self, sending: Sending, target: TopicPartition) -> Sending:
        """What surely moves a partition's watermark, to know what is late: an order may be refused."""
        if sending.beat_us is not None:
            at_us = sending.beat_us + round(OUT_OF_ORDERNESS_S * S)
        elif sending.fields and sending.topic != "orders":
            at_us = sending.fields["at_us"]
        else:
            return sending
        self.highest_us[target] = max(at_us, self.highest_us.get(target, at_us))
        return sending

    def _broken(self, topic: str, name: int, now_us: int) -> Sending:
        key, fields = MADE[topic](self, name)
        good = {"event_id": f"{topic}-{next(self.numbers)}", "timestamp": text(now_us), **fields}
        value = json.dumps({k: v for k, v in good.items() if v is not None}).encode()
        wrong: list[tuple[bytes | None, bytes | None]] = [
            (key, None),
            (key, b""),
            (key, b"\xff\xfe garbage"),
            (key, value[:-5]),
            (None, value),
            (b"of another", value),
            (key, value.replace(b"timestamp", b"timestump")),
            (key, value.replace(b': "2026', b': "2096')),
            (key, value.replace(b': "2026', b': "1996')),
        ]
        chosen = Sending(topic, *self.chance.choice(wrong), headers=(("trace", b"\x00\x01"),))
        self.sent[topic].append(chosen)
        return chosen


def _click(shop: Shop, name: int) -> tuple[bytes, dict[str, Any]]:
    visitor, session = f"v{name}", shop.chance.choice((None, 1, 1, 2, 2, 3))
    kind = shop.chance.choice(("page_view", "page_view", "page_view", "purchase", "search"))
    channel = (None, "Direct", "Email")[(name + (session or 0)) % 3]  # of its session, whatever comes first
    fields = {"visitor_id": visitor, "event_type": kind, "channel": channel}
    return visitor.encode(), fields | {"session_id": None if session is None else f"s{session}"}


def _order(shop: Shop, name: int) -> tuple[bytes, dict[str, Any]]:
    chance, customer = shop.chance, f"c{name}"
    kind = chance.choice(("order_placed", "order_placed", "order_refunded", "order_cancelled"))
    amount = f"{chance.randint(0, 99)}.{chance.randint(0, 99):02}"
    order_id = f"{customer}-{chance.randint(1, 9)}"
    if shop.mode.live and kind == "order_placed" and order_id in shop.refunded:  # it would re-book what is closed
        kind = "order_refunded"
    if kind == "order_refunded":
        shop.refunded.add(order_id)
    fields: dict[str, Any] = {"customer_id": customer, "order_id": order_id, "event_type": kind}
    if name in ATTRIBUTED and shop.mode is not Mode.DISORDER:
        fields |= {"visitor_id": f"v{chance.randrange(6)}", "session_id": chance.choice((None, "s1", "s2", "s3"))}
    if kind != "order_cancelled":
        fields |= {"amount": amount, "currency": "USD" if chance.random() < 0.05 else "GBP"}
    return customer.encode(), fields | {"channel": chance.choice((None, "Direct", "Email"))}


def _social(shop: Shop, name: int) -> tuple[bytes, dict[str, Any]]:
    chance, post = shop.chance, f"p{name}"
    kind = chance.choice(("like", "unlike", "share", "comment", "impression"))
    fields = {"post_id": post, "event_type": kind, "count": chance.choice((None, 1, 7))}
    return post.encode(), fields | {"platform": chance.choice(("instagram", "tiktok"))}


MADE: dict[str, Callable[[Shop, int], tuple[bytes, dict[str, Any]]]] = {
    "clickstream": _click,
    "orders": _order,
    "social": _social,
}

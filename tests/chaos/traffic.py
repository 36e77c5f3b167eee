"""A seeded shop: clicks, orders and social events, some of them again, some of them garbage.

Whatever the order in which partitions are read, its figures are the same: a session keeps its segments, a refund its
order's, a refund or cancellation comes well after its order and never takes more than is left.
"""

import json
import random
from collections import deque
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, NamedTuple

CLICKS, ORDERS, SOCIAL = "clickstream", "orders", "social"
TOPICS = (CLICKS, ORDERS, SOCIAL)
CHANNELS = ("Direct", "Email", "Paid Search", "Organic Social", None)
DEVICES = ("desktop", "mobile", "tablet", "watch")
COUNTRIES = ("GB", "PL", "DE", "FR", None)
PLATFORMS = ("instagram", "tiktok", "x")
SOCIAL_TYPES = ("like", "like", "like", "unlike", "share", "comment", "follow", "unfollow", "impression")
VISITORS, POSTS = 400, 40
REMEMBERED = 8_000
"""Records that may come again."""

SESSION_US = 120_000_000

RIPE = 300
"""Orders placed after one before it may be refunded or cancelled."""


class Sent(NamedTuple):
    """A record to send; `garbage`: it must end in the dead letters as it is."""

    topic: str
    key: bytes | None
    value: bytes
    garbage: bool = False


@dataclass(frozen=True, slots=True)
class Mix:
    """Shares are of all records. `disorder_s`: how far behind the newest event one may be, event time.

    `hot`: share of the social events that belong to one post. `campaigns`: of so many page views, one after the other.
    """

    duplicates: float = 0.05
    garbage: float = 0.02
    disorder_s: float = 3.0
    hot: float = 0.0
    campaigns: int = 0
    topics: tuple[float, float, float] = (0.6, 0.2, 0.2)


@dataclass
class Traffic:
    """An endless stream of records; equal seeds and times give equal records."""

    seed: int
    mix: Mix = field(default_factory=Mix)

    def __post_init__(self) -> None:
        self._random = random.Random(self.seed)
        self._number = 0
        self._sent: deque[Sent] = deque(maxlen=REMEMBERED)
        self._placed: deque[dict[str, Any]] = deque()

    def next(self, now_us: int) -> Sent:
        """The next record at an event time, us since 1970 UTC."""
        chance = self._random
        if self._sent and chance.random() < self.mix.duplicates:
            return chance.choice(self._sent)
        self._number += 1
        at_us = now_us - round(chance.uniform(0, self.mix.disorder_s) * 1e6)
        [topic] = chance.choices(TOPICS, self.mix.topics)
        key, event = {CLICKS: self._click, ORDERS: self._order, SOCIAL: self._social}[topic](at_us)
        event |= {"event_id": f"{self.seed}-{self._number}", "timestamp": _text(at_us)}
        if chance.random() < self.mix.garbage:
            return self._garbage(topic, key, event)
        sent = Sent(topic, key.encode(), json.dumps(event).encode())
        self._sent.append(sent)
        return sent

    def _click(self, at_us: int) -> tuple[str, dict[str, Any]]:
        visitor = f"v{self._random.randrange(VISITORS)}"
        if self.mix.campaigns:
            campaign = f"campaign {self._number % self.mix.campaigns}"
            named = {"session_id": campaign, "utm_campaign": campaign}  # a campaign is its session's
            return visitor, {"event_type": "page_view", "visitor_id": visitor} | named
        session = f"s{at_us // SESSION_US}"
        own = random.Random(f"{visitor}-{session}")  # what a session keeps
        kind = self._random.choices(("page_view", "add_to_cart", "purchase"), (7, 2, 1))[0]
        return visitor, {
            "event_type": kind,
            "visitor_id": visitor,
            "session_id": session,
            "channel": own.choice(CHANNELS),
            "device": own.choice(DEVICES),
            "country": own.choice(COUNTRIES),
        }

    def _order(self, _: int) -> tuple[str, dict[str, Any]]:
        chance = self._random
        if len(self._placed) > RIPE and chance.random() < 0.4:
            placed = self._placed.popleft()
            if chance.random() < 0.3:
                return placed["customer_id"], placed | {"event_type": "order_cancelled", "amount": None}
            part = f"{float(placed['amount']) / 2:.2f}"
            return placed["customer_id"], placed | {"event_type": "order_refunded", "amount": part}
        order: dict[str, Any] = {
            "event_type": "order_placed",
            "order_id": f"o{self._number}",
            "customer_id": f"c{chance.randrange(VISITORS)}",
            "channel": chance.choice(CHANNELS),
            "country": chance.choice(COUNTRIES),
            "amount": f"{chance.randrange(200, 20_000) / 100:.2f}",
            "currency": "GBP",
        }
        self._placed.append(order)
        return order["customer_id"], dict(order)

    def _social(self, _: int) -> tuple[str, dict[str, Any]]:
        chance = self._random
        post = "hot" if chance.random() < self.mix.hot else f"p{chance.randrange(POSTS)}"
        kind, platform = chance.choice(SOCIAL_TYPES), chance.choice(PLATFORMS)
        count = chance.choice((None, None, 1, 7))
        return post, {"event_type": kind, "platform": platform, "post_id": post, "count": count}

    def _garbage(self, topic: str, key: str, event: dict[str, Any]) -> Sent:
        """No two of them equal: each has the id, or enough chance."""
        chance, name = self._random, key.encode()
        if event["event_type"] == "order_placed":
            self._placed.pop()  # nobody refunds what was never placed
        text = json.dumps(event).encode()
        broken: list[tuple[bytes | None, bytes]] = [
            (name, chance.randbytes(chance.randrange(8, 2_000))),
            (name, text[: -chance.randrange(1, 10)]),
            (name, json.dumps(event | {"event_type": 7}).encode()),
            (name, json.dumps(event | {"timestamp": "yesterday"}).encode()),
            (name, json.dumps(event | {"timestamp": "1999-12-31T23:59:59Z"}).encode()),
            (name, json.dumps(event | {"timestamp": "2999-01-01T00:00:00Z"}).encode()),
            (None, text),
            (b"another", text),
            (name, json.dumps([event]).encode()),
        ]
        return Sent(topic, *chance.choice(broken), garbage=True)


def _text(at_us: int) -> str:
    return datetime.fromtimestamp(at_us / 1e6, UTC).isoformat().replace("+00:00", "Z")

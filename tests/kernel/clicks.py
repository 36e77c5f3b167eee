"""Clicks of few visitors, whose sessions cross: what a shop sends, and what it should not."""

from collections.abc import Iterator
from typing import Any

from flow import Sent
from kernel.chance import Chance
from kernel.wording import GARBAGE, UNKNOWN, WRONG_VALUES, broken_moment, moment, written
from models import click
from models.event import ANCIENT_US
from streams.measuring.heartbeat import HEADER

S, MINUTE, HOUR = 1_000_000, 60_000_000, 3_600_000_000
VISITORS = ("v1", "v2", "v3", "gość-żółty", "v\u0000", "😀", 'q"\\', "w" * 130)
SESSIONS = ("s1", "s2", "s3", "sesja-ż", "n" * 64, "n" * 65, "ż" * 64, "ż" * 65, "\u0000made", "\u0000", "s1 ")
KINDS = (
    "page_view", "view_item", "search", "add_to_cart", "begin_checkout", "add_payment_info", "purchase", "sign_up",
    "session_start", "zakup-ż", "Page_view",
)  # fmt: skip
AGENTS = ("Mozilla/5.0 (Macintosh) Firefox/131.0", "Mozilla/5.0 (compatible; Googlebot/2.1)", "curl/8", "", "ż" * 600)
GAPS_US = (0, 1, S // 2, 3 * S, 9 * S + 999_999, 10 * S, 40 * S, 70 * S)
LEAPS_US = (
    20 * MINUTE,
    25 * MINUTE,
    30 * MINUTE,
    30 * MINUTE - 1,
    30 * MINUTE + 20 * S,
    70 * MINUTE,
    3 * HOUR,
    25 * HOUR,
    60 * HOUR,
)
APART_US = (1_820 * S, 1_800 * S, 1_800 * S - 1, 1_799 * S, 80 * S, 60 * S, 60 * S - 1)
BACK_US = (1, 999, 2 * S, 5 * S, 12 * S, 25 * S, 30 * S, 61 * S, 5 * MINUTE, 31 * MINUTE, 59 * MINUTE)
BEYOND_US = (HOUR - S, HOUR + 4 * S, HOUR + 6 * S, 3 * HOUR, 30 * HOUR)
AHEAD_US = (4 * MINUTE, 5 * MINUTE, 5 * MINUTE + 1, 6 * MINUTE, 400 * 24 * HOUR)
PAGES = (
    "https://shop.example/p/1?x=1",
    "/p/2",
    "https://SHOP.example:443/",
    "no url",
    "http://[",
    "https://shop.example/ż",
)
REFERRERS = (
    None,
    "https://www.google.com/search",
    "https://shop.example/p",
    "https://facebook.com/",
    "android-app://x",
    "http://[",
)
TAGS: tuple[dict[str, str | None], ...] = (
    {}, {"utm_source": "google", "utm_medium": "cpc"}, {"utm_source": "newsletter", "utm_medium": "email"},
    {"utm_source": "facebook", "utm_medium": "paid_social", "utm_campaign": "wiosna-ż"}, {"utm_medium": ""},
    {"utm_campaign": "c" * 250}, {"utm_campaign": "c1"}, {"utm_source": None, "utm_medium": None},
)  # fmt: skip
OPTIONAL = (
    "session_id",
    "customer_id",
    "page_url",
    "referrer",
    "channel",
    "country",
    "device",
    "user_agent",
    "order_id",
)


class Clicks:
    """`at_us`: the clock of the shop, event time; `now_us`: that of the wall, as it is when a click is read."""

    def __init__(self, chance: Chance, at_us: int) -> None:
        self.at_us = self.now_us = at_us
        self._chance = chance
        self.visitors = chance.sample(VISITORS, chance.randint(1, 3))
        self.sessions = chance.sample(SESSIONS, chance.randint(1, 4))
        self._named = chance.choice((0.0, 0.5, 1.0))
        self._kinds = chance.sample(KINDS, chance.randint(3, len(KINDS)))
        self._sent: list[Sent] = []
        self._events: list[dict[str, Any]] = []
        self._made = 0
        self._leaps = chance.sample(LEAPS_US, chance.randint(1, 3))

    def next(self) -> Sent:
        """One more record of the topic."""
        chance = self._chance
        leaps = chance.random() < 0.02 or chance.does("leap")
        self.at_us += chance.choice(self._leaps if leaps else GAPS_US)
        if self._sent and chance.does("duplicate"):
            return chance.choice(self._sent[-40:])
        if chance.does("garbage"):
            return self._record(chance.choice(GARBAGE), b"v1")
        return self._sent_as(self._again() if self._events and chance.does("other words") else self._event())

    def burst(self) -> Iterator[Sent]:
        """Many clicks within a minute."""
        end_us = self.at_us + 50 * S
        for _ in range(self._chance.choice((9, 40, 130))):
            self.at_us = min(self.at_us, end_us)
            yield self.next()

    def bridge(self) -> Iterator[Sent]:
        """Sessions without an id as far apart as may be, or further; a click between them makes them one."""
        chance = self._chance
        its = {"visitor_id": chance.choice(self.visitors), "session_id": None}
        yield self._sent_as(self._event() | its | {"timestamp": moment(chance, self.at_us)})
        self.at_us += chance.choice(APART_US)
        yield self._sent_as(self._event() | its | {"timestamp": moment(chance, self.at_us)})
        between_us = self.at_us - chance.choice((25 * S, 30 * S, 61 * S))
        yield self._sent_as(self._event() | its | {"timestamp": moment(chance, between_us)})

    def beat(self) -> Sent:
        """A heartbeat: forward, back, ahead, or none."""
        to_us = self.at_us + self._chance.one((-S, S, 0, -HOUR, MINUTE, 10 * MINUTE, 25 * HOUR), "far beat")
        self.at_us = max(self.at_us, to_us)
        text = self._chance.one((moment(self._chance, to_us).encode(), b"soon", b""), "beat that is none")
        value = self._chance.choice((None, b"", b"{}"))
        return Sent(click.TOPIC, self._chance.choice((None, b"v1")), value, ((HEADER, text),), timestamp=self._stamp())

    def time_us(self) -> int:
        """Of an event that happens now: mostly so, else before, or ahead."""
        chance = self._chance
        if chance.does("out of order"):
            return self.at_us - chance.choice(BACK_US)
        if chance.does("beyond the horizon"):
            return self.at_us - chance.choice(BEYOND_US)
        if chance.does("future"):
            replayed = self.now_us > self.at_us + 24 * HOUR  # what is accepted there makes all others late
            return self.now_us + chance.choice(AHEAD_US[3:] if replayed else AHEAD_US)
        if chance.does("ancient"):
            return ANCIENT_US - chance.choice((0, 1, HOUR, 10**16))
        if chance.does("whole minute"):
            return self.at_us // MINUTE * MINUTE - chance.randrange(2)
        return self.at_us

    def session(self) -> str | None:
        return self._chance.choice(self.sessions) if self._chance.random() < self._named else None

    def _sent_as(self, event: dict[str, Any]) -> Sent:
        self._events.append(event)
        sent = self._record(written(self._chance, event), self._key(str(event.get("visitor_id"))))
        self._sent.append(sent)
        return sent

    def _record(self, value: bytes | None, key: bytes | None) -> Sent:
        headers = (("traceparent", b"00-1"),) if self._chance.does("other headers") else ()
        return Sent(click.TOPIC, key, value, headers, timestamp=self._stamp())

    def _stamp(self) -> int:
        return -1 if self._chance.does("no broker time") else self.now_us // 1_000

    def _key(self, visitor: str) -> bytes | None:
        own = visitor.encode("utf-8", "replace")
        return self._chance.one((own, None, b"", b"other", own + b" ", own.upper(), b"\xff"), "wrong key")

    def _again(self) -> dict[str, Any]:
        """An event that came before; what else it says is another matter, and so is its time."""
        event = dict(self._chance.choice(self._events[-20:]))
        if self._chance.does("same id at another time"):
            event["timestamp"] = moment(self._chance, self.time_us())
        event["device"] = self._chance.choice(("desktop", "tv", None))
        return event

    def _event(self) -> dict[str, Any]:
        chance = self._chance
        self._made += 1
        event: dict[str, Any] = {
            "event_id": chance.one(
                (f"e{self._made}", f"e-{9_999 - self._made}", f"ż{self._made}", f"{self._made:064d}"), "id"
            ),
            "event_type": chance.choice(self._kinds),
            "timestamp": moment(chance, self.time_us()),
            "visitor_id": chance.choice(self.visitors),
            "session_id": self.session(),
            "page_url": chance.one(PAGES, "page"),
            "referrer": chance.one(REFERRERS, "referrer"),
            "channel": chance.one(("Direct", None, "", "Email", "Kanał ż", "c" * 201), "channel"),
            "country": chance.one(("GB", None, "PL", ""), "country"),
            "device": chance.one(("mobile", "desktop", None, "tv", "", "Mobile"), "device"),
            "user_agent": chance.one(AGENTS, "agent"),
            **chance.one(TAGS, "tags"),
        }
        if not chance.does("nulls"):
            event = {name: value for name, value in event.items() if value is not None}
        return self._wrong(event) if chance.does("wrong event") else event

    def _wrong(self, event: dict[str, Any]) -> dict[str, Any]:
        """Something is missing, or of another type."""
        chance, name = (
            self._chance,
            self._chance.choice(("event_id", "event_type", "timestamp", "visitor_id", *OPTIONAL)),
        )
        if chance.random() < 0.3:
            return {field: value for field, value in event.items() if field != name}
        if name == "timestamp" and chance.random() < 0.8:
            return event | {name: broken_moment(chance, event[name])}
        return event | {name: chance.choice((*WRONG_VALUES, None, UNKNOWN[-1][1], "y" * 65))}

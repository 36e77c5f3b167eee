"""The backlog: a seeded half hour of a busy shop as bytes, in the order in which it reaches the topic.

A click is about 300 bytes with the four dimensions of models.click. It is delivered up to DISORDER_US after its event
time; DUPLICATE_SHARE come once more, unchanged, and LATE_SHARE carry a time beyond the correction horizon.
"""

import random
from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

from streams.tools import instant

S_US = 1_000_000
DISORDER_US = 4_900_000  # within the 5 s of `out_of_orderness`
DUPLICATE_SHARE = 0.01
LATE_SHARE = 0.0005
LATE_US = 2 * 3600 * S_US  # twice the correction horizon of clicks
_DUPLICATE_AFTER_US = 60 * S_US
_GAP_S = 9.0  # mean between two clicks of a session
_SPARE = 1.08  # sessions that reach the end of the span are cut short
_FIRST_LATE_US = 30 * S_US  # nothing is late before its partition has a watermark
_LAST_SHARE = 0.106  # of live clicks: the last of their session
_RETURNING_SHARE = 0.45  # of sessions: of one of 60,000 known visitors
_PURCHASE_SHARE = 0.005  # of clicks, so about 4 % of the sessions

COUNTED, DUPLICATE, LATE = "counted", "duplicate", "late"

_CHANNELS = (
    "Organic Search", "Direct", "Paid Search", "Email", "Paid Social", "Organic Social", "Referral", "Affiliates",
)  # fmt: skip
_DEVICES = ("mobile", "mobile", "mobile", "desktop", "desktop", "tablet", "other")
_COUNTRIES = ("GB",) * 4 + (
    "DE",
    "DE",
    "FR",
    "PL",
    "US",
    "IE",
    "NL",
    "ES",
    "IT",
    "SE",
    "NO",
    "DK",
    "BE",
    "AT",
    "CH",
    "PT",
)
_CAMPAIGNS = (*(f"campaign-{number:02d}" for number in range(12)), None, None, None, None)
_STEPS = ("page_view",) * 6 + ("view_item",) * 3 + ("search", "add_to_cart")
_AGENT = "Mozilla/5.0 (Macintosh) Firefox/131.0"


@dataclass(frozen=True, slots=True)
class Plan:
    """`events` records of about `sessions` sessions in `span_us` of event time that ends at `end_us`."""

    events: int
    sessions: int
    end_us: int
    span_us: int = 1800 * S_US
    seed: int = 1


class Sent(NamedTuple):
    """A record in its turn; `outcome` is what the ledger has to say of it."""

    turn_us: int
    key: bytes
    value: bytes
    outcome: str


def clicks(plan: Plan) -> Iterator[Sent]:
    """Exactly `plan.events` records; the same plan makes the same bytes."""
    left = plan.events
    for waiting in _buckets(plan):
        waiting.sort()
        yield from waiting[:left]
        left -= len(waiting)
        if left <= 0:
            return
    raise AssertionError(f"{left} records short of the plan")


def _buckets(plan: Plan) -> Iterator[list[Sent]]:
    """Records by second of delivery; a session is made when it begins, so only minutes of them are held."""
    chance = random.Random(plan.seed)
    start_us = plan.end_us - plan.span_us
    more = plan.events * _SPARE / plan.sessions / (1 + DUPLICATE_SHARE) - 1  # clicks after a session's first
    every_us = plan.span_us / plan.sessions
    buckets: dict[int, list[Sent]] = {}
    done = start_us // S_US
    for number in range(plan.sessions):
        at_us = start_us + int(number * every_us) // 1000 * 1000
        for second in range(done, at_us // S_US):
            yield buckets.pop(second, [])
        done = max(done, at_us // S_US)
        for sent in _session(chance, plan, number, at_us, more):
            buckets.setdefault(sent.turn_us // S_US, []).append(sent)
    for second in sorted(buckets):
        yield buckets[second]


def _session(chance: random.Random, plan: Plan, number: int, at_us: int, more: float) -> Iterator[Sent]:
    draw = chance.random
    key, text = session_text(chance, plan.seed, number)
    late_from_us = plan.end_us - plan.span_us + _FIRST_LATE_US
    kind = "session_start"
    for click in range(1 + int(chance.expovariate(1 / (more + 0.5)))):  # cut down to whole clicks: half a one is lost
        lot = draw()
        outcome = LATE if lot < LATE_SHARE and at_us > late_from_us else COUNTED
        time = instant.render(at_us - LATE_US if outcome is LATE else at_us)
        value = (text % (click, kind, time, int(draw() * 400))).encode()
        turn_us = at_us + int(draw() * DISORDER_US)
        yield Sent(turn_us, key, value, outcome)
        if lot > 1 - DUPLICATE_SHARE:
            yield Sent(turn_us + int(draw() * _DUPLICATE_AFTER_US), key, value, DUPLICATE)
        at_us += int(chance.expovariate(1 / _GAP_S) * S_US) // 1000 * 1000
        if at_us > plan.end_us - DISORDER_US:
            return
        kind = "purchase" if draw() < _PURCHASE_SHARE else _STEPS[int(draw() * len(_STEPS))]


def session_text(chance: random.Random, seed: int, number: int) -> tuple[bytes, str]:
    """Key and text of a session's clicks; open are the click's number, event type, time and page."""
    draw = chance.random
    visitor = f"v{int(draw() * 60_000)}" if draw() < _RETURNING_SHARE else f"v{seed}-{number}"
    channel, device = _CHANNELS[int(draw() * len(_CHANNELS))], _DEVICES[int(draw() * len(_DEVICES))]
    country, campaign = _COUNTRIES[int(draw() * len(_COUNTRIES))], _CAMPAIGNS[int(draw() * len(_CAMPAIGNS))]
    session = f"s{seed}-{number}"
    named = f',"utm_campaign":"{campaign}"' if campaign else ""
    text = (
        f'{{"event_id":"{session}-%d","event_type":"%s","timestamp":"%s","visitor_id":"{visitor}"'
        f',"session_id":"{session}","page_url":"https://shop.example/p/%d","channel":"{channel}"'
        f',"country":"{country}","device":"{device}"{named},"user_agent":"{_AGENT}"}}'
    )
    return visitor.encode(), text


class LiveClicks:
    """Clicks of now, one after the other, of so many sessions at a time; deterministic but for the time."""

    def __init__(self, seed: int, sessions: int) -> None:
        self._chance = random.Random(seed)
        self._seed = seed
        self._made = 0
        self._open = [self._begin() for _ in range(sessions)]

    def click(self, now_us: int) -> tuple[bytes, bytes]:
        """Key and value of a click that happened up to a second ago."""
        draw = self._chance.random
        slot = int(draw() * len(self._open))
        key, text, click = self._open[slot]
        kind = _STEPS[int(draw() * len(_STEPS))] if click else "session_start"
        self._open[slot] = self._begin() if draw() < _LAST_SHARE else (key, text, click + 1)
        time = instant.render(now_us - int(draw() * S_US))
        return key, (text % (click, kind, time, int(draw() * 400))).encode()

    def _begin(self) -> tuple[bytes, str, int]:
        self._made += 1
        return *session_text(self._chance, self._seed, self._made), 0

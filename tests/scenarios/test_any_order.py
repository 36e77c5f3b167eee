"""Cut into partitions and batches, in any order within the lateness: what is published in the end is the same.

Excepted by the contract, and not drawn here: limits of bots, `__other__`, refunds of more than is left.
"""

from collections.abc import Iterator, Sequence
from decimal import Decimal
from itertools import groupby
from random import Random

from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from flow import Flow, Sent, heartbeat, sent
from models.kpi_value import KpiValue, Status
from models.partition import partition_of_key
from streams.topics import INPUTS

LATENESS_S = 60
EVENING_S = 21 * 3600  # and into the next day
VISITORS, SESSIONS, CUSTOMERS = ("v1", "v2", "v3", "v4"), (None, "a", "b"), (None, "k1", "k2", "k3")
CHANNELS, CAMPAIGNS = (None, "Email", "Direct"), (None, "spring", "summer")
CLICKS = ("page_view", "page_view", "view_item", "add_to_cart", "begin_checkout", "add_payment_info", "purchase")
SOCIAL = ("like", "unlike", "share", "comment", "follow", "impression")

Timed = tuple[int, Sent]
"""Seconds of the day, and the event."""


def clock(seconds: int) -> str:
    return f"{seconds // 3600:02}:{seconds // 60 % 60:02}:{seconds % 60:02}"


def a_click(chance: Random, seconds: int) -> Iterator[Timed]:
    visitor = chance.choice(VISITORS)
    fields = {
        "session_id": chance.choice(SESSIONS),
        "event_type": chance.choice((*CLICKS, "sign_up", "search")),
        "channel": chance.choice(CHANNELS),
        "country": chance.choice((None, "PL", "GB")),
        "device": chance.choice((None, "mobile", "desktop")),
    }
    yield seconds, sent("clickstream", visitor, clock(seconds), visitor_id=visitor, **fields)


def an_order(chance: Random, seconds: int, number: int) -> Iterator[Timed]:
    """Placed; perhaps refunded, before or after; perhaps cancelled, well after it."""
    order_id, customer, minor = f"o{number}", chance.choice(CUSTOMERS), chance.randrange(10_000)
    currency, amount = ("JPY", str(minor)) if chance.random() < 0.3 else ("GBP", f"{minor / 100:.2f}")
    own = {"order_id": order_id, "customer_id": customer}
    visitor = {"visitor_id": chance.choice((None, *VISITORS)), "session_id": chance.choice((*SESSIONS, "c"))}
    place = {name: chance.choice(of) for name, of in (("channel", CHANNELS), ("campaign", CAMPAIGNS))}
    money = {"currency": currency, "amount": amount}

    def event(at: int, kind: str, **fields: object) -> Timed:
        return at, sent("orders", customer or order_id, clock(at), event_type=f"order_{kind}", **own, **fields)

    yield event(seconds, "placed", **money, **visitor, **place)
    if chance.random() < 0.4:
        back = money | {"amount": amount if chance.random() < 0.3 else str(minor // 200)}
        yield event(seconds + chance.randrange(-600, 3_600), "refunded", **back)
    if chance.random() < 0.2:
        yield event(seconds + 7_200, "cancelled")


def a_post(chance: Random, seconds: int) -> Iterator[Timed]:
    post = chance.choice(("p1", "p2", "p3"))
    fields = {"platform": "tiktok", "account": chance.choice((None, "shop")), "campaign": chance.choice(CAMPAIGNS)}
    counted = {"event_type": chance.choice(SOCIAL), "count": chance.choice((None, 1, 7))}
    yield seconds, sent("social", post, clock(seconds), post_id=post, **fields, **counted)


def an_ad(chance: Random, seconds: int, number: int) -> Iterator[Timed]:
    """A period of the morning, restated again and again."""
    campaign = chance.choice(("spring", "summer"))
    fields = {"source": "ads", "campaign": campaign, "channel": "Paid Search", "currency": "GBP"}
    said = {"amount": f"{chance.randrange(500)}.50", "revision": number}
    start = clock(EVENING_S - 3_600)
    yield seconds, sent("ad-spend", f"ads|{campaign}", start, event_type="ad_spend", **fields, **said)


def by_time(timed: Timed) -> int:
    return timed[0]


def lived(chance: Random, events: int, span_s: int) -> list[Timed]:
    """Hours of a shop."""
    found: list[Timed] = []
    for number in range(events):
        seconds, kind = EVENING_S + chance.randrange(span_s), chance.random()
        if kind < 0.55:
            found += a_click(chance, seconds)
        elif kind < 0.85:
            found += an_order(chance, seconds, number)
        else:
            found += a_post(chance, seconds) if kind < 0.95 else an_ad(chance, seconds, number)
    return found


def read(flow: Flow, arrivals: Sequence[Timed], chance: Random, longest: int) -> None:
    """In batches of up to `longest`, with heartbeats where nothing comes; in the end they close both days."""
    left = list(arrivals)
    while left:
        size = chance.randint(1, longest)
        chunk, left = [one for _, one in left[:size]], left[size:]

        def place(record: Sent) -> tuple[str, int]:
            return record.topic, partition_of_key(record.key or b"", flow.partitions)

        for (topic, partition), batch in groupby(sorted(chunk, key=place), key=place):
            flow.batch(topic, list(batch), partition)
        if left:
            beat(flow, clock(int(left[0][0]) - LATENESS_S))
    for hour in (*range(27, 48, 5), 48):
        beat(flow, f"{hour}:02:00")


def beat(flow: Flow, time: str) -> None:
    """Nothing older comes in any partition, but what is late."""
    for topic in INPUTS:
        for partition in range(flow.partitions):
            flow.batch(topic, [heartbeat(topic, time)], partition)


def shop(partitions: int = 1) -> Flow:
    flow = Flow(partitions=partitions)
    flow.now_us += 7 * 24 * 3600 * 1_000_000
    flow.rates.add("JPY", 0, Decimal("0.0052"))
    return flow


def outcome(flow: Flow) -> dict[tuple[str, ...], tuple[int, int | None, float | str | None]]:
    """The last revision of everything that is closed and not empty."""
    last: dict[tuple[str, ...], KpiValue] = {}
    for one in flow.values:
        assert one.interval is None or 0 <= one.interval[0] <= (one.value or 0) <= one.interval[1] <= 1, one
        if one.status is not Status.PROVISIONAL:
            last[*one.series, str(one.start_us)] = one
    return {key: (v.numerator, v.denominator, v.value) for key, v in last.items() if v.numerator or v.denominator}


def balances(flow: Flow, topic: str) -> int:
    """What was received, all of it with an outcome."""
    ledgers = [flow.ledger(topic, partition) for partition in range(flow.partitions)]
    assert all(ledger.balanced for ledger in ledgers)
    assert not any(ledger.late or ledger.bot or ledger.invalid for ledger in ledgers)
    return sum(ledger.received for ledger in ledgers)


@settings(max_examples=12, phases=[Phase.explicit, Phase.generate])  # a day takes half a second
@given(st.randoms(use_true_random=False), st.integers(1, 40), st.sampled_from([900, 5_000, 15_000]), st.integers(2, 5))
def test_the_same_is_published_in_the_end(chance: Random, events: int, span_s: int, partitions: int) -> None:
    timed = lived(chance, events, span_s)
    in_order, cut = shop(), shop(partitions)
    read(in_order, sorted(timed, key=by_time), chance, 1)
    read(cut, sorted(((at + chance.randint(0, LATENESS_S), one) for at, one in timed), key=by_time), chance, 12)
    assert outcome(cut) == outcome(in_order)
    for topic in INPUTS:
        its = sum(one.topic == topic for _, one in timed)
        assert (balances(in_order, topic), balances(cut, topic)) == (its, its)

"""What the tables say of their memory, against what Python allocated for them."""

import gc
import json
import random
import sys
import tracemalloc
from collections.abc import Callable
from decimal import Decimal

import pytest

from flow import Flow, at, text
from models.click import Click, decode_click
from models.delta import SliceDelta
from models.fx import ONE
from models.memory import own_bytes
from models.order_state import ORDER_CODEC, Order
from models.settings import Settings
from models.sightings import Sightings
from models.table import ChangeLogged, Table
from streams.measuring.additions import Additions
from streams.measuring.dedup import SeenIds, id_hash
from streams.measuring.sessions import ClickBooking
from streams.measuring.visitor_stage import VisitorStage
from streams.monitoring.windows import WindowedTable

MINUTE = 60_000_000
DAY = 1_440 * MINUTE
TOLERANCE = 0.25


def click(visitor: int, chance: random.Random) -> Click:
    event = {
        "event_id": "e",
        "timestamp": text("12:00:00"),
        "visitor_id": f"visitor-{visitor:08d}",
        "session_id": f"session-{visitor:08d}",
        "event_type": "purchase" if chance.random() < 0.02 else "page_view",
        "channel": chance.choice(["Direct", "Email", None]),
        "utm_campaign": chance.choice([f"campaign-{n}" for n in range(12)]),
    }
    decoded = decode_click(str(event["visitor_id"]).encode(), json.dumps(event).encode())
    assert isinstance(decoded, Click)
    return decoded


def sessions() -> ChangeLogged:
    """Two thousand sessions of a day, with one to six clicks each."""
    stage = Flow(Settings(native=False)).stage_of["clickstream"]
    assert isinstance(stage, VisitorStage)
    booking = stage.clicks.booking
    assert isinstance(booking, ClickBooking)
    table, chance = booking.table(), random.Random(1)
    for visitor in range(2_000):
        first_us = at("00:00:00") + visitor * 40_000_000
        for n in range(chance.choice([1, 1, 2, 6])):
            booking.book(table, click(visitor, chance), first_us + n * 45_000_000, Additions(), first_us - DAY)
    return table


def orders() -> ChangeLogged:
    """Orders of six thousand guests; half of them with a segment."""
    table = Table("orders", ORDER_CODEC)
    for n in range(6_000):
        segments = ("Email", None, f"campaign-{n}") if n % 2 else (None, None, None)
        visitor, session = (f"visitor-{n}", f"session-{n}") if n % 3 else (None, None)
        row = Order("GBP", Decimal(f"{n}.50"), ONE, n * 100 + 50, segments, None, visitor, session, at("12:00:00") + n)
        table.put(f"order-{n:08d}", row)
    return table


def hot_ids() -> ChangeLogged:
    seen = SeenIds("seen")
    for n in range(20_000):
        seen.claim(n // 5_000 * MINUTE, id_hash(f"{n}"))
    return seen


def packed_ids() -> ChangeLogged:
    seen = hot_ids()
    assert isinstance(seen, SeenIds)
    list(seen.drain())
    seen.sweep(60 * MINUTE, 0)
    return seen


def windows() -> ChangeLogged:
    table = WindowedTable()
    for n in range(100):
        cells = [("1m", 60 * hour, 60, {"orders": 1, "revenue": 10_000 + n}) for hour in range(2)]
        piece = SliceDelta("orders", "campaign", f"campaign-{n}", [*cells, ("1h", 0, 3, {"orders": 1})])
        list(table.fold(piece, {}))
    return table


def allocated(make: Callable[[], ChangeLogged]) -> tuple[ChangeLogged, int]:
    """A table whose changes are written, and the bytes that came with it."""
    make()  # what is cached at the first use is not the table's
    gc.collect()
    tracemalloc.start()
    try:
        table = make()
        for _ in table.drain():
            pass
        gc.collect()
        return table, tracemalloc.get_traced_memory()[0]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("make", [sessions, orders, hot_ids, packed_ids, windows])
def test_the_memory_of_a_table_is_told_within_a_quarter(make: Callable[[], ChangeLogged]) -> None:
    table, true_bytes = allocated(make)
    assert table.memory_bytes() == pytest.approx(true_bytes, rel=TOLERANCE)


def test_an_object_that_others_hold_too_counts_with_its_share() -> None:
    rows = [["".join(["x"] * 100_000)]]
    alone = own_bytes(rows[0])
    rows += [list(rows[0]) for _ in range(9)]
    assert own_bytes(rows[0]) == pytest.approx(alone / 10, rel=0.1)


def test_the_parts_of_a_row_that_the_collector_does_not_know_count() -> None:
    row = Sightings(last=1, mask=int("1" * 3_000))
    told = own_bytes(row)
    assert told > sys.getsizeof(row.mask)

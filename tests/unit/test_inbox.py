"""Time-aligned reading, without a consumer."""

import random

from faust.types import TP

from models.stage import IDLE
from streams.engine.consumer import Fetched
from streams.engine.inbox import CROWDED, Inbox

CLICKS, ORDERS = TP("clickstream", 0), TP("kpi-visitor-orders", 0)
AHEAD = 100


def inbox() -> Inbox:
    return Inbox((CLICKS, ORDERS), AHEAD)


def put(to: Inbox, tp: TP, at: int | None) -> None:
    to.put(Fetched(tp, [at], 1), at)


def read(box: Inbox, *without_records: TP) -> TP | None:
    found = box.next(without_records.__contains__)
    if found is not None:
        box.pop(found)
    return found


def test_the_earliest_head_is_read_first() -> None:
    box = inbox()
    put(box, CLICKS, 20)
    put(box, ORDERS, 10)
    assert [read(box, CLICKS, ORDERS) for _ in range(3)] == [ORDERS, CLICKS, None]


def test_an_input_waits_for_one_with_unread_records_that_is_too_far_behind() -> None:
    box = inbox()
    put(box, ORDERS, 10)
    assert read(box, CLICKS) == ORDERS
    put(box, CLICKS, 10 + AHEAD + 1)
    assert read(box) is None, "orders have unread records"
    assert read(box, ORDERS) == CLICKS, "orders have none any more"


def test_as_far_ahead_as_allowed_does_not_wait() -> None:
    box = inbox()
    put(box, ORDERS, 10)
    read(box, CLICKS)
    put(box, CLICKS, 10 + AHEAD)
    assert read(box) == CLICKS


def test_an_input_that_was_never_read_holds_the_others_until_it_is_known_to_be_empty() -> None:
    box = inbox()
    put(box, CLICKS, 10)
    assert read(box) is None
    assert read(box, ORDERS) == CLICKS


def test_a_record_without_a_time_goes_as_the_one_before_it() -> None:
    box = inbox()
    put(box, ORDERS, 50)
    read(box, CLICKS)
    put(box, ORDERS, None)
    put(box, CLICKS, 60)
    assert read(box) == ORDERS


def test_an_input_that_says_it_has_nothing_more_is_read_at_once_and_holds_nobody() -> None:
    """Promises of idle partitions never end, so there is always one unread."""
    box = inbox()
    put(box, ORDERS, 50)
    read(box, CLICKS)
    put(box, CLICKS, 50 + AHEAD + 1)
    assert read(box) is None
    put(box, ORDERS, IDLE)
    assert [read(box), read(box)] == [ORDERS, CLICKS]
    put(box, ORDERS, 60)
    put(box, CLICKS, 60 + AHEAD + 1)
    assert [read(box), read(box)] == [ORDERS, None], "it has orders again"


def test_a_held_input_is_read_no_further_when_enough_of_it_is_here() -> None:
    box = inbox()
    for at in range(CROWDED - 1):
        put(box, CLICKS, at)
    assert box.crowded() == set()
    put(box, CLICKS, CROWDED)
    assert box.crowded() == {CLICKS}
    box.clear()
    assert box.crowded() == set()


def test_a_replay_of_two_inputs_keeps_them_together() -> None:
    """Both have unread records to the end, one ten times as dense; they are handed over in bursts."""
    chance, box = random.Random(4), inbox()
    left = {CLICKS: list(range(0, 5_000, 7)), ORDERS: list(range(0, 5_000, 70))}
    reached, skew = {CLICKS: 0, ORDERS: 0}, 0
    while any(left.values()):
        tp = chance.choice([CLICKS, ORDERS])
        for at in left[tp][: chance.randint(1, 5)] if tp not in box.crowded() else ():
            put(box, tp, at)
            left[tp].remove(at)
        while (first := box.next(lambda one: not left[one])) is not None:
            [reached[first]] = box.pop(first).records
            if all(left.values()):
                skew = max(skew, abs(reached[CLICKS] - reached[ORDERS]))
    assert reached == {CLICKS: 4_998, ORDERS: 4_970}
    assert 0 < skew <= 2 * AHEAD

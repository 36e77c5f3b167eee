"""Events reach who listens, once and in order, also over a break; who is slow is bounded."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.web.feed import RESET, Channel, Feed, Listener

A: Channel = ("value", "1h")
B: Channel = ("alert",)


def frame(number: int, kind: str, data: str) -> bytes:
    return f"id: b0-{number}\nevent: {kind}\ndata: {data}\n\n".encode()


def test_an_event_is_encoded_once_for_everybody_and_reaches_its_channel_alone() -> None:
    feed = Feed("b0")
    both, one = feed.open([A, B]), feed.open([A])
    feed.publish(A, "value", "visits", b'{"n":1}')
    feed.publish(B, "alert", "f", b"{}")
    assert both.taken() == frame(1, "value", '{"n":1}') + frame(2, "alert", "{}")
    assert one.taken() == frame(1, "value", '{"n":1}')
    assert (feed.position, feed.streams, feed.heard(A), feed.heard(("tile", "1h"))) == ("b0-2", 2, True, False)
    feed.close(both)
    feed.close(one)
    assert (feed.streams, feed.heard(A), feed.opened, feed.resets) == (0, False, 2, 0)


def test_who_is_slow_gets_the_last_of_what_was_replaced() -> None:
    feed = Feed("b0")
    slow = feed.open([A])
    for number, key in enumerate(("visits", "orders", "visits")):
        feed.publish(A, "value", key, b"%d" % number)
    assert slow.taken() == frame(2, "value", "1") + frame(3, "value", "2"), "in the order of the ids"
    assert slow.taken() == b""


def test_who_is_too_slow_is_told_to_load_anew_and_holds_nothing() -> None:
    feed = Feed("b0")
    slow = Listener(frozenset((A,)), limit=2)
    feed._open.add(slow)
    feed._listeners[A] = {slow}
    for key in "abcd":
        feed.publish(A, "value", key, b"{}")
    assert (slow.over, slow.taken()) == (True, RESET)
    feed.close(slow)
    assert feed.resets == 1


@given(st.lists(st.tuples(st.sampled_from([A, B]), st.integers(0, 3)), max_size=30), st.data())
def test_who_comes_again_has_missed_nothing_and_gets_nothing_twice(
    events: list[tuple[Channel, int]], data: st.DataObject
) -> None:
    feed, steady = Feed("b0"), Feed("b0")
    left = data.draw(st.integers(0, len(events)))
    for channel, key in events[:left]:
        feed.publish(channel, "e", key, b"%d" % key)
    last_id = feed.position
    for channel, key in events[left:]:
        feed.publish(channel, "e", key, b"%d" % key)
    again = feed.open([A], last_id)
    for channel, key in events[:left]:
        steady.publish(channel, "e", key, b"%d" % key)
    listener = steady.open([A])
    for channel, key in events[left:]:
        steady.publish(channel, "e", key, b"%d" % key)
    assert (again.taken(), again.over) == (listener.taken(), False)


@pytest.mark.parametrize("last_id", ["b1-1", "b0-", "b0-x", "b0-9", "-1", "", "b0-" + "9" * 5_000, "b0-0", "b0-²"])
def test_what_cannot_be_resumed_begins_with_a_reset(last_id: str) -> None:
    feed = Feed("b0", ring_bytes=100)
    for number in range(6):  # of 31 bytes each: three are kept
        feed.publish(A, "e", number, b"{}")
    listener = feed.open([A], last_id)
    assert (listener.over, listener.taken()) == (True, RESET)
    assert not feed.open([A], "b0-3").over, "the ring begins with the one after it"
    assert not feed.open([A], "b0-6").over


def test_a_record_spread_over_lines_stays_one_event() -> None:
    feed = Feed("b0")
    listener = feed.open([A])
    feed.publish(A, "value", "k", b'{\r\n "n": 1\n}')
    assert listener.taken() == frame(1, "value", '{  "n": 1 }')

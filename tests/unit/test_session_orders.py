"""Orders and their sessions: which one it is, and what an order adds to it."""

import pytest

from clicking import START_US, Clicking, click, day, of
from models import measure
from session_oracle import S


def session_of(clicking: Clicking, seconds: float, session: str | None = None, visitor: str = "v") -> str | None:
    found = clicking.booking.session_of(clicking.visitors, visitor, session, START_US + round(seconds * S))
    return found and found[1]


@pytest.mark.parametrize(
    ("seconds", "session", "expected"),
    [
        (100, "a", "a"),
        (100, None, "b"),  # the latest event by then
        (55, None, "a"),  # b's came after it
        (60, None, "b"),
        (86_400, "a", "a"),  # named, and its state is kept a day
        (86_401, "a", None),
        (1_860, None, "b"),  # 30 minutes after b
        (1_860.000001, None, None),
        (-1, None, None),
        (100, "unknown", "b"),
        (55, "b", "a"),  # it has not begun
    ],
)
def test_a_named_session_wins_else_it_is_the_latest_one_within_half_an_hour(
    seconds: float, session: str | None, expected: str | None
) -> None:
    clicking = of(click(0, "a"), click(60, "b"))
    assert session_of(clicking, seconds, session) == expected
    assert session_of(clicking, seconds, session, visitor="w") is None


def test_an_order_before_the_last_click_finds_the_event_before_it() -> None:
    clicking = of(*(click(n * 120, "a") for n in range(100)), click(2_460, "b"))
    assert session_of(clicking, 12_000) == "a"  # its last one
    assert session_of(clicking, 2_459) == "a"  # forgotten: its minute is known
    assert session_of(clicking, 2_470) == "b"


def test_when_events_were_is_known_as_long_as_orders_may_ask() -> None:
    clicking = Clicking()
    clicking.booking.fixed(clicking.visitors, START_US + 59 * S)
    for n in range(100):
        clicking.click(click(n * 2, "a"))
        clicking.click(click(n * 2 + 1, "b"))
    assert [session_of(clicking, seconds) for seconds in (60, 61, 62, 63)] == ["a", "b", "a", "b"]


def test_a_joined_order_converts_engages_and_is_no_event() -> None:
    clicking = of(click(0, "a", "add_to_cart"), click(5, "b"))
    order_us = START_US + 300 * S
    before = clicking.sums()
    clicking.booking.join(clicking.visitors, ("v", "a"), order_us, 1, clicking.additions)
    for name in (measure.CONVERTING_SESSIONS, measure.PURCHASE_SESSIONS, measure.CART_TO_PURCHASE_SESSIONS):
        assert day(clicking, name) == 1
    assert (day(clicking, measure.ENGAGED_SESSIONS), day(clicking, measure.VISITORS)) == (1, 1)
    assert day(clicking, measure.TIME_ON_SITE) == day(clicking, measure.PAGE_VIEWS) == 0
    minute = order_us // (60 * S)
    in_its_minute = {
        key[0]: n for key, n in clicking.sums().items() if key[1:3] == ("1m", minute) and key[3][0] == "all"
    }
    assert in_its_minute == {
        measure.SESSIONS: 1,
        measure.VISITORS: 1,
        measure.ENGAGED_SESSIONS: 1,
        measure.CONVERTING_SESSIONS: 1,
        measure.PURCHASE_SESSIONS: 1,
    }
    clicking.restart()
    clicking.booking.join(clicking.visitors, ("v", "a"), order_us, -1, clicking.additions)
    assert clicking.sums() == before


def test_a_visitor_with_an_order_forgets_frozen_events_like_any_other() -> None:
    # Seen: 9,000 clicks after an order were all kept, each took 25 ms, and the row grew beyond what a record may be.
    clicking = of(click(0, "a"))
    clicking.booking.join(clicking.visitors, ("v", "a"), START_US + S, 1, clicking.additions)
    for n in range(1, 401):
        clicking.click(click(n * 60, "a", "page_view"))
    visitor = clicking.visitors.rows["v"]
    assert (visitor.joined, len(visitor.sessions[0].events) < 100) == (1, True)
    assert day(clicking, measure.PAGE_VIEWS) == 400
    assert day(clicking, measure.TIME_ON_SITE) == 400 * 60 * S


def test_with_its_last_ordering_session_a_visitor_is_as_any_other() -> None:
    clicking = of(click(0, "a"))
    clicking.booking.join(clicking.visitors, ("v", "a"), START_US + S, 1, clicking.additions)
    assert clicking.click(click(90_000, "b")) is None
    assert clicking.click(click(182_000, "c")) is None
    assert clicking.click(click(182_001, "d")) is None
    visitor = clicking.visitors.rows["v"]
    assert (visitor.joined, [session.name for session in visitor.sessions]) == (0, ["c", "d"])


def test_an_order_of_a_made_session_is_taken_back_after_the_session_became_part_of_another() -> None:
    clicking = of(click(0, None), click(1_830, None))
    order_us = START_US + 1_840 * S
    handle = clicking.booking.session_of(clicking.visitors, "v", None, order_us)
    assert handle is not None
    clicking.booking.join(clicking.visitors, handle, order_us, 1, clicking.additions)
    clicking.click(click(1_790, None))
    clicking.restart()
    assert day(clicking, measure.SESSIONS) == day(clicking, measure.CONVERTING_SESSIONS) == 1
    clicking.booking.join(clicking.visitors, handle, order_us, -1, clicking.additions)
    assert (day(clicking, measure.SESSIONS), day(clicking, measure.CONVERTING_SESSIONS)) == (1, 0)


def test_the_segments_of_a_session_are_those_an_order_takes() -> None:
    clicking = Clicking()
    clicking.click(click(0, channel="Email"), country="PL", utm_campaign="spring")
    handle = clicking.booking.session_of(clicking.visitors, "v", "s", START_US)
    assert handle == ("v", "s")
    assert clicking.booking.segments_of(clicking.visitors, handle) == ("Email", "PL", "spring")

"""Whatever the order within the lateness: the sums are those of looking at every event in every window."""

from dataclasses import replace
from random import Random

from hypothesis import example, given
from hypothesis import strategies as st

from clicking import DIMENSIONS, KINDS, RULES, START_US, Clicking
from models import measure
from session_oracle import S, Seen, expected

STEPS = ["page_view", "page_view", "search", *measure.STEPS.values()]
# Near each other, near the edges of the windows and of a gap of 30 minutes, and anywhere in three hours.
SECONDS = st.one_of(
    st.integers(0, 130),
    st.integers(0, 400),
    st.integers(0, 12).map(lambda n: n * 300 - 1),
    st.integers(-3, 3).map(lambda n: 1_800 + n),
    st.integers(1_790, 3_660),
    st.integers(0, 10_800),
)
EVENTS = st.lists(
    st.tuples(
        SECONDS,
        st.sampled_from(["v", "v", "w"]),
        st.sampled_from(["a", "b", None, None]),
        st.sampled_from(STEPS),
        st.sampled_from(["Direct", "Email"]),
        st.sampled_from(["mobile", "desktop"]),
        st.integers(0, 65),  # how long after its time an event comes: up to out_of_orderness + allowed_lateness
        st.booleans(),  # whether the program ends after it, and another one goes on
    ),
    max_size=24,
)


Drawn = tuple[int, str, str | None, str, str, str, int, bool]


def by_arrival(events: list[Drawn]) -> list[int]:
    return sorted(range(len(events)), key=lambda n: events[n][0] + events[n][6])


def seen(number: int, seconds: int, visitor: str, session: str | None, kind: str, channel: str, device: str) -> Seen:
    name = f"{number * 7_919 % 1_009}"  # in another order than they come
    return Seen(name, visitor, session, START_US + seconds * S, kind, (channel, device))


GAPS = st.sampled_from([40, 1_800])


@given(EVENTS, GAPS)
@example(
    [(0, "v", None, "page_view", "Email", "mobile", 0, False), (0, "v", None, "search", "Direct", "mobile", 0, True)],
    1_800,
)
def test_sums_do_not_depend_on_the_order_of_arrival(events: list[Drawn], gap: int) -> None:
    clicking, all_seen = Clicking(replace(RULES, gap_us=gap * S)), []
    for number in by_arrival(events):
        one = seen(number, *events[number][:6])
        all_seen.append(one)
        assert clicking.click(one) is None
        if events[number][7]:
            clicking.restart()
    assert clicking.sums() == expected(all_seen, [], gap * S, KINDS.values(), DIMENSIONS)


ORDERS = st.lists(
    st.tuples(
        st.integers(0, 30),  # after how many events it is joined
        st.sampled_from(["v", "w"]),
        st.sampled_from(["a", "b"]),
        SECONDS,
        st.one_of(st.none(), st.integers(0, 30)),  # after how many events it is taken back
    ),
    max_size=5,
)


@given(EVENTS, ORDERS, GAPS)
def test_joined_orders_count_in_their_session_and_are_taken_back_exactly(
    events: list[Drawn], orders: list[tuple[int, str, str, int, int | None]], gap: int
) -> None:
    clicking, all_seen = Clicking(replace(RULES, gap_us=gap * S)), []
    handles: dict[int, tuple[str, str]] = {}
    back: set[int] = set()

    def join_due(count: int) -> None:
        for n, (when, visitor, session, seconds, until) in enumerate(orders):
            at_us = START_US + seconds * S
            if n not in handles and count >= when:
                found = clicking.booking.session_of(clicking.visitors, visitor, session, at_us)
                if found == (visitor, session):
                    handles[n] = found
                    clicking.booking.join(clicking.visitors, found, at_us, 1, clicking.additions)
            if n in handles and n not in back and until is not None and count >= when + until:
                back.add(n)
                clicking.booking.join(clicking.visitors, handles[n], at_us, -1, clicking.additions)

    for count, number in enumerate(by_arrival(events)):
        join_due(count)
        one = seen(number, *events[number][:6])
        all_seen.append(one)
        clicking.click(one)
        if events[number][7]:
            clicking.restart()
    join_due(100)
    joined = [
        Seen("", visitor, session, START_US + seconds * S, None)
        for n, (_, visitor, session, seconds, _) in enumerate(orders)
        if n in handles and n not in back
    ]
    assert clicking.sums() == expected(all_seen, joined, gap * S, KINDS.values(), DIMENSIONS)


@given(st.randoms(use_true_random=False), st.sampled_from([20, 60]), st.sampled_from([60, 300, 1_200]))
def test_a_crowd_of_events_out_of_order(chance: Random, gap: int, span: int) -> None:
    """Denser than what hypothesis draws by itself: bridged sessions, first events that come second, cut gaps."""
    events: list[Drawn] = [
        (
            chance.randrange(span),
            chance.choice("vvw"),
            chance.choice(["a", None]),
            chance.choice(STEPS),
            chance.choice(["Direct", "Email"]),
            "mobile",
            chance.randrange(66),
            chance.random() < 0.1,
        )
        for _ in range(chance.randrange(2, 30))
    ]
    clicking, all_seen = Clicking(replace(RULES, gap_us=gap * S)), []
    for number in by_arrival(events):
        all_seen.append(seen(number, *events[number][:6]))
        clicking.click(all_seen[-1])
        if events[number][7]:
            clicking.restart()
    assert clicking.sums() == expected(all_seen, [], gap * S, KINDS.values(), DIMENSIONS)

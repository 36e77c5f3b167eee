"""Which session a click belongs to, what freezes, who is a bot, and what an order asks of the sessions."""

from dataclasses import replace

import pytest

from clicking import DAY, RULES, START_US, Clicking, click, day, of, of_all_measures
from models import measure
from models.outcome import Outcome
from session_oracle import S, Seen


def test_a_gap_of_30_minutes_ends_a_made_session_and_no_other() -> None:
    assert day(of(click(0, None), click(1_799.999999, None)), measure.SESSIONS) == 1
    assert day(of(click(0, None), click(1_800, None)), measure.SESSIONS) == 2
    assert day(of(click(0, "s"), click(7_200, "s")), measure.SESSIONS) == 1


def test_an_event_that_bridges_two_made_sessions_makes_them_one() -> None:
    #        0 s                       1,830 s
    #        a ------ 30 min + 30 s ------ b          two sessions, the second one from Email
    #        a -- 1,790 s -- c -- 40 s --- b          one, of Direct; a gap of 1,790 s and one of 40 s
    apart = of(click(0, None), click(1_830, None, channel="Email"))
    assert (day(apart, measure.SESSIONS), day(apart, measure.SESSIONS, ("channel", "Email"))) == (2, 1)
    assert day(apart, measure.TIME_ON_SITE) == 0
    apart.click(click(1_790, None))
    assert (day(apart, measure.SESSIONS), day(apart, measure.SESSIONS, ("channel", "Email"))) == (1, 0)
    assert day(apart, measure.TIME_ON_SITE) == 1_830 * S


def test_after_the_lateness_nothing_is_bridged_and_the_event_counts() -> None:
    clicking = of(click(0, None), click(1_830, None))
    clicking.watermark(START_US + 1_851 * S)  # 1,790 s + 60 s are past
    clicking.click(click(1_790, None, "page_view"))
    assert day(clicking, measure.SESSIONS) == 2
    assert day(clicking, measure.PAGE_VIEWS) == 1


@pytest.mark.parametrize(("watermark_s", "channel"), [(60, "Email"), (60.000001, "Direct")])
def test_dimensions_freeze_when_the_lateness_after_an_event_has_passed(watermark_s: float, channel: str) -> None:
    """The first event came second; by then the watermark is just at, or just past, its time and 60 s."""
    clicking = of(click(1))
    clicking.watermark(START_US + round(watermark_s * S))
    clicking.click(click(0, kind="page_view", channel="Email"))
    assert day(clicking, measure.SESSIONS, ("channel", channel)) == 1
    assert day(clicking, measure.SESSIONS) == 1
    assert day(clicking, measure.PAGE_VIEWS, ("channel", channel)) == 1
    assert day(clicking, measure.TIME_ON_SITE) == (S if channel == "Email" else 0)


def test_of_two_first_events_the_smaller_event_id_gives_the_dimensions() -> None:
    one = Seen("b", "v", "s", START_US, "search", ("Direct", "mobile"))
    for other in (replace(one, event_id="a", segments=("Email", "mobile")),):
        clicking = of(one, other)
        assert day(clicking, measure.SESSIONS, ("channel", "Email")) == 1
        assert day(clicking, measure.SESSIONS, ("channel", "Direct")) == 0


def test_a_session_id_that_comes_back_after_a_day_is_a_new_session_of_the_same_visitor() -> None:
    clicking = of(click(0), click(86_400))
    assert len(clicking.visitors.rows["v"].sessions) == 1
    clicking.click(click(2 * 86_400 + 1))
    assert len(clicking.visitors.rows["v"].sessions) == 2


def test_sessions_that_are_not_kept_any_more_leave_their_visitor() -> None:
    clicking = of(*(click(n * 86_400, f"s{n}") for n in range(10)))
    assert [one.name for one in clicking.visitors.rows["v"].sessions] == ["s7", "s8", "s9"]
    assert sum(n for (name, window, *_), n in clicking.sums().items() if (name, window) == ("sessions", DAY)) == 30


def test_what_no_kpi_needs_is_not_computed() -> None:
    clicking = of(click(0, kind="page_view"), click(61, kind="purchase"))
    assert {addition[0] for its in clicking.additions.by_slices.values() for addition in its} >= {
        measure.TIME_ON_SITE,
        measure.PURCHASE_SESSIONS,
    }
    catalogue = of_all_measures()
    visits = replace(catalogue, kpis={"sessions": catalogue.kpis["sessions"]})
    few = Clicking(catalogue=visits)
    for one in (click(0, kind="page_view"), click(61, kind="purchase")):
        few.click(one)
    assert {addition[0] for its in few.additions.by_slices.values() for addition in its} == {measure.SESSIONS}
    assert few.visitors.rows["v"].sessions[0].steps == ()


def test_a_conversion_is_what_the_setting_names() -> None:
    clicking = Clicking(replace(RULES, conversion_events=("sign_up", "purchase")))
    for one in (click(0), click(1, kind="sign_up"), click(2, kind="purchase"), click(3, "t", "purchase")):
        clicking.click(one)
    assert day(clicking, measure.CONVERTING_SESSIONS) == 2
    assert day(clicking, measure.PURCHASE_SESSIONS) == 2
    assert day(clicking, measure.SIGN_UP_SESSIONS) == 1


def test_crawlers_are_bots_and_change_nothing() -> None:
    clicking = Clicking()
    assert clicking.click(click(0), user_agent="Mozilla/5.0 (compatible; Googlebot/2.1)") is Outcome.BOT
    assert not clicking.visitors.rows
    assert clicking.click(click(0), user_agent="Mozilla/5.0 (X11; Linux x86_64) Firefox/131.0") is None


def test_what_exceeds_the_first_120_clicks_of_a_visitor_in_a_minute_is_a_bots() -> None:
    clicking = Clicking()
    outcomes = [clicking.click(click(n / 10, f"s{n % 7}")) for n in range(130)]
    assert outcomes == [None] * 120 + [Outcome.BOT] * 10
    before = clicking.sums()
    assert clicking.click(click(59.9, "another")) is Outcome.BOT
    assert clicking.sums() == before
    assert clicking.click(click(30, visitor="w")) is None
    assert clicking.click(click(60)) is None  # the next minute
    clicking.restart()
    assert clicking.click(click(30)) is Outcome.BOT  # and the one before is full still


def test_clicks_of_past_minutes_are_counted_apart() -> None:
    clicking = Clicking(replace(RULES, clicks_per_minute=2))
    times = [0, 300, 1, 60, 301, 2, 302, 61, 62]
    assert [clicking.click(click(one)) for one in times] == [*[None] * 5, Outcome.BOT, Outcome.BOT, None, Outcome.BOT]


def test_an_id_shared_by_everybody_opens_no_more_sessions_than_fit_a_record() -> None:
    clicking = Clicking()
    outcomes = [clicking.click(click(n, f"{n:060d}", channel="x" * 200)) for n in range(3_000)]
    assert outcomes[-1] is Outcome.BOT
    assert clicking.click(click(2_999, f"{1:060d}")) is None  # a session that is open goes on
    [(_, value)] = clicking.visitors.drain()
    assert 300_000 < len(value or b"") < 900_000


def test_a_long_session_id_is_kept_as_its_hash() -> None:
    clicking = of(click(0, "s" * 60_000), click(1, "s" * 60_000), click(2, "s" * 59_999))
    assert [len(one.name) for one in clicking.visitors.rows["v"].sessions] == [32, 32]


def test_an_id_that_looks_like_a_made_one_takes_no_events_without_an_id() -> None:
    clicking = of(click(0, "\0"), click(60, None))
    assert day(clicking, measure.SESSIONS) == 2


def test_landing_page_is_a_dimension_where_a_kpi_wants_it() -> None:
    clicking = Clicking(catalogue=of_all_measures(("channel", "landing_page")))
    clicking.click(click(0), page_url="https://shop.example/sale?utm_source=x")
    clicking.click(click(1), page_url="https://shop.example/cart")
    assert day(clicking, measure.SESSIONS, ("landing_page", "/sale")) == 1
    assert day(clicking, measure.SESSIONS, ("landing_page", "/cart")) == 0


def test_the_channel_is_the_events_own_else_that_of_its_source() -> None:
    clicking = Clicking()
    clicking.click(click(0, "a"), channel="Partners", utm_source="google", utm_medium="cpc")
    clicking.click(click(0, "b"), channel=None, utm_source="google", utm_medium="cpc")
    clicking.click(click(0, "c"), channel=None, referrer="https://www.google.pl/", page_url="https://shop.example/")
    clicking.click(click(0, "d"), channel=None, referrer="https://shop.example/a", page_url="https://shop.example/b")
    found = [
        day(clicking, measure.SESSIONS, ("channel", name)) for name in ("Partners", "Paid Search", "Organic Search")
    ]
    assert [*found, day(clicking, measure.SESSIONS, ("channel", "Direct"))] == [1, 1, 1, 1]

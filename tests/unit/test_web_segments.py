"""What segments are, were, and did to the total."""

import pytest

from streams.web.answers import SegmentsAnswer
from streams.web.segments import Against
from web_desk import DAY_S, HOUR_S, T0_S, WEEK_S, Shop, value


def asked(
    shop: Shop, kpi: str = "conversion_rate", against: Against = Against.BEFORE, window: str = "1h"
) -> SegmentsAnswer:
    return shop.desk.segments.answer(shop.desk.kpis[kpi], window, "channel", against)


def test_the_change_of_a_ratio_is_the_sum_of_what_its_segments_did() -> None:
    shop = Shop()
    #            before            now
    # Email      10 / 100   10 %    5 / 100    5 %
    # Direct     20 / 300           30 / 300  10 %
    # total      30 / 400  7.5 %   35 / 400  8.75 %
    email = value("conversion_rate", T0_S, 5, 100, segment="Email")
    shop.values(
        value("conversion_rate", T0_S - HOUR_S, 30, 400),
        value("conversion_rate", T0_S, 35, 400),
        value("conversion_rate", T0_S - HOUR_S, 10, 100, segment="Email"),
        email,
        value("conversion_rate", T0_S - HOUR_S, 20, 300, segment="Direct"),
        value("conversion_rate", T0_S, 30, 300, segment="Direct"),
    )
    answer = asked(shop)
    assert (answer.against, answer.start_s, answer.before_s) == ("the window before", T0_S, T0_S - HOUR_S)
    assert [answer.total.before, answer.total.after, answer.total.change] == pytest.approx([0.075, 0.0875, 0.0125])
    direct, mail = answer.segments
    assert (direct.segment, mail.segment) == ("Direct", "Email")
    assert [direct.change, direct.rate, direct.mix] == pytest.approx([0.025, 0.025, 0.0])
    assert [mail.change, mail.rate, mail.mix] == pytest.approx([-0.0125, -0.0125, 0.0])
    assert (mail.before, mail.after, bytes(mail.last or b"")) == (0.1, 0.05, email[1])
    assert [(start, rate) for start, rate, _, _ in mail.line] == [(T0_S - HOUR_S, 0.1), (T0_S, 0.05)]


def test_what_the_segments_leave_of_a_sum_is_the_rest_and_money_is_exact() -> None:
    shop = Shop()
    shop.values(
        value("revenue", T0_S - WEEK_S, 10_010),
        value("revenue", T0_S, 30_040),
        value("revenue", T0_S - WEEK_S, 10_010, segment="Email"),
        value("revenue", T0_S, 20_030, segment="Email"),
    )
    answer = asked(shop, "revenue", Against.WEEK)
    assert answer.against == "a week before"
    assert (answer.total.before, answer.total.after) == (100.1, 300.4)
    assert [(one.segment, one.change, one.rate) for one in answer.segments] == [
        ("Email", 100.2, None),
        ("(rest)", 100.1, None),
    ]
    rest = answer.segments[1]
    assert (rest.last, rest.before, rest.line) == (None, None, [])


def test_without_a_window_to_compare_with_segments_are_told_without_their_part() -> None:
    shop = Shop()
    shop.values(value("revenue", T0_S, 500), value("revenue", T0_S, 500, segment="Email"))
    answer = asked(shop, "revenue")
    assert (answer.total.before, answer.total.after, answer.total.change) == (None, 5.0, None)
    assert [(one.segment, one.after, one.change) for one in answer.segments] == [("Email", 5.0, None)]
    assert asked(Shop()).segments == []


def test_a_total_that_is_a_window_ahead_of_its_segments_waits_for_them() -> None:
    shop = Shop()
    shop.values(
        *(value("revenue", T0_S + hour * HOUR_S, 100) for hour in (0, 1, 2)),
        *(value("revenue", T0_S + hour * HOUR_S, 100, segment="Email") for hour in (0, 1)),
    )
    assert asked(shop, "revenue").start_s == T0_S + HOUR_S


def test_the_day_before_is_that_of_the_calendar() -> None:
    shop = Shop()
    day = T0_S - 12 * HOUR_S
    shop.values(value("revenue", day, 100, window="1d"), value("revenue", day, 100, window="1d", segment="Email"))
    assert asked(shop, "revenue", window="1d").before_s == day - DAY_S

"""The KPIs of the site, with figures computed by hand: one short day of a shop, in its windows 1h and 1d."""

import pytest

from flow import Flow, at, click, heartbeat, order

# One visitor a session but for `c`, which is another visit of `a`'s visitor from an e-mail.
#   a  Email   12:00:00 page_view, 12:00:05 view_item, 12:00:08 add_to_cart        8 s, never engaged
#   b  Direct  12:00:00 page_view, 12:00:04 page_view, 12:01:04 begin_checkout     64 s, engaged from 12:00:04 on,
#              12:01:30 add_payment_info, 12:02:00 purchase                        64 + 26 + 30 = 120 s
#   c  Email   12:30:00 view_item, 12:30:20 sign_up, 12:30:21 add_to_cart          21 s, engaged from 12:30:20 on
#   d  Direct  13:10:00 page_view                                                  0 s, never engaged; after 13:00
VISITS = [
    ("12:00:00", "a", "va", "page_view", "Email"),
    ("12:00:05", "a", "va", "view_item", "Email"),
    ("12:00:08", "a", "va", "add_to_cart", "Email"),
    ("12:00:00", "b", "vb", "page_view", "Direct"),
    ("12:00:04", "b", "vb", "page_view", "Direct"),
    ("12:01:04", "b", "vb", "begin_checkout", "Direct"),
    ("12:01:30", "b", "vb", "add_payment_info", "Direct"),
    ("12:02:00", "b", "vb", "purchase", "Direct"),
    ("12:30:00", "c", "va", "view_item", "Email"),
    ("12:30:20", "c", "va", "sign_up", "Email"),
    ("12:30:21", "c", "va", "add_to_cart", "Email"),
    ("13:10:00", "d", "vd", "page_view", "Direct"),
]


@pytest.fixture(scope="module")
def flow() -> Flow:
    flow = Flow()
    for clock, session, visitor, kind, channel in VISITS:
        flow.read(click(clock, session, kind, visitor, channel=channel, device="mobile", country="PL"))
    flow.read(heartbeat("clickstream", "24:02:00"))
    return flow


@pytest.mark.parametrize(
    ("kpi", "total", "email", "direct"),
    [
        ("visits", 4, 2, 2),
        ("traffic_sources", 4, 2, 2),
        ("unique_visitors", 3, 1, 2),  # the visitor of `a` came twice
        ("conversion_rate", 1 / 4, 0, 1 / 2),  # b
        ("sign_up_rate", 1 / 4, 1 / 2, 0),  # c
        ("time_on_site", (8 + 120 + 21) / 4, (8 + 21) / 2, 120 / 2),
        ("pages_per_visit", 4 / 4, 1 / 2, 3 / 2),
        ("bounce_rate", 2 / 4, 1 / 2, 1 / 2),  # a and d
        ("site_engagement_rate", 2 / 4, 1 / 2, 1 / 2),  # b and c
        ("view_to_cart_rate", 2 / 2, 2 / 2, None),  # a and c viewed, both put it in the cart
        ("cart_to_checkout_rate", 0 / 2, 0 / 2, None),
        ("checkout_to_purchase_rate", 1 / 1, None, 1 / 1),  # b
        ("payment_success_rate", 1 / 1, None, 1 / 1),
        ("cart_abandonment_rate", 2 / 2, 2 / 2, None),  # a and c
    ],
)
def test_a_kpi_of_the_day(flow: Flow, kpi: str, total: float, email: float | None, direct: float | None) -> None:
    day = at("00:00:00")
    assert flow.last(kpi, "1d")[day] == total
    assert flow.last(kpi, "1d", ("channel", "Email")).get(day) == email
    assert flow.last(kpi, "1d", ("channel", "Direct")).get(day) == direct


@pytest.mark.parametrize(
    ("kpi", "start", "expected"),
    [
        ("visits", "12:00:00", 3),
        ("visits", "12:30:00", 2),  # c and d
        ("unique_visitors", "12:00:00", 2),
        ("site_engagement_rate", "12:00:00", 2 / 3),
        ("time_on_site", "12:30:00", 21 / 2),
        ("bounce_rate", "12:15:00", 1 / 2),  # 12:15 - 13:15: c is engaged, d is not
        ("view_to_cart_rate", "12:30:00", 1 / 1),  # a is outside
    ],
)
def test_a_kpi_of_an_hour(flow: Flow, kpi: str, start: str, expected: float) -> None:
    assert flow.last(kpi, "1h")[at(start)] == expected


def test_engaged_in_a_window_is_active_in_it_from_the_engaging_event_on() -> None:
    """Ten seconds pass the edge of a minute: the session bounces in 12:00 and is engaged in 12:01."""
    flow = Flow()
    flow.read(click("12:00:55", "s"), click("12:01:05", "s", "search"), heartbeat("clickstream", "13:00:00"))
    assert flow.last("site_engagement_rate", "1m") == {at("12:00:00"): 0.0, at("12:01:00"): 1.0}
    assert flow.last("bounce_rate", "1m") == {at("12:00:00"): 1.0, at("12:01:00"): 0.0}
    assert flow.last("time_on_site", "1m") == {at("12:00:00"): 0.0, at("12:01:00"): 10.0}


def test_a_proportion_of_sessions_carries_its_interval() -> None:
    flow = Flow()
    flow.read(*(click("12:00:00", f"s{n}", "add_to_cart", f"v{n}") for n in range(9)))
    flow.read(click("12:00:01", "s0", "purchase", "v0"), heartbeat("clickstream", "24:02:00"))
    [abandoned] = [v for v in flow.values if v.series[:3] == ("cart_abandonment_rate", "1d", "all")][-1:]
    assert (abandoned.numerator, abandoned.denominator) == (8, 9)
    low, high = abandoned.interval or (0, 0)
    assert (round(low, 3), round(high, 3)) == (0.565, 0.98)


def test_a_replay_of_clicks_that_goes_on_after_its_orders_keeps_the_visitors_of_a_day() -> None:
    flow = Flow(now_us=at("00:00:00") + 400 * 86_400_000_000)
    flow.read(click("00:00:01", "a", visitor="v"), order("00:00:02", "10.00", visitor_id="v"))
    for _ in range(12):
        flow.tick(only="clickstream", lag=1)
    visitors = flow.tables["visitors"][0].clicks.rows.rows
    assert len(visitors) == 1
    for hour in range(24, 24 * 8):
        flow.read(click(f"{hour}:00:00", "s", visitor=f"v{hour}"))
        flow.tick(only="clickstream", lag=1)
    assert len(visitors) <= 24 + 4  # retention, horizon, and what is not swept yet


def test_the_session_of_an_order_that_waits_is_kept_while_no_more_orders_come() -> None:
    flow = Flow(now_us=at("00:00:00") + 400 * 86_400_000_000)
    flow.read(click("00:00:01", "a", visitor="v"), order("00:00:02", "10.00", visitor_id="v"))
    for _ in range(12):
        flow.tick(only="clickstream", lag=1)
    for hour in range(24, 24 * 4):
        flow.read(click(f"{hour}:00:00", "s", visitor=f"v{hour}"))
        flow.tick(only="clickstream", lag=1) if hour % 8 == 0 else None
    tables = flow.tables["visitors"][0]
    assert [len(tables.waiting), "v" in tables.clicks.rows.rows] == [1, True]

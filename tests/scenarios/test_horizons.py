"""How long windows are corrected: as long as the longest corrected feed of a KPI, ad spend without end."""

from zoneinfo import ZoneInfo

from flow import Flow, at, click, heartbeat, order
from models.settings import Settings
from models.window import HOUR_US, windows
from monitor import Monitor, day
from streams.monitoring.keeping import SHORT_KEPT_US, kept_us

KPIS = """
kpis:
  orders:
    help: Orders
    numerator: orders
    windows: [1m, 1h, 1d, 30d, 1M]
  conversion_rate:
    help: Orders of sessions, of two feeds
    numerator: orders
    denominator: sessions
    windows: [1d]
"""
ACQUISITION = """
kpis:
  ad_spend:
    help: Costs
    numerator: ad_spend
    windows: [1d]
  customer_acquisition_cost:
    help: Ad spend / new customers
    numerator: ad_spend
    denominator: new_customers
    windows: [1d, 1M]
    by: [channel]
  customers:
    help: A stock of the same clock
    numerator: customers
    windows: [1d]
"""
FINAL, CORRECTED = "final", "corrected"
ENDLESS: dict[str, int | None] = {"orders": None}


def test_a_feed_without_a_horizon_corrects_days_and_months_for_ever() -> None:
    monitor = Monitor(KPIS, horizons_us=ENDLESS)
    monitor.book("orders", day(0.5))
    monitor.mark(orders=day(300), clickstream=day(300))
    monitor.restart()
    monitor.book("orders", day(0.5), 2)
    monitor.mark(orders=day(300))
    assert monitor.history("orders", "1d", day(0))[-2:] == [(1, FINAL), (3, CORRECTED)]
    assert monitor.history("orders", "30d", day(-10))[-2:] == [(1, FINAL), (3, CORRECTED)]
    assert monitor.history("orders", "1M", day(-1))[-2:] == [(1, FINAL), (3, CORRECTED)]
    assert monitor.closed("orders", "1h")[day(0.5)] == 1
    assert monitor.tables.cells.frozen == 1 + 12  # the minute and the hours


def test_so_it_does_weeks() -> None:
    week = "windows:\n  week: {length: 7d, hop: 7d}\n" + KPIS.replace("[1m, 1h, 1d, 30d, 1M]", "[week]")
    monitor = Monitor(week, horizons_us=ENDLESS)
    monitor.book("orders", day(0.5))
    monitor.mark(orders=day(300), clickstream=day(300))
    monitor.book("orders", day(0.5), 2)
    monitor.mark(orders=day(300))
    assert monitor.history("orders", "week", day(0))[-2:] == [(1, FINAL), (3, CORRECTED)]
    kind = monitor.stage.windows["week"]
    assert (kind.calendar, kind.of_days) == (True, True)


def test_the_cells_of_a_rate_are_kept_as_long_as_either_of_its_feeds_is_corrected() -> None:
    # Clicks are corrected for an hour, orders for 7 days: the order of yesterday meets yesterday's sessions.
    monitor = Monitor(KPIS)
    monitor.book("sessions", day(0.5), 10)
    monitor.mark(orders=day(6), clickstream=day(6))
    monitor.book("orders", day(0.5))
    monitor.mark(orders=day(6), clickstream=day(6))
    assert monitor.history("conversion_rate", "1d", day(0))[-1] == (0.1, CORRECTED)


def test_windows_below_a_day_are_kept_for_a_week_at_most() -> None:
    kinds = windows(ZoneInfo("Europe/Warsaw"))
    kept = {name: kept_us(window, [HOUR_US, None]) for name, window in kinds.items()}
    assert kept == {
        "1m": HOUR_US,
        "5m": HOUR_US,
        "1h": SHORT_KEPT_US,
        "1d": None,
        "7d": None,
        "30d": None,
        "1M": None,
    }
    assert kept_us(kinds["1d"], [HOUR_US, 2 * HOUR_US]) == 2 * HOUR_US


def test_an_event_beyond_the_horizon_of_its_topic_is_late() -> None:
    flow = Flow()
    flow.read(order("12:00:00", "1.00"), order("03:00:00", "1.00"), click("12:00:00", "s1"), click("10:00:00", "s2"))
    assert (flow.ledger("orders").counted, flow.ledger("orders").late) == (2, 0)
    assert (flow.ledger("clickstream").counted, flow.ledger("clickstream").late) == (1, 1)
    flow.now_us += 60_000_000
    flow.tick()
    assert flow.last("orders", "1d") == {at("00:00:00"): 2}


def test_an_attribution_is_kept_longer_than_its_order_and_then_forgotten() -> None:
    day_s = 86_400
    flow = Flow(Settings(order_retention_s=day_s), now_us=at("12:00:00") + 60 * day_s * 1_000_000)
    flow.read(click("12:00:00", "s1", utm_medium="email"), order("12:00:30", "10.00", "o1", visitor_id="v"))

    def known() -> tuple[bool, bool]:
        return "o1" in flow.tables["orders"][0].rows.placed.rows, "o1" in flow.tables["visitors"][0].orders.rows

    found = []
    for hours in (24, 37, 24 * 9, 24 * 11):  # of event time after the day's midnight
        flow.read(*(heartbeat(topic, f"{hours}:00:00") for topic in ("orders", "clickstream")))
        flow.tick()
        flow.tick()
        found.append(known())
    assert found == [(True, True), (False, True), (False, True), (False, False)]


def test_ad_spend_holds_no_window_back_and_corrects_it_without_end() -> None:
    monitor, email = Monitor(ACQUISITION), ("channel", "Email")
    monitor.book("new_customers", day(0.5), 4, channel="Email")
    monitor.mark(customers=day(1.1))
    assert monitor.history("customer_acquisition_cost", "1d", day(0), email) == [(0.0, FINAL)]
    assert monitor.history("ad_spend", "1d", day(0)) == []  # its own feed has not begun
    monitor.mark(customers=day(200), ad_spend=day(0.1))
    monitor.restart()
    monitor.book("ad_spend", day(0), 10_000, channel="Email")
    monitor.mark(ad_spend=day(0.2))
    assert monitor.history("customer_acquisition_cost", "1d", day(0), email) == [(0.0, FINAL), (25.0, CORRECTED)]
    assert monitor.history("customer_acquisition_cost", "1M", day(-1), email)[-1] == (25.0, CORRECTED)
    monitor.mark(ad_spend=day(1.1))
    assert monitor.closed("ad_spend", "1d") == {day(0): 100.0}


def test_what_is_kept_of_a_stock_does_not_grow_with_the_cells_beside_it() -> None:
    monitor = Monitor(ACQUISITION)
    for number in range(40):
        monitor.book("customers", day(number + 0.5))
        monitor.book("new_customers", day(number + 0.5))
        monitor.mark(customers=day(number + 1.1))
    assert len(monitor.tables.cells.rows["customers", "1d"]) == 41  # with the open day
    assert {number for number, _, _ in monitor.tables.stocks.begun(("customers", "1d"))} == {
        monitor.stage.windows["1d"].grid.pane(day(number)) for number in range(32, 40)
    }

"""Windows over time: what is published when, as an operator would see it."""

from datetime import UTC, datetime

import pytest

from flow import Flow, Sent, at, click, heartbeat, order, social
from models.delta import VERSION, DeltaRecord, Mark, SliceDelta, encode_deltas
from models.slices import MAX_SEGMENT
from models.stage import Batch
from models.window import MINUTE_US

DAY_US = 86_400_000_000
PROVISIONAL, FINAL, CORRECTED = "provisional", "final", "corrected"


def test_an_order_after_the_close_corrects_the_window() -> None:
    #         12:00     12:01     12:02     12:03    windows 1m, out_of_orderness 5 s, allowed_lateness 60 s
    #         [---w0---)[---w1---)[---w2---)
    # 1st read   a                                   12:00:20  50.00  watermark 12:00:15, w0 provisional
    # 2nd read                     b                 12:02:06  10.00  watermark 12:02:01 >= 12:01 + 60 s, w0 final
    # 3rd read       c                               12:00:40  30.00  w0 corrected
    flow = Flow()
    flow.read(order("12:00:20", "50.00"), order("12:02:06", "10.00"), order("12:00:40", "30.00"))
    assert flow.history("revenue", "1m", "12:00:00") == [(50.0, PROVISIONAL), (50.0, FINAL), (80.0, CORRECTED)]


def test_a_window_is_final_exactly_at_its_end_plus_allowed_lateness() -> None:
    flow = Flow()
    flow.read(order("12:00:20", "50.00"), heartbeat("orders", "12:01:59.999999"))
    assert flow.history("orders", "1m", "12:00:00") == [(1, PROVISIONAL)]
    flow.read(heartbeat("orders", "12:02:00"))
    flow.tick()  # a move of less than a second is announced with the next tick
    assert flow.history("orders", "1m", "12:00:00") == [(1, PROVISIONAL), (1, FINAL)]


def test_an_order_is_in_every_hopping_window_that_contains_it() -> None:
    flow = Flow()
    flow.read(order("12:07:30", "20.00"), heartbeat("orders", "15:00:00"))
    five, hour = flow.last("revenue", "5m"), flow.last("revenue", "1h")
    assert five == {at(f"12:0{minute}:00"): 20.0 for minute in (3, 4, 5, 6, 7)}
    starts = [
        "11:10",
        "11:15",
        "11:20",
        "11:25",
        "11:30",
        "11:35",
        "11:40",
        "11:45",
        "11:50",
        "11:55",
        "12:00",
        "12:05",
    ]
    assert {start: value for start, value in hour.items() if value} == {at(f"{start}:00"): 20.0 for start in starts}


def test_only_the_open_window_with_the_earliest_end_is_published_provisionally() -> None:
    flow = Flow()
    flow.read(order("12:07:30", "20.00"))
    assert flow.last("revenue", "5m") == {at("12:03:00"): 20.0}  # watermark 12:07:25: it ends at 12:08


def test_a_provisional_value_is_published_at_most_once_in_a_sixtieth_of_its_window() -> None:
    flow = Flow()
    flow.read(order("12:00:20", "1.00"), order("12:00:21", "1.00"))
    assert flow.history("orders", "1m", "12:00:00") == [(1, PROVISIONAL)]
    flow.tick()
    assert flow.history("orders", "1m", "12:00:00") == [(1, PROVISIONAL), (2, PROVISIONAL)]


def test_revisions_count_every_publication_of_a_window() -> None:
    flow = Flow()
    flow.read(order("12:00:20", "50.00"), order("12:02:06", "10.00"), order("12:00:40", "30.00"))
    minutes = [one for one in flow.values if one.series == ("revenue", "1m", "all", "all")]
    assert [one.revision for one in minutes if one.start_us == at("12:00:00")] == [1, 2, 3]
    assert [one.revision for one in minutes if one.start_us == at("12:02:00")] == [1]


def test_a_minute_is_corrected_for_an_hour_and_its_day_for_as_long_as_orders_may_come() -> None:
    flow = Flow()
    flow.read(order("12:00:20", "50.00"), heartbeat("orders", "13:02:01"))
    closed = flow.history("revenue", "1m", "12:00:00")
    flow.read(order("12:00:40", "30.00"))
    flow.now_us += 60_000_000
    flow.tick()
    assert flow.history("revenue", "1m", "12:00:00") == closed
    assert set(flow.last("revenue", "1h").values()) == {80.0}
    assert flow.last("revenue", "1d") == {at("00:00:00"): 80.0}


def test_no_window_closes_before_every_partition_was_heard() -> None:
    flow = Flow()
    assert flow.monitor_tables.marks.of(["orders"]) is None
    flow.read(order("12:00:20", "1.00"))
    assert flow.monitor_tables.marks.of(["orders"]) == at("12:00:15")


def test_idle_time_closes_windows_at_the_pace_of_the_wall_clock() -> None:
    flow = Flow(now_us=at("12:00:21"))
    flow.read(order("12:00:20", "50.00"))
    for _ in range(130):
        flow.tick()
    # The watermark is 12:00:15 until the partition is idle, 10 s after it moved, and goes on from there.
    assert flow.history("orders", "1m", "12:00:00")[-1] == (1, FINAL)


def test_a_partition_with_unread_records_does_not_let_time_pass() -> None:
    flow = Flow(now_us=at("12:00:21"))
    flow.read(order("12:00:20", "50.00"))
    for _ in range(130):
        flow.tick(lag=1)
    assert flow.history("orders", "1m", "12:00:00") == [(1, PROVISIONAL)]


def test_a_session_counts_once_in_each_window_it_is_seen_in() -> None:
    flow = Flow()
    flow.read(
        click("12:00:10", "s1"),
        click("12:00:50", "s1"),
        click("12:03:10", "s1", "purchase"),
        click("12:03:20", "s2"),
        heartbeat("clickstream", "14:00:00"),
    )
    assert flow.last("visits", "1m") == {at("12:00:00"): 1, at("12:03:00"): 2}
    five = flow.last("visits", "5m")
    assert [five[at(f"{start}:00")] for start in ("11:56", "11:58", "11:59", "12:00", "12:03", "12:01")] == [
        1, 1, 2, 2, 2, 2
    ]  # fmt: skip
    rate = flow.last("conversion_rate", "5m")
    assert rate[at("11:58:00")] == 0.0
    assert rate[at("12:00:00")] == 0.5


def test_a_click_out_of_order_counts_no_session_twice() -> None:
    flow = Flow()
    flow.read(click("12:04:10", "s1"), click("12:00:10", "s1"), click("12:02:10", "s1"))
    flow.read(heartbeat("clickstream", "14:00:00"))
    assert set(flow.last("visits", "5m").values()) == {1}
    hours = flow.last("visits", "1h")
    assert {start for start, visits in hours.items() if visits} == set(
        range(at("11:05:00"), at("12:04:00"), 5 * MINUTE_US)
    )
    assert set(hours.values()) == {0, 1}
    assert flow.last("visits", "1d") == {at("00:00:00"): 1}


def test_sessions_of_the_segments_add_up_to_the_total() -> None:
    flow = Flow()
    flow.read(
        click("12:00:10", "s1", channel="Direct", country="PL"),
        click("12:00:11", "s2", channel="Email", country="PL"),
        click("12:00:12", "s3"),  # without a channel, utm_* and referrer: Direct
        click("12:00:13", "s1", channel="Email"),  # a session keeps the segments of its first event
        heartbeat("clickstream", "14:00:00"),
    )
    noon = at("12:00:00")
    by_channel = {name: flow.last("visits", "1m", ("channel", name))[noon] for name in ("Direct", "Email")}
    assert by_channel == {"Direct": 2, "Email": 1}
    assert flow.last("visits", "1m", ("country", "PL"))[noon] == 2
    assert flow.last("visits", "1m")[noon] == 3


def test_a_ratio_over_nothing_has_no_value() -> None:
    flow = Flow()
    refund = order("12:00:20", "5.00", event_type="order_refunded")
    flow.read(refund, heartbeat("orders", "13:00:00"))
    assert flow.last("net_average_order_value", "1m") == {at("12:00:00"): None}
    assert flow.last("net_revenue", "1m") == {at("12:00:00"): -5.0}


def test_an_undo_takes_an_interaction_back() -> None:
    flow = Flow()
    flow.read(
        social("12:00:01", "impression", count=100),
        social("12:00:02", "like", count=3),
        social("12:00:03", "unlike"),
        social("12:00:04", "share"),
        heartbeat("social", "13:00:00"),
    )
    noon = at("12:00:00")
    assert flow.last("likes", "1m") == {noon: 2}
    assert flow.last("social_engagement_rate", "1m") == {noon: 0.03}
    assert flow.last("social_engagement_rate", "1m", ("platform", "instagram")) == {noon: 0.03}


@pytest.mark.parametrize("size", [1, 2])
def test_a_given_id_that_comes_back_after_a_day_is_a_new_session(size: int) -> None:
    flow = Flow(now_us=at("12:00:00") + 5 * DAY_US)
    later = datetime.fromtimestamp((at("13:00:00") + DAY_US) / 1e6, UTC).isoformat()
    read = [click("12:00:00", "s1", channel="Email"), click("13:00:00", "s1", channel="Direct", timestamp=later)]
    for first in range(0, len(read), size):
        flow.batch("clickstream", read[first : first + size])
    flow.tick()
    assert set(flow.last("visits", "1d", ("channel", "Direct"))) == {at("00:00:00") + DAY_US}
    assert set(flow.last("visits", "1d", ("channel", "Email"))) == {at("00:00:00")}


def test_a_long_text_in_a_dimension_is_cut() -> None:
    flow = Flow()
    flow.read(click("12:00:10", "s1", channel="x" * 60_000))
    assert set(flow.last("visits", "5m", ("channel", "x" * MAX_SEGMENT)).values()) == {1}


def test_deltas_of_a_feed_that_no_kpi_needs_are_passed_over() -> None:
    flow = Flow()
    piece = SliceDelta("weather", "all", "all", [("1m", 0, 1, {"sunny": 1})])
    delta = DeltaRecord(VERSION, 0, {"weather": Mark(1, None, 1)}, [piece], [])
    record = Sent("kpi-deltas", None, encode_deltas(delta))
    assert flow.monitor.step(flow.monitor_tables, Batch("kpi-deltas", 0, [record]), flow.now_us).moved

"""Windows without events: what is seen of a night, of a long gap, and of what comes before the first event."""

from hypothesis import given, settings
from hypothesis import strategies as st

from flow import Flow, at, click, heartbeat, order
from models.window import HOUR_US, MINUTE_US
from monitor import Monitor, day
from streams.monitoring.closing import MAX_SLICES

KPIS = """
kpis:
  orders:
    help: Orders
    numerator: orders
    windows: [1m, 5m, 1h, 1d]
    by: [channel]
  revenue:
    help: Amounts
    numerator: revenue
    windows: [1h]
  average_order_value:
    help: A ratio
    numerator: revenue
    denominator: orders
    windows: [1h, 1d]
"""
PROVISIONAL, FINAL, CORRECTED = "provisional", "final", "corrected"


def test_a_night_without_traffic_is_seen_as_zero() -> None:
    #  12:00                     13:30   one order, then nothing: the partition falls idle, event time goes on
    flow = Flow(now_us=at("12:00:21"))
    flow.read(order("12:00:20", "50.00"))
    for _ in range(90 * 60):
        flow.tick()
    minutes, hours = flow.last("orders", "1m"), flow.last("orders", "1h")
    assert minutes == {
        start: float(start == at("12:00:00")) for start in range(at("12:00:00"), at("13:29:00"), MINUTE_US)
    }
    assert hours[at("12:00:00")] == 1
    assert hours[at("12:05:00")] == 0
    assert flow.history("orders", "1m", "13:00:00") == [(0, FINAL)]
    assert flow.history("revenue", "1m", "13:00:00") == [(0, FINAL)]
    assert flow.history("average_order_value", "1m", "13:00:00") == []  # a ratio over 0 is no news


def test_heartbeats_close_the_windows_of_a_silent_topic_with_zeros() -> None:
    flow = Flow(now_us=at("14:00:00"))
    flow.read(order("12:00:20", "50.00"), heartbeat("orders", "13:00:00"), heartbeat("orders", "13:30:00"))
    assert flow.history("orders", "1m", "13:10:00") == [(0, FINAL)]
    assert flow.history("orders", "1m", "12:10:00") == []  # more than an hour ago
    assert flow.history("orders", "1h", "12:05:00") == [(0, FINAL)]


def test_an_idle_partition_lets_windows_close_and_one_that_is_dead_holds_them() -> None:
    monitor = Monitor(KPIS, inputs=2)
    monitor.book("orders", day(0.5))
    monitor.mark(partition=0, orders=day(0.5))
    monitor.mark(partition=1, orders=None, idle=True)
    monitor.mark(partition=0, orders=day(2.1))
    assert monitor.closed("orders", "1d") == {}  # it has not looked since
    monitor.tick()
    monitor.mark(partition=1, orders=None, idle=True)
    assert monitor.closed("orders", "1d") == {day(0): 1, day(1): 0}
    monitor.mark(partition=0, orders=day(4.1))
    assert monitor.closed("orders", "1d") == {day(0): 1, day(1): 0}


def test_when_all_partitions_are_idle_days_end_with_the_wall_clock() -> None:
    monitor = Monitor(KPIS, inputs=2)
    monitor.book("orders", day(0.5))
    monitor.mark(partition=0, orders=day(0.5))
    for partition in (0, 1, 0, 1):
        monitor.mark(partition=partition, orders=None if partition else day(0.5), idle=True)
    monitor.tick(2 * 86_400)
    for partition in (0, 1):
        monitor.mark(partition=partition, orders=None if partition else day(0.5), idle=True)
    assert monitor.closed("orders", "1d") == {day(0): 1, day(1): 0}


def test_metrics_show_the_zeros_of_the_total() -> None:
    flow = Flow(now_us=at("12:00:21"))
    assert list(flow.monitor.shown(flow.monitor_tables, flow.now_us)) == []
    flow.read(order("12:00:20", "50.00", channel="Email"))
    for _ in range(20 * 60):
        flow.tick()
    shown = {tuple(one.series): one.value for one in flow.monitor.shown(flow.monitor_tables, flow.now_us)}
    assert shown["orders", "1m", "all", "all"] == 0
    assert shown["orders", "5m", "all", "all"] == 0
    assert shown["orders", "1d", "all", "all"] == 1
    assert ("orders", "5m", "channel", "Email") not in shown
    assert ("average_order_value", "5m", "all", "all") not in shown


def test_minutes_without_events_are_zero_only_within_an_hour_of_the_wall_clock() -> None:
    monitor = Monitor(KPIS, now_us=day(0) + 10 * HOUR_US)
    monitor.book("orders", day(0) + 4 * HOUR_US)
    monitor.mark(orders=day(0) + 10 * HOUR_US)
    minutes, first = monitor.closed("orders", "1m"), day(0) + 4 * HOUR_US
    assert minutes.pop(first) == 1
    assert list(minutes) == list(range(day(0) + 9 * HOUR_US, day(0) + 10 * HOUR_US - MINUTE_US, MINUTE_US))
    hours = monitor.closed("orders", "1h")
    assert list(hours) == list(range(first - 55 * MINUTE_US, day(0) + 9 * HOUR_US, 5 * MINUTE_US))
    assert sum(value or 0 for value in hours.values()) == 12


def test_nothing_is_zero_before_the_first_event() -> None:
    monitor = Monitor(KPIS)
    monitor.mark(orders=day(5))  # a heartbeat
    assert monitor.values == []
    monitor.book("orders", day(5.5))
    monitor.mark(orders=day(7.1))
    assert monitor.closed("orders", "1d") == {day(5): 1, day(6): 0}


def test_an_event_from_before_the_first_one_makes_zeros_of_what_was_passed() -> None:
    monitor = Monitor(KPIS)
    monitor.book("orders", day(4.5))
    monitor.mark(orders=day(5.1))
    monitor.book("orders", day(1.5))
    monitor.mark(orders=day(5.1))
    assert monitor.closed("orders", "1d") == {day(1): 1, day(2): 0, day(3): 0, day(4): 1}
    assert monitor.history("orders", "1d", day(2)) == [(0, FINAL)]
    assert len(monitor.history("orders", "1d", day(4))) == 1


def test_an_event_in_a_window_that_was_zero_corrects_it() -> None:
    monitor = Monitor(KPIS)
    monitor.book("orders", day(0.5))
    monitor.mark(orders=day(2.1))
    monitor.book("orders", day(1.5))
    monitor.mark(orders=day(2.1))
    assert monitor.history("orders", "1d", day(1)) == [(0, FINAL), (1, CORRECTED)]
    its = [one for one in monitor.values if one.series == ("orders", "1d", "all", "all") and one.start_us == day(1)]
    assert [one.revision for one in its] == [1, 2]


def test_sums_of_a_segment_are_not_published_as_zero() -> None:
    monitor = Monitor(KPIS)
    monitor.book("orders", day(0.5), channel="Email")
    monitor.mark(orders=day(2.1))
    assert monitor.closed("orders", "1d", ("channel", "Email")) == {day(0): 1}


def test_a_task_without_the_total_publishes_no_zeros() -> None:
    monitor = Monitor(KPIS, partition=1)
    monitor.book("orders", day(0.5))
    monitor.mark(orders=day(3.1))
    assert monitor.closed("orders", "1d") == {day(0): 1}
    assert list(monitor.stage.shown(monitor.tables, monitor.now_us)) == []


def test_a_gap_of_months_is_closed_in_many_steps_and_goes_on_after_a_restart() -> None:
    monitor = Monitor(KPIS)
    monitor.book("orders", day(0.5))
    monitor.mark(orders=day(0.6))
    monitor.book("orders", day(90.5))
    monitor.mark(orders=day(90.6))
    hours = monitor.closed("orders", "1h")
    first, end = day(0.5) - 55 * MINUTE_US, day(90.6) - HOUR_US - MINUTE_US
    assert list(hours) == list(range(first, end, 5 * MINUTE_US))
    assert max(monitor.steps) <= 2 * (MAX_SLICES + 4)  # sums an hour: orders and revenue
    published = len(monitor.values)
    monitor.restart()
    monitor.mark(orders=day(90.6))
    assert all(one.status.value == PROVISIONAL for one in monitor.values[published:])


def test_a_restart_in_the_middle_of_a_gap_publishes_every_window_once() -> None:
    monitor = Monitor(KPIS)
    monitor.book("orders", day(0.5))
    monitor.mark(orders=day(0.6))
    monitor.until = 3
    monitor.mark(orders=day(20))
    monitor.restart()
    monitor.tick()
    hours = [one for one in monitor.values if one.series == ("orders", "1h", "all", "all")]
    assert [one.revision for one in hours if one.status.value == FINAL] == [1] * len(
        range(day(0.5) - 55 * MINUTE_US, day(20) - HOUR_US - MINUTE_US + 1, 5 * MINUTE_US)
    )


EVENTS = st.lists(st.tuples(st.integers(0, 600), st.booleans(), st.sampled_from(["Email", "Direct"])), max_size=12)


@given(EVENTS, st.integers(1, 12))
@settings(max_examples=25)
def test_final_values_are_equal_whatever_the_batches(events: list[tuple[int, bool, str]], size: int) -> None:
    """Minutes of ten hours in any order, all within the corrections of an hour of their partition.

    But of a slice that nothing is left of: it is closed only if it was published, which depends on the batches.
    """
    events = sorted(events, key=lambda event: (event[0] // 60, event[2], event[0]))
    reads = [
        (order if is_order else click)(f"{minute // 60:02}:{minute % 60:02}:30", "5.00", channel=channel)
        for minute, is_order, channel in events
    ]
    finals = []
    for each in (1, size):
        flow = Flow()
        for topic in ("orders", "clickstream"):
            its = [record for record in reads if record.topic == topic]
            for first in range(0, len(its), each):
                flow.batch(topic, its[first : first + each])
                flow.tick()
            flow.read(heartbeat(topic, "18:00:00"))
        flow.tick()
        closed = [one for one in flow.values if one.status.value != PROVISIONAL]
        gone = {(one.series, one.start_us): not (one.numerator or one.denominator) for one in closed}
        closed = [one for one in closed if one.series.segment == "all" or not gone[one.series, one.start_us]]
        finals.append({(one.series, one.start_us): (one.numerator, one.denominator) for one in closed})
    assert finals[0] == finals[1]

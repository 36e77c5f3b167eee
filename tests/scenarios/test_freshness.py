"""Is the KPI wrong or is the pipeline behind? What the first stages have read, as the monitor hears of it."""

from dataclasses import replace

import pytest

from alerting.rules_file import load
from alerting.transition import Transition
from flow import KPIS, Flow, Sent, click, order
from models.delta import Mark
from models.kpis_file import load_kpis
from models.settings import Settings
from models.stage import Batch, Look, Tick
from models.topic_watermark import Watermarks
from streams.measuring.watermark import fresh

S = 1_000_000
BOTH = "rules:\n" + "".join(
    f"- {{name: {name}, kpi: visits, window: 1m, on: {on}, levels: {{warning: {{above: 0}}}}}}\n"
    for name, on in (("Open", "provisional"), ("Closed", "final"))
)


def told(flow: Flow) -> list[tuple[str, str]]:
    transitions: list[Transition] = flow.transitions
    return [(one.rule, one.reason.value) for one in transitions]


@pytest.mark.parametrize("seconds", [60, 61])
def test_a_record_that_waits_for_more_than_a_minute_is_told_once(seconds: int) -> None:
    flow = Flow()
    for _ in range(seconds):
        flow.tick(lag=3)
    assert told(flow) == ([("PipelineBehind", "fired")] if seconds > 60 else [])
    for _ in range(100):
        flow.tick(lag=3)
    flow.tick()
    assert told(flow) == [("PipelineBehind", "fired"), ("PipelineBehind", "recovered")]


def test_the_limit_is_a_setting() -> None:
    flow = Flow(settings=Settings(max_lag_s=5))
    for _ in range(6):
        flow.tick(lag=3)
    assert told(flow) == [("PipelineBehind", "fired")]


@pytest.mark.parametrize(("age_s", "behind"), [(50, []), (70, [("PipelineBehind", "fired")])])
@pytest.mark.parametrize("event", [click("12:00:00", "s"), order("12:00:00", "5.00", visitor_id="v", customer_id="c")])
def test_whoever_reads_on_is_as_old_as_what_was_read_last(event: Sent, age_s: int, behind: list[object]) -> None:
    # Records come all the time, so there always is some lag; orders are heard of by way of visitors and customers.
    flow = Flow()
    for second in range(200):
        value = (event.value or b"").replace(b'"event_id": "', b'"event_id": "%d-' % second)
        flow.read(replace(event, timestamp=flow.now_us // 1000 - age_s * 1000, value=value))
        flow.tick(lag=1, only=event.topic)
    assert behind == told(flow)


def test_what_is_read_is_fresh_up_to_its_last_record_or_a_look_that_found_no_more() -> None:
    batch = Batch("t", 0, [Sent("t", None, b"", timestamp=5_000)])
    assert fresh(None, batch, "t") == 5 * S
    assert fresh(7 * S, batch, "t") == 7 * S  # clocks of producers differ
    assert fresh(None, Batch("t", 0, [Sent("t", None, b"", timestamp=-1)]), "t") is None
    assert fresh(5 * S, Tick({"t": Look(0, 9 * S)}), "t") == 9 * S
    assert fresh(5 * S, Tick({"t": Look(2, 9 * S)}), "t") == 5 * S
    assert fresh(5 * S, Tick({"t": Look(None, 9 * S)}), "t") == 5 * S
    assert fresh(5 * S, Tick({"other": Look(0, 9 * S)}), "t") == 5 * S


def test_the_pipeline_is_as_far_behind_as_its_slowest_partition_and_one_that_died() -> None:
    marks = Watermarks({("clicks", 0), ("clicks", 1)})
    assert marks.behind_us(100 * S) == 0
    marks.hear("clicks", 0, Mark(None, None, 90 * S, fresh_us=90 * S))
    marks.hear("clicks", 1, Mark(None, None, 95 * S, fresh_us=40 * S))
    assert marks.behind_us(100 * S) == 60 * S
    marks.hear("clicks", 1, Mark(None, None, 100 * S, fresh_us=100 * S))
    assert marks.behind_us(200 * S) == 110 * S


def test_after_a_stop_of_everything_nobody_is_behind_who_has_not_told_yet() -> None:
    flow = Flow(rules=load(BOTH, "alerts.yaml", load_kpis(KPIS.read_text(), "kpis.yaml").kpis))
    flow.read(click("12:00:00", "s1"), click("12:00:20", "s2"))
    assert told(flow) == [("Open", "fired")]
    flow.now_us += 3_600 * S
    flow.monitor.opened(flow.monitor_tables, flow.now_us)
    for _ in range(3):
        flow.tick()
    assert told(flow) == [("Open", "fired")]


def test_after_a_restart_nobody_has_caught_up_who_has_not_told_so() -> None:
    marks = Watermarks({("clicks", 0), ("clicks", 1)})
    for partition in (0, 1):
        marks.hear("clicks", partition, Mark(None, None, 0, fresh_us=10 * S))
    marks.opened(100 * S)
    assert (marks.behind_us(130 * S), marks.all_heard) == (30 * S, False)
    marks.hear("clicks", 0, Mark(None, None, 130 * S, fresh_us=20 * S))
    assert (marks.behind_us(130 * S), marks.all_heard) == (110 * S, False)  # told since, it is what it says
    marks.hear("clicks", 0, Mark(None, None, 140 * S, fresh_us=140 * S))
    assert (marks.behind_us(170 * S), marks.all_heard) == (70 * S, False)  # the other is not heard of for a minute
    marks.hear("clicks", 1, Mark(None, None, 170 * S, fresh_us=165 * S))
    assert (marks.behind_us(170 * S), marks.all_heard) == (30 * S, True)


def test_a_topic_that_is_passed_on_is_as_fresh_as_its_slowest_partition() -> None:
    marks = Watermarks({("orders", 0), ("orders", 1)})
    marks.hear("orders", 0, Mark(5, None, 9, fresh_us=9))
    assert marks.mark("orders", 10).fresh_us is None
    marks.hear("orders", 1, Mark(5, None, 9, fresh_us=7))
    assert marks.mark("orders", 10).fresh_us == 7


def test_rules_on_open_windows_wait_in_the_whole_flow_and_those_on_final_values_do_not() -> None:
    flow = Flow(rules=load(BOTH, "alerts.yaml", load_kpis(KPIS.read_text(), "kpis.yaml").kpis))
    for _ in range(61):
        flow.tick(lag=3)
    flow.read(click("12:00:00", "s1"), click("12:02:06", "s2"))
    assert told(flow) == [("PipelineBehind", "fired"), ("Closed", "fired")]
    flow.tick()
    flow.read(click("12:02:20", "s3"))
    assert told(flow)[2:] == [("PipelineBehind", "recovered"), ("Open", "fired")]

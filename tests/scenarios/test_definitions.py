"""A kpis.yaml of one's own, and one that changes while windows are open."""

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from flow import Flow, Sent, at, click, heartbeat, order
from models.errors import EngineFault
from models.settings import Settings
from models.stage import Batch

PROVISIONAL, FINAL, CORRECTED = "provisional", "final", "corrected"
HEAD = "kpis:\n"


def kpi(name: str, numerator: str, windows: str = "[1m, 1h, 1d]", **more: str) -> str:
    lines = {"help": name, "numerator": numerator, "windows": windows, **more}
    return f"  {name}:\n" + "".join(f"    {key}: {value}\n" for key, value in lines.items())


def history(flow: Flow, name: str, window: str, start: str) -> list[tuple[Any, str, int, str]]:
    """Value, status, revision and the beginning of the hash."""
    return [
        (one.value, one.status.value, one.revision, one.definition)
        for one in flow.values
        if one.series == (name, window, "all", "all") and one.start_us == at(start)
    ]


def definition(flow: Flow, name: str) -> str:
    return flow.catalogue.kpis[name].definition


def test_a_window_of_ones_own() -> None:
    #  12:00   12:05   12:10   12:15   12:20     15m by 5m: 12:07 is in the windows from 11:55, 12:00 and 12:05
    kpis = "windows:\n  15m: {length: 15m, hop: 5m}\n" + HEAD + kpi("orders", "orders", "[15m]")
    flow = Flow(kpis=kpis)
    flow.read(order("12:07:30", "20.00"), heartbeat("orders", "13:00:00"))
    counted = {start: n for start, n in flow.last("orders", "15m").items() if n}
    assert counted == {at("11:55:00"): 1, at("12:00:00"): 1, at("12:05:00"): 1}


def test_weeks_begin_on_monday_where_the_shop_is() -> None:
    # Monday 2026-03-02 00:30 in Warsaw is Sunday 23:30 UTC: its week begins at 23:00 UTC of Sunday.
    kpis = "windows:\n  week: {length: 7d, hop: 7d}\n" + HEAD + kpi("orders", "orders", "[week]")
    flow = Flow(Settings(business_timezone="Europe/Warsaw"), kpis=kpis)
    flow.read(order("12:00:00", "1.00", timestamp="2026-03-01T23:30:00Z"), order("12:00:00", "1.00"))
    flow.now_us += 60_000_000
    flow.tick()
    assert flow.last("orders", "week") == {at("00:00:00") - 3_600_000_000: 2}


def test_a_dimension_of_ones_own() -> None:
    dimensions = "dimensions:\n  landing: {topic: clickstream, field: page_url, part: path}\n"
    flow = Flow(kpis=dimensions + HEAD + kpi("visits", "sessions", "[1m]", by="[landing, country]"))
    flow.read(
        click("12:00:10", "s1", page_url="https://a.example/sale?x=1", country="PL"),
        click("12:00:11", "s1", page_url="https://a.example/basket"),  # a session keeps its first page
        click("12:00:12", "s2"),
        heartbeat("clickstream", "13:00:00"),
    )
    noon = at("12:00:00")
    assert flow.last("visits", "1m", ("landing", "/sale")) == {noon: 1}
    assert flow.last("visits", "1m", ("landing", "(not set)")) == {noon: 1}
    assert flow.last("visits", "1m", ("landing", "/basket")) == {}
    assert flow.last("visits", "1m", ("country", "PL")) == {noon: 1}


def test_a_refund_is_on_the_defined_segment_of_its_order() -> None:
    dimensions = "dimensions:\n  session: {topic: orders, field: session_id}\n"
    flow = Flow(kpis=dimensions + HEAD + kpi("net", "revenue - refunds", "[1d]", by="[session]"))
    flow.read(order("12:00:00", "50.00", "o1", session_id="s7"))
    flow.read(order("12:00:05", "20.00", "o1", event_type="order_refunded"), heartbeat("orders", "13:00:00"))
    flow.tick()
    flow.now_us += 60_000_000
    flow.tick()
    assert flow.last("net", "1d", ("session", "s7")) == {at("00:00:00"): 30.0}


def test_a_window_that_is_open_when_the_definition_changes_is_closed_under_the_new_one() -> None:
    # Both measures were measured before, so the whole window follows either definition.
    both = kpi("orders", "orders") + kpi("unmatched", "unmatched_refunds")
    flow = Flow(kpis=HEAD + both + kpi("booked", "orders"))
    flow.read(order("12:00:20", "50.00"), order("12:00:30", "5.00", event_type="order_refunded"))
    old = definition(flow, "booked")
    flow.restart(HEAD + both + kpi("booked", "orders + unmatched_refunds"))
    new = definition(flow, "booked")
    flow.read(heartbeat("orders", "12:03:00"))
    flow.tick()
    found = history(flow, "booked", "1m", "12:00:00")
    assert old != new
    assert found[0] == (1, PROVISIONAL, 1, old)
    assert found[-1] == (2, FINAL, len(found), new)
    assert [revision for _, _, revision, _ in found] == list(range(1, len(found) + 1)), "the highest one is the newest"


def test_a_window_that_was_final_under_the_old_definition_stays_as_it_was() -> None:
    both = kpi("orders", "orders") + kpi("unmatched", "unmatched_refunds")
    flow = Flow(kpis=HEAD + both + kpi("booked", "orders"))
    flow.read(order("12:00:20", "50.00"), heartbeat("orders", "12:02:30"))
    flow.tick()
    before = history(flow, "booked", "1m", "12:00:00")
    assert before[-1][:2] == (1, FINAL)
    flow.restart(HEAD + both + kpi("booked", "orders + unmatched_refunds"))
    flow.read(order("12:00:40", "30.00"), order("12:02:10", "30.00"), heartbeat("orders", "12:05:00"))
    flow.tick()
    assert history(flow, "booked", "1m", "12:00:00") == before
    assert history(flow, "booked", "1m", "12:02:00")[-1][:2] == (1, FINAL)
    assert history(flow, "orders", "1m", "12:00:00")[-1][:2] == (2, CORRECTED), "its definition did not change"


def test_a_definition_that_comes_back_is_corrected_no_more_than_another_one() -> None:
    first, second = HEAD + kpi("booked", "orders"), HEAD + kpi("booked", "orders", proportion="false", help="x")
    flow = Flow(kpis=first)
    flow.read(order("12:00:20", "50.00"), heartbeat("orders", "12:02:30"))
    flow.tick()
    flow.restart(second)  # the same meaning in other words
    flow.read(order("12:00:40", "30.00"))
    flow.tick()
    assert history(flow, "booked", "1m", "12:00:00")[-1][:2] == (2, CORRECTED)


def test_a_measure_that_was_not_measured_before_counts_from_windows_that_begin_after_the_change() -> None:
    #  12:00        12:05        12:10     watermark at the change 12:00:25; an event may be 5 min ahead of the clock
    flow = Flow(kpis=HEAD + kpi("revenue", "revenue"))
    flow.read(order("12:00:10", "50.00", "o1"), order("12:00:30", "8.00", event_type="order_refunded"))
    flow.restart(HEAD + kpi("revenue", "revenue") + kpi("net", "revenue - refunds"))
    flow.read(order("12:04:00", "9.00"), order("12:07:00", "5.00", "o1", event_type="order_refunded"))
    flow.read(heartbeat("orders", "12:20:00"))
    flow.tick()
    assert flow.last("revenue", "1m") == {at("12:00:00"): 50.0, at("12:04:00"): 9.0}
    assert flow.last("net", "1m") == {at("12:07:00"): -5.0}
    assert flow.last("net", "1d") == {}, "the day holds 8.00 of refunds that nothing had asked for"


def test_what_was_under_way_at_the_restart_is_not_whole_either() -> None:
    flow = Flow(kpis=HEAD + kpi("revenue", "revenue"))
    flow.read(order("12:00:10", "50.00"))
    under_way = Flow(kpis=flow.kpis)
    under_way.now_us = flow.now_us
    deltas = _deltas(under_way, order("12:30:00", "8.00", event_type="order_refunded"))
    flow.now_us += 1
    flow.restart(HEAD + kpi("net", "revenue - refunds"))
    flow.batch("kpi-deltas", deltas)
    flow.now_us += 10
    flow.read(order("12:34:00", "1.00"), order("12:36:00", "2.00"), heartbeat("orders", "13:00:00"))
    flow.tick()
    assert flow.last("net", "1m") == {at("12:36:00"): 2.0}


def _deltas(flow: Flow, event: Sent) -> list[Sent]:
    """What a task that still has the old kpis.yaml sends of an event, on its way over the visitors' stage."""
    found: list[Sent] = []
    waiting = [event]
    while waiting:
        record = waiting.pop()
        stage, (tables, *_) = flow.stage_of[record.topic], flow.tables[flow.stage_of[record.topic].name]
        output = stage.step(tables, Batch(record.topic, 0, [record]), flow.now_us)
        for one in stage.outgoing(tables, [output], flow.now_us):
            sent = Sent(one.topic, one.key, one.value)
            if one.topic == "kpi-deltas":
                found.append(sent)
            elif one.topic in flow.stage_of:
                waiting.append(sent)
    return found


def test_a_new_task_measures_from_the_start() -> None:
    flow = Flow(kpis=HEAD + kpi("net", "revenue - refunds"))
    flow.read(order("12:00:10", "50.00"), heartbeat("orders", "12:03:00"))
    flow.tick()
    assert flow.last("net", "1m") == {at("12:00:00"): 50.0}
    assert {since.changed_us for since in flow.monitor_tables.definitions.measured.rows.values()} == {0}


def test_a_kpi_that_goes_and_comes_back_was_not_measured_in_between() -> None:
    with_it, without = HEAD + kpi("orders", "orders") + kpi("revenue", "revenue"), HEAD + kpi("orders", "orders")
    flow = Flow(kpis=with_it)
    flow.read(order("12:00:10", "50.00"))
    flow.restart(without)
    flow.read(order("12:00:20", "60.00"))
    flow.restart(with_it)
    flow.read(order("12:00:30", "70.00"), heartbeat("orders", "12:10:00"))
    flow.tick()
    finals = [one for one in flow.values if one.series[0] == "revenue" and one.status.value == FINAL]
    assert finals == []
    assert flow.last("orders", "1m") == {at("12:00:00"): 3}


def quarter(length: str, hop: str, name: str = "w") -> str:
    return f"windows:\n  {name}: {{length: {length}, hop: {hop}}}\n" + HEAD + kpi("orders", "orders", f"[1m, {name}]")


def test_a_name_of_windows_keeps_its_meaning() -> None:
    flow = Flow(kpis=quarter("15m", "5m"))
    flow.read(order("12:00:10", "50.00"))
    with pytest.raises(EngineFault, match=r"windows w were 3 of .* and are 6 of .* now; give the new ones"):
        flow.restart(quarter("30m", "5m"))
    flow.restart(quarter("30m", "5m", "v"))
    flow.read(order("12:00:20", "1.00"), heartbeat("orders", "13:00:00"))
    flow.tick()
    held = {name for (_, name), numbers in flow.monitor_tables.cells.rows.items() if numbers}
    assert held == {"1m", "v"}
    flow.restart(quarter("30m", "10m"))  # nothing of the name is left
    assert flow.monitor_tables.shapes.rows["w"].startswith("3 of")


def test_days_of_another_timezone_are_other_windows() -> None:
    flow = Flow(kpis=HEAD + kpi("orders", "orders"))
    flow.settings = Settings(business_timezone="Europe/Warsaw")
    with pytest.raises(EngineFault, match="windows 1d were"):
        flow.restart(flow.kpis)


moments = st.lists(st.tuples(st.integers(0, 2_400), st.booleans()), min_size=1, max_size=12)


@given(moments, st.integers(0, 12))
@settings(max_examples=100)
def test_what_is_published_after_a_change_is_whole_whenever_it_comes(
    events: list[tuple[int, bool]], change: int
) -> None:
    """Seconds after 12:00, and whether money goes back; `net` is defined before the event of number `change`."""
    before = HEAD + kpi("revenue", "revenue", "[1m, 5m, 1h, 1d]")
    flow = Flow(kpis=before)
    for number, (second, back) in enumerate(events):
        if number == change:
            flow.restart(before + kpi("net", "revenue - refunds", "[1m, 5m, 1h, 1d]"))
        flow.now_us += 1_000
        flow.read(_booking(second, back=back))
    flow.read(heartbeat("orders", "24:01:00"))  # the day is final too
    flow.tick()
    net: dict[int, int] = {}
    for second, back in events:
        net[at("12:00:00") + second * 1_000_000] = net.get(at("12:00:00") + second * 1_000_000, 0) + (-1 if back else 1)
    published = {(one.series, one.start_us): one for one in flow.values if one.series[0] == "net"}
    for one in published.values():
        assert one.status.value != PROVISIONAL
        assert one.value == sum(n for moment, n in net.items() if one.start_us <= moment < one.end_us)


def _booking(second: int, *, back: bool) -> Sent:
    clock = f"12:{second // 60:02d}:{second % 60:02d}"
    return order(clock, "1.00", event_type="order_refunded") if back else order(clock, "1.00")

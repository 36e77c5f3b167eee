"""Targets and pace over a day with hours, as a manager of the shop would see them."""

from datetime import UTC, datetime
from typing import Any

import pytest

from alerting.rules_file import load
from flow import Flow, Sent, at, heartbeat, order
from models.goal import with_goals
from models.kpis_file import load_kpis
from models.settings import Settings
from streams.metrics import Snapshot, SnapshotCollector

HOUR_US = 3_600_000_000
WEEK_US = 7 * 24 * HOUR_US
KPIS = """kpis:
  takings:
    help: Revenue
    numerator: revenue
    windows: [1h, 1d]
    by: [channel]
    target: {1d: 100.00, pace: PACE}
  basket:
    help: Revenue / orders
    numerator: revenue
    denominator: orders
    windows: [1d]
    target: {1d: 45.50}
"""
LEARNT = KPIS.replace("PACE", "learnt")
EVEN = KPIS.replace(", pace: PACE", "")
KINDS = ("target", "expected", "attainment", "forecast")


def last(flow: Flow, kpi: str = "takings") -> tuple[Any, ...]:
    """Target, expected, attainment and forecast of the scenarios' day, as they were published last."""
    return tuple(flow.last(f"{kpi}_{kind}", "1d").get(at("00:00:00")) for kind in KINDS)


def pass_time(flow: Flow, clock: str) -> None:
    """The watermark comes to a time, and an open window's turn to be published."""
    flow.read(heartbeat("orders", clock))
    flow.now_us += 60_000_000
    flow.tick()


def weeks_ago(weeks: int, clock: str, amount: str) -> Sent:
    moment = at(clock) - weeks * WEEK_US
    return order("00:00:00", amount, timestamp=text_of(moment))


def text_of(moment_us: int) -> str:
    return datetime.fromtimestamp(moment_us / 1e6, UTC).isoformat()


def test_a_day_at_an_even_pace() -> None:
    #          06:00   12:00   18:00   24:00      target 100.00
    # takings    20              +50    =70
    # expected   25      50      75     100.00
    flow = Flow(kpis=EVEN)
    flow.read(order("05:59:00", "20.00"), heartbeat("orders", "06:00:00"))
    flow.now_us += 60_000_000
    flow.tick()
    assert last(flow)[0] == 100.0
    flow.read(order("06:00:04", "0.00"))  # the watermark is 05:59:59
    pass_time(flow, "06:00:00")
    flow.read(order("18:00:05", "50.00"))  # the watermark is 18:00:00
    pass_time(flow, "18:00:00")
    assert last(flow) == (100.0, 75.0, 0.7, 93.33)  # 70.00 / 0.75
    assert last(flow, "basket") == (45.5, 45.5, pytest.approx(70 / 3 / 45.5), pytest.approx(70 / 3))
    pass_time(flow, "23:59:59")
    flow.read(heartbeat("orders", "23:59:59.999999"))
    flow.read(order("12:00:00", "1.00", timestamp=text_of(at("00:01:10") + 24 * HOUR_US)))
    flow.tick()
    assert last(flow) == (100.0, 100.0, 0.7, 70.0)


def test_goals_follow_their_kpi_and_count_revisions_of_their_own() -> None:
    flow = Flow(kpis=EVEN)
    flow.read(order("05:59:00", "20.00"), order("18:00:05", "50.00"))
    next_day = text_of(at("00:01:10") + 24 * HOUR_US)
    flow.read(order("12:00:00", "1.00", timestamp=next_day), order("13:00:00", "9.00"))
    flow.tick()
    for kind in KINDS:
        series = (f"takings_{kind}", "1d", "all", "all")
        day = [one for one in flow.values if one.series == series and one.start_us == at("00:00:00")]
        told = [(one.status.value, one.revision) for one in day]
        assert told == [("provisional", 1), ("final", 2), ("corrected", 3)]
    assert last(flow) == (100.0, 100.0, 0.79, 79.0)
    assert not [one for one in flow.values if one.series[0] == "takings_target" and one.series[2] != "all"]


def test_a_silent_shop_falls_behind() -> None:
    #         06:00 20.00      12:00 still 20.00      forecast 80.00, then 40.00, without any event
    flow = Flow(kpis=EVEN)
    flow.read(order("06:00:05", "20.00"))
    assert last(flow) == (100.0, 25.0, 0.2, 80.0)
    pass_time(flow, "12:00:00")
    assert last(flow) == (100.0, 50.0, 0.2, 40.0)
    revisions = [one.revision for one in flow.values if one.series == ("takings_forecast", "1d", "all", "all")]
    assert revisions == [1, 2]
    assert len(flow.history("takings", "1d", "00:00:00")) == 1, "it did not change"
    flow.read(heartbeat("orders", "12:30:00"))
    flow.tick()
    assert len(flow.history("takings_forecast", "1d", "00:00:00")) == 2, "at most once in a minute"


def test_a_pace_is_learnt_from_the_hours_of_the_same_weekday() -> None:
    # On the last four Mondays 10.00 by nine o'clock and 40.00 by the evening: 25 % by noon, 100 % from 16:00 on.
    flow = Flow(kpis=LEARNT)
    flow.read(weeks_ago(5, "12:00:00", "7.00"))  # the first day on record
    for weeks in (4, 3, 2, 1):
        flow.read(weeks_ago(weeks, "08:30:00", "10.00"), weeks_ago(weeks, "15:30:00", "30.00"))
        flow.read(weeks_ago(weeks, "20:30:00", "0.00"))
    flow.read(order("08:30:00", "20.00"), order("12:00:05", "0.00"))  # the watermark is noon
    pass_time(flow, "12:00:00")
    assert last(flow) == (100.0, 25.0, 0.2, 80.0)


def test_what_is_learnt_does_not_depend_on_how_the_history_was_read() -> None:
    history = [weeks_ago(5, "12:00:00", "7.00")]
    for weeks in (4, 3, 2, 1):
        history += [weeks_ago(weeks, "08:30:00", "10.00"), weeks_ago(weeks, "15:30:00", f"{10 * weeks}.00")]
    history += [order("08:30:00", "20.00"), order("12:00:05", "0.00")]
    slowly, at_once = Flow(kpis=LEARNT), Flow(kpis=LEARNT)
    for event in history:
        slowly.read(event)
        slowly.tick()
    at_once.batch("orders", history)
    for flow in (slowly, at_once):
        pass_time(flow, "12:00:00")
    assert last(slowly) == last(at_once)
    assert last(slowly)[1] is not None


def test_before_a_pace_is_learnt_nothing_is_expected() -> None:
    flow = Flow(kpis=LEARNT)
    flow.read(order("08:30:00", "20.00"), order("12:00:05", "0.00"))
    pass_time(flow, "12:00:00")
    assert last(flow) == (100.0, None, 0.2, None)


def test_a_correction_of_an_hour_is_learnt_and_another_definition_is_forgotten() -> None:
    flow = Flow(kpis=LEARNT)
    flow.read(weeks_ago(1, "08:30:00", "10.00"), weeks_ago(1, "12:00:00", "0.00"), weeks_ago(1, "08:40:00", "5.00"))
    flow.tick()
    rows = flow.monitor_tables.paces.table.rows
    hour = at("08:00:00") - WEEK_US
    assert [row[hour] for row in rows.values()] == [1_500]
    flow.restart(
        LEARNT.replace(
            "numerator: revenue\n    windows: [1h, 1d]", "numerator: revenue - refunds\n    windows: [1h, 1d]"
        )
    )
    flow.read(order("08:30:00", "20.00"), order("12:00:05", "0.00"))
    flow.tick()
    assert {definition for _, definition, _ in rows} == {flow.catalogue.kpis["takings"].definition}


def test_days_that_teach_nothing_any_more_are_let_go() -> None:
    flow = Flow(kpis=LEARNT)
    for weeks in range(9, -1, -1):
        flow.read(weeks_ago(weeks, "08:30:00", "10.00"))
    pass_time(flow, "12:00:00")
    days = [(at("00:00:00") // (24 * HOUR_US) + 719_163) - day for _, _, day in flow.monitor_tables.paces.table.rows]
    assert sorted(days) == list(range(36)), "days without orders are days too"


def test_the_hours_of_the_pace_are_those_of_the_shop() -> None:
    flow = Flow(Settings(business_timezone="Asia/Kolkata"), kpis=LEARNT)  # 5 h 30 min ahead: hours begin at half past
    flow.read(weeks_ago(1, "08:45:00", "10.00"), weeks_ago(1, "12:00:00", "0.00"))
    flow.tick()
    (row,) = flow.monitor_tables.paces.table.rows.values()
    assert {start: n for start, n in row.items() if n} == {at("08:30:00") - WEEK_US: 1_000}


def test_goals_are_metrics_too() -> None:
    flow = Flow(kpis=EVEN)
    flow.read(order("18:00:05", "70.00"))
    values = list(flow.monitor.shown(flow.monitor_tables, flow.now_us))
    families = SnapshotCollector(Snapshot(values=values), with_goals(flow.catalogue.kpis), "GBP").collect()
    shown = {
        f.name: [(s.labels["window"], s.labels["segment"], s.labels.get("currency"), s.value) for s in f.samples]
        for f in families
        if f.name.startswith("kpi_takings_")
    }
    assert shown == {
        "kpi_takings_target": [("1d", "all", "GBP", 100.0)],
        "kpi_takings_expected": [("1d", "all", "GBP", 75.0)],
        "kpi_takings_attainment_ratio": [("1d", "all", None, 0.7)],
        "kpi_takings_forecast": [("1d", "all", "GBP", 93.33)],
    }


def test_a_rule_may_watch_a_forecast() -> None:
    rule = "rules:\n- {name: Behind, kpi: takings_forecast, window: 1d, levels: {warning: {below: 95}}}\n"
    rules = load(rule, "alerts.yaml", with_goals(load_kpis(EVEN, "kpis.yaml").kpis))
    flow = Flow(kpis=EVEN, rules=rules)
    flow.read(order("18:00:05", "70.00"))
    assert [one.state.value for one in flow.transitions] == ["firing"]


def test_what_was_learnt_and_told_survives_a_restart() -> None:
    flow = Flow(kpis=LEARNT)
    flow.read(weeks_ago(5, "12:00:00", "7.00"), weeks_ago(1, "08:30:00", "10.00"), weeks_ago(1, "15:30:00", "30.00"))
    flow.read(order("08:30:00", "20.00"), order("11:00:00", "0.00"))
    restored = flow.monitor.tables(0)
    for old, new in zip(flow.monitor_tables.all(), restored.all(), strict=True):
        for key, stored in old.drain():
            new.restore(key, stored)
    flow.tables["monitor"] = [restored]
    flow.restart(LEARNT)
    pass_time(flow, "12:00:00")
    pass_time(flow, "13:00:00")
    assert last(flow) == (100.0, 25.0, 0.2, 80.0)
    revisions = [
        one.revision for one in flow.values if one.series[0] == "takings_forecast" and at("00:00:00") == one.start_us
    ]
    assert revisions == list(range(1, len(revisions) + 1))
    assert len(revisions) > 1

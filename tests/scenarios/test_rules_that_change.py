"""A file of rules that is replaced between two steps, a worker that is, and a pipeline that is behind."""

from dataclasses import replace

import pytest

from alert_desk import Desk, value_of
from alerting.alert import AlertState
from alerting.lifecycle import State
from life import MINUTE_US
from models.kpi_value import Status

LOW = "- {name: Low, kpi: orders, window: 1m, on: final, levels: {warning: {below: 2}}, for: 1m}\n"
HIGH = "- {name: High, kpi: orders, window: 1m, on: final, levels: {critical: {above: 8}}}\n"
OPEN = LOW.replace("on: final", "on: provisional")


def test_a_rule_that_is_removed_while_it_fires_is_resolved() -> None:
    desk = Desk(LOW + HIGH)
    assert desk.lives({"orders": "511"}) == "-pW"
    desk.reload(HIGH)
    desk.step(at=3)
    fired, gone = desk.told
    assert (gone.reason.value, gone.firing, gone.ends_at_us) == ("rule_removed", False, 3 * MINUTE_US)
    assert (gone.fingerprint, gone.sequence, gone.labels) == (fired.fingerprint, 2, fired.labels)
    assert (gone.kpi, gone.window, gone.dimension, gone.segment) == ("orders", "1m", "all", "all")
    assert desk.lives({"orders": "1"}, first=3) == "-"


def test_a_rule_that_comes_back_goes_on_counting() -> None:
    desk = Desk(LOW)
    desk.lives({"orders": "511"})
    for rules in ("", LOW):
        desk.reload(rules or HIGH)
        desk.step(at=3)
    assert desk.lives({"orders": "11"}, first=3) == "pW"
    assert [one.sequence for one in desk.told] == [1, 2, 3]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        pytest.param("kpi: orders", "kpi: visits", id="another KPI"),
        pytest.param("window: 1m", "window: 5m", id="another window"),
        pytest.param("on: final", "on: final, by: channel", id="segments instead of the total"),
        pytest.param("on: final", "on: final, labels: {team: shop}", id="other labels: another fingerprint"),
        pytest.param("name: Low", "name: Lower", id="another name"),
    ],
)
def test_a_rule_that_watches_something_else_is_another_one(old: str, new: str) -> None:
    desk = Desk(LOW)
    desk.lives({"orders": "511"})
    desk.reload(LOW.replace(old, new))
    desk.step(at=3)
    assert desk.reasons == ["fired", "rule_removed"]
    assert desk.state() == AlertState(sequence=2)


def test_what_is_pending_on_another_series_is_forgotten() -> None:
    desk = Desk(LOW)
    assert desk.lives({"orders": "51"}) == "-p"
    desk.reload(LOW.replace("kpi: orders", "kpi: visits"))
    assert desk.lives({"visits": "11"}, first=2) == "pW"


@pytest.mark.parametrize(
    ("old", "new"),
    [("below: 2", "below: 3"), ("for: 1m", "for: 5m"), ("on: final", "on: final, annotations: {a: b}")],
)
def test_a_rule_with_other_thresholds_goes_on(old: str, new: str) -> None:
    desk = Desk(LOW)
    desk.lives({"orders": "511"})
    desk.reload(LOW.replace(old, new))
    assert desk.lives({"orders": "15"}, first=3) == "W-"
    assert desk.reasons == ["fired", "recovered"]


def test_a_breach_goes_on_over_a_reload() -> None:
    desk = Desk(LOW)
    assert desk.lives({"orders": "51"}) == "-p"
    desk.reload(LOW.replace("below: 2", "below: 4"))
    assert desk.lives({"orders": "3"}, first=2) == "W"


def test_labels_that_change_before_it_fires_are_those_it_fires_with() -> None:
    desk = Desk(LOW)
    desk.lives({"orders": "51"})
    desk.reload(LOW.replace("for: 1m", "for: 1m, labels: {team: shop}"))
    assert desk.lives({"orders": "1"}, first=2) == "W"
    assert desk.told[0].labels == {"team": "shop"}


def test_no_data_that_is_no_longer_asked_for_is_resolved() -> None:
    desk = Desk(LOW.replace("for: 1m", "no_data: {after: 2m, level: warning}"))
    assert desk.lives({"orders": "5__"}) == "--N"
    desk.reload(LOW)
    desk.step(at=4)
    assert desk.reasons == ["no_data", "rule_removed"]


def test_a_rule_that_was_removed_while_no_worker_ran_is_resolved_by_the_first_step() -> None:
    desk = Desk(LOW)
    desk.lives({"orders": "511"})
    desk.reload(HIGH)
    desk.restart()
    desk.step(at=3)
    assert desk.reasons == ["fired", "rule_removed"]


EVERYTHING = (
    "- {name: Low, kpi: orders, window: 1m, on: final, levels: {warning: {below: 3}, critical: {below: 2}}, for: 1m,"
    " clear: {above: 4}, keep_firing_for: 1m, no_data: {after: 3m, level: warning}}\n"
    "- {name: Less, kpi: orders, window: 1m, on: final, levels: {warning: {drop: {by: 20%, versus: 2m}}}}\n"
    "- {name: Both, kpi: orders, window: 1m, on: final,"
    " levels: {warning: {all: [{below: 5}, {kpi: visits, above: 5}]}}}\n"
    "- {name: Open, kpi: visits, window: 1m, levels: {critical: {outside: [2, 7]}}, for: 1m}\n"
)
ORDERS, VISITS = "5522211155____5552_3311554", "55998811_777__2222889_5555"


def test_a_restart_after_every_minute_changes_nothing_of_what_is_told() -> None:
    straight, restarted = Desk(EVERYTHING), Desk(EVERYTHING)
    for minute, letters in enumerate(zip(ORDERS, VISITS, strict=True)):
        for desk in (straight, restarted):
            desk.lives(dict(zip(("orders", "visits"), letters, strict=True)), first=minute)
        restarted.restart()
    assert straight.told == restarted.told
    assert {one.rule for one in straight.told} == {"Low", "Less", "Both", "Open"}


def test_a_reload_of_the_same_file_after_every_minute_changes_nothing() -> None:
    straight, reloaded = Desk(EVERYTHING), Desk(EVERYTHING)
    for minute, letters in enumerate(zip(ORDERS, VISITS, strict=True)):
        for desk in (straight, reloaded):
            desk.lives(dict(zip(("orders", "visits"), letters, strict=True)), first=minute)
        reloaded.reload(EVERYTHING)
    assert straight.told == reloaded.told


@pytest.mark.parametrize(
    ("orders", "pipeline", "alert"),
    [
        pytest.param("511115", "------", "-pWWW-", id="not behind"),
        pytest.param("511115", "-BBB--", "----p-", id="behind: it does not fire"),
        pytest.param("511555", "---BB-", "-pWWW-", id="behind: it does not resolve"),
        pytest.param("511115", "--B---", "-ppWW-", id="pending goes on where it was"),
        pytest.param("511115", "--BB--", "-pppp-", id="... but not over a gap longer than `for` and the window"),
    ],
)
def test_rules_on_open_windows_wait_while_the_pipeline_is_behind(orders: str, pipeline: str, alert: str) -> None:
    assert alert == Desk(OPEN).lives({"orders": orders}, pipeline=pipeline)


def test_rules_on_final_values_do_not_wait() -> None:
    assert Desk(LOW).lives({"orders": "5111155"}, pipeline="BBBBBBB") == "-pWWW--"


def test_the_pipeline_fires_once_and_is_resolved_when_it_has_caught_up() -> None:
    desk = Desk(OPEN)
    desk.lives({"orders": "5111115"}, pipeline="-BBBB--")
    behind = [one for one in desk.told if one.rule == "PipelineBehind"]
    assert [(one.reason.value, one.firing) for one in behind] == [("fired", True), ("recovered", False)]
    assert (behind[0].value, behind[0].threshold, behind[0].level) == (61.0, 60.0, "critical")
    assert behind[0].annotations["summary"] == "KPIs are 61 s behind: rules on open windows wait"
    assert (behind[0].starts_at_us, behind[1].ends_at_us) == (2 * MINUTE_US, 6 * MINUTE_US)


def test_exactly_at_the_limit_it_is_not_behind() -> None:
    desk = Desk(OPEN)
    desk.step(value_of("orders", 0, "1"), at=1, behind_s=60)
    assert desk.told == []
    assert desk.letter() == "p"


def test_only_the_task_that_has_the_total_tells_of_the_pipeline() -> None:
    desk = Desk(OPEN, total=False)
    desk.step(at=1, behind_s=100)
    assert desk.told == []


def test_the_alert_of_the_pipeline_outlives_a_restart_and_another_file() -> None:
    desk = Desk(OPEN)
    desk.step(at=1, behind_s=100)
    desk.restart()
    desk.reload(HIGH)
    desk.step(at=2, behind_s=100)
    desk.step(at=3)
    assert desk.reasons == ["fired", "recovered"]


def test_the_alert_of_the_pipeline_is_not_resolved_by_a_restart() -> None:
    desk = Desk(OPEN)
    desk.step(at=1, behind_s=100)
    assert list(desk.alerting.step(desk.tables, [], replace(desk.moment(at=2), heard=False))) == []
    desk.step(at=3)
    assert desk.reasons == ["fired", "recovered"]


def test_what_waits_is_marked_stale_until_it_is_looked_at_again() -> None:
    desk = Desk(OPEN)
    desk.lives({"orders": "511"})
    desk.lives({"orders": "5"}, first=3, pipeline="B")
    assert (desk.state().stale, desk.state().state) == (True, State.FIRING)
    desk.reload(HIGH)
    desk.step(at=4, behind_s=61)
    assert [one.stale for one in desk.told if one.rule == "Low"] == [False, True]
    desk.reload(OPEN)
    desk.lives({"orders": "5"}, first=5)
    assert not desk.state().stale


def test_values_that_came_while_it_was_behind_were_data() -> None:
    desk = Desk(OPEN.replace("for: 1m", "no_data: {after: 3m, level: warning}"))
    assert desk.lives({"orders": "555555__5"}, pipeline="-BBBBB---") == "---------"
    assert desk.lives({"orders": "___"}, first=9, pipeline="BBB") == "---"
    desk.step(at=13)
    assert desk.letter() == "N"


def test_a_provisional_value_of_the_open_window_is_seen_again_after_a_restart() -> None:
    desk = Desk(OPEN)
    for second in range(3):
        desk.step(value_of("orders", 0, "1", status=Status.PROVISIONAL), at=1 + second / 60)
        desk.restart()
    assert len(desk.state().last) == 1

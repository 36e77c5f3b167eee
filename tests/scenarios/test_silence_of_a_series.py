"""Deadmen: what it means that nothing comes, one letter a minute; see alert_desk.py."""

from dataclasses import replace

import pytest

from alert_desk import Desk, value_of
from life import MINUTE_US
from models.kpi_value import Status

DAY = 1_440


def rule(more: str = "", after: str = "3m", kpi: str = "orders", on: str = "final") -> str:
    no_data = f"no_data: {{after: {after}, level: critical}}"
    return f"- {{name: Low, kpi: {kpi}, window: 1m, on: {on}, levels: {{warning: {{below: 2}}}}, {no_data}{more}}}\n"


@pytest.mark.parametrize(
    ("orders", "alert"),
    [  # windows end with their minute: the last value of `55` is of 2, so silence is three minutes long at 5
        pytest.param("55____55", "----NN--", id="nothing for three minutes, and back"),
        pytest.param("55__5___", "-------N", id="back exactly at three minutes: nobody is woken"),
        pytest.param("55____11", "----NNWW", id="back with a breach: it goes on firing, for another reason"),
        pytest.param("51______", "-WWWWWWW", id="what fires goes on firing"),
        pytest.param("________", "---NNNNN", id="nothing at all, from the first watermark on"),
    ],
)
def test_no_data_for_three_minutes(orders: str, alert: str) -> None:
    assert alert == Desk(rule()).lives({"orders": orders})


def test_what_is_told_of_silence() -> None:
    desk = Desk(rule(", for: 2m, annotations: {summary: 'no {kpi}: {value}'}"))
    assert desk.lives({"orders": "55____111_"}) == "----NNppWW"
    missing, back, low = desk.told
    assert (missing.reason.value, missing.level, missing.firing, missing.value, missing.threshold) == (
        "no_data",
        "critical",
        True,
        None,
        None,
    )
    assert (missing.starts_at_us, missing.annotations) == (5 * MINUTE_US, {"summary": "no orders: no value"})
    assert (back.reason.value, back.firing, back.ends_at_us) == ("data_returned", False, 7 * MINUTE_US)
    assert (low.reason.value, low.level, low.sequence) == ("fired", "warning", 3)
    assert len({missing.fingerprint, back.fingerprint, low.fingerprint}) == 1


@pytest.mark.parametrize(
    ("rate", "alert"),
    [
        pytest.param("55ooooo5", "----NNN-", id="a ratio over 0 is no data"),
        pytest.param("55____x5", "----NN--", id="too little volume is data, though it says nothing"),
    ],
)
def test_data_is_a_value(rate: str, alert: str) -> None:
    desk = Desk(rule(", min_denominator: 5", kpi="rate").replace("below: 2", "below: 0.2"))
    assert alert == desk.lives({"rate": rate})


def test_a_pending_breach_that_falls_silent() -> None:
    assert Desk(rule(", for: 9m")).lives({"orders": "511____5"}) == "-ppppNN-"


def test_a_jump_of_the_watermark_is_as_long_as_the_time_it_jumps() -> None:
    # A replay closes an hour in one step: the silence in it is seen where it was, and its end too.
    desk = Desk(rule())
    desk.step(value_of("orders", 0, "5"), value_of("orders", 59, "5"), at=60)
    assert desk.reasons == ["no_data", "data_returned"]
    assert [one.starts_at_us // MINUTE_US for one in desk.told] == [4, 4]
    assert desk.told[1].ends_at_us == 60 * MINUTE_US


def test_windows_that_are_not_closed_yet_are_not_missing() -> None:
    desk = Desk(rule(), lateness=2)
    desk.step(value_of("orders", 0, "5"), at=3)
    desk.step(at=5)
    assert desk.letter() == "-"  # four minutes after the last value, two of which may still get one
    desk.step(at=6)
    assert desk.letter() == "N"


def test_an_open_window_with_a_value_is_data() -> None:
    desk = Desk(rule(on="provisional"), lateness=2)
    desk.step(value_of("orders", 0, "5"), at=3)
    desk.step(value_of("orders", 4, "5", status=Status.PROVISIONAL), at=5)
    desk.step(at=9)
    assert desk.letter() == "-"
    desk.step(at=10)
    assert desk.letter() == "N"


def test_a_segment_that_never_came_is_not_missed() -> None:
    desk = Desk(rule(", by: channel"))
    desk.step(at=DAY)
    assert desk.told == []


def test_a_segment_that_appears_and_disappears() -> None:
    desk = Desk(rule(", by: channel"))
    alert = desk.lives({"orders Email": "_5" + "_" * (DAY + 5), "orders Direct": "5" * (DAY + 7)}, segment="Email")
    # last seen at 2: missing from 5 on, no more a day after that
    assert alert == "----" + "N" * DAY + "---"
    assert desk.reasons == ["no_data", "segment_gone"]
    assert {one.segment for one in desk.told} == {"Email"}


def test_a_segment_that_is_gone_may_come_back_and_go_again() -> None:
    desk = Desk(rule(", by: channel"))
    for minute in (0, 2 * DAY):
        desk.step(value_of("orders", minute, "5", "Email"), at=minute + 1)
    desk.step(at=5 * DAY)
    assert desk.reasons == ["no_data", "segment_gone"] * 2
    assert [one.sequence for one in desk.told] == [1, 2, 3, 4]


def test_an_alert_of_a_segment_that_is_no_more_does_not_fire_for_ever() -> None:
    desk = Desk("- {name: Low, kpi: orders, window: 1m, by: channel, levels: {warning: {below: 2}}}\n")
    desk.step(value_of("orders", 0, "1", "Email"), at=1)
    desk.step(at=DAY)
    assert desk.letter(segment="Email") == "W"
    desk.step(at=DAY + 1)
    assert desk.reasons == ["fired", "segment_gone"]


def test_nothing_is_kept_of_a_segment_that_is_gone_and_nobody_was_told_of() -> None:
    desk = Desk(rule(", by: channel").replace("no_data: {after: 3m, level: critical}", "for: 5m"))
    desk.step(value_of("orders", 0, "5", "Email"), value_of("orders", 0, "1", "Direct"), at=1)
    assert len(desk.tables.states) == 2
    desk.step(at=DAY + 1)
    assert (len(desk.tables.states), desk.log["alerts"], desk.told) == (0, {}, [])


def test_a_correction_of_the_past_of_a_segment_that_is_gone_pages_nobody() -> None:
    desk = Desk(rule(", by: channel"))
    desk.step(value_of("orders", 0, "5", "Email"), at=1)
    desk.step(at=2 * DAY)
    desk.step(value_of("orders", 0, "1", "Email", status=Status.CORRECTED), at=2 * DAY)
    assert desk.reasons == ["no_data", "segment_gone"]


def test_a_window_of_a_day_is_not_gone_before_the_next_one() -> None:
    desk = Desk("- {name: Low, kpi: orders, window: 1d, on: final, by: channel, levels: {warning: {below: 2}}}\n")
    for day in (1, 2, 3):
        desk.step(at=(day + 1) * DAY - 1)
        desk.step(value_of("orders", day * DAY - 1, "1", "Email", window="1d"), at=(day + 1) * DAY)
    assert desk.reasons == ["fired"]


def test_a_segment_that_falls_silent_after_it_fired_is_missed_as_soon_as_any() -> None:
    assert Desk(rule(", by: channel")).lives({"orders Email": "55515_____"}, segment="Email") == "---W---NNN"


def test_only_the_task_that_has_the_total_waits_for_it() -> None:
    desk = Desk(rule(), total=False)
    desk.step(at=1)
    desk.step(at=DAY)
    assert desk.told == []


def test_nothing_is_missed_before_the_first_watermark() -> None:
    desk = Desk(rule())
    assert list(desk.alerting.step(desk.tables, [], replace(desk.moment(at=DAY), times_us={}))) == []
    desk.step(at=DAY)
    assert desk.told == []
    desk.step(at=DAY + 3)
    assert desk.reasons == ["no_data"]


@pytest.mark.parametrize("restarts", [False, True])
def test_deadlines_outlive_a_restart(restarts: bool) -> None:  # noqa: FBT001  pytest's
    desk = Desk(rule())
    desk.lives({"orders": "55_"})
    if restarts:
        desk.restart()
    assert desk.lives({"orders": "__"}, first=3) == "-N"

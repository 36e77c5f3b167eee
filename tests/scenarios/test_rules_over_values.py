"""What rules compare with and look at together, one letter a minute; see alert_desk.py."""

from dataclasses import replace

import pytest
from msgspec.structs import replace as replace_value

from alert_desk import Desk, value_of
from life import MINUTE_US
from models.kpi_value import Status
from streams.monitoring.alerts import Alerting
from streams.monitoring.rule_book import RuleBook

HOUR, DAY = 60, 1_440
WEEK = 7 * DAY


def rule(levels: str, more: str = "on: final", kpi: str = "orders") -> str:
    return f"- {{name: Low, kpi: {kpi}, window: 1m, levels: {{{levels}}}, {more}}}\n"


BOTH = "warning: {all: [{below: 3}, {kpi: visits, above: 5}]}"
SOME = "warning: {any: [{below: 3}, {kpi: visits, above: 5}]}"


def case(name: str, values: str, alert: str) -> object:
    assert len(values) == len(alert)
    return pytest.param(values, alert, id=name)


@pytest.mark.parametrize(
    ("orders", "alert"),
    [
        case("on either side", "3125563", "-W---W-"),
        case("exactly at both bounds it is inside", "2552552", "-------"),
    ],
)
def test_outside_two_and_five(orders: str, alert: str) -> None:
    assert alert == Desk(rule("warning: {outside: [2, 5]}")).lives({"orders": orders})


@pytest.mark.parametrize(
    ("bound", "rate", "alert"),
    [  # 0.3 over 1,000: the interval is 0.2724 .. 0.3291
        pytest.param("0.330", "53335", "-WWW-", id="all of the interval is below"),
        pytest.param("0.329", "53335", "-----", id="it reaches over the bound"),
        pytest.param("0.329", "52335", "-WWW-", id="what fires goes on while nobody is sure"),
        pytest.param("0.329", "o2o5", "-WW-", id="a ratio over 0 has no interval and says nothing"),
    ],
)
def test_confident(bound: str, rate: str, alert: str) -> None:
    text = rule(f"warning: {{below: {bound}}}", "on: final, confident: true", kpi="rate")
    assert alert == Desk(text).lives({"rate": rate})


@pytest.mark.parametrize(
    ("then", "now", "alert"),
    [
        pytest.param("5555", "5435", "--W-", id="4 of 5 is exactly 20 % less, 3 is more"),
        pytest.param("5__5", "5335", "----", id="nothing was there then: it says nothing"),
        pytest.param("5__5", "3553", "WWWW", id="... and what fires goes on"),
        pytest.param("5055", "5335", "--W-", id="a share of 0 says nothing"),
    ],
)
def test_a_drop_against_an_hour_ago(then: str, now: str, alert: str) -> None:
    desk = Desk(rule("warning: {drop: {by: 20%, versus: 1h}}"))
    assert desk.lives({"orders": then}) == "-" * len(then)
    assert alert == desk.lives({"orders": now}, first=HOUR)


def test_a_rise_against_the_same_window_last_week_by_segment() -> None:
    desk = Desk(rule("critical: {rise: {by: 50%, versus: 1w}}", "on: final, by: channel"))
    desk.lives({"orders Email": "4", "orders Direct": "2"})
    desk.lives({"orders Email": "6", "orders Direct": "4"}, first=WEEK)
    assert (desk.letter(segment="Email"), desk.letter(segment="Direct")) == ("-", "C")
    (fired,) = desk.told
    assert (fired.segment, fired.value, fired.threshold) == ("Direct", 4.0, 3.0)


def test_a_correction_of_then_changes_what_is_compared_with() -> None:
    desk = Desk(rule("warning: {drop: {by: 20%, versus: 1h}}"))
    desk.step(value_of("orders", 0, "5"), at=1)
    desk.step(value_of("orders", 0, "9", status=Status.CORRECTED), at=2)
    assert desk.lives({"orders": "7"}, first=HOUR) == "W"  # 20 % less than 9 are 7.2
    assert desk.told[0].threshold == pytest.approx(7.2)


def test_a_provisional_value_of_then_is_no_past() -> None:
    desk = Desk(rule("warning: {drop: {by: 20%, versus: 1m}}", "on: provisional"))
    desk.step(value_of("orders", 0, "9", status=Status.PROVISIONAL), at=1)
    assert desk.lives({"orders": "1"}, first=1) == "-"


def test_what_was_seen_is_forgotten_when_no_rule_needs_it() -> None:
    desk = Desk(rule("warning: {drop: {by: 20%, versus: 1h}}"))
    desk.lives({"orders": "5" * 2 * DAY})
    assert len(desk.tables.pasts) == 1 + 25  # an hour and a day for corrections, in rows of an hour
    desk.reload(rule("warning: {below: 1}"))
    desk.step(at=2 * DAY + 2)
    assert len(desk.tables.pasts) == 0
    assert desk.log["alert_pasts"] == {}


def test_what_was_seen_under_another_definition_is_not_compared_with() -> None:
    desk = Desk(rule("warning: {drop: {by: 20%, versus: 1h}}"))
    desk.lives({"orders": "55"})
    around = desk.alerting.book.around
    desk.restart()
    desk.alerting = Alerting(RuleBook(desk.alerting.book.rules, replace(around, definitions={"orders": "new"})))
    now = [replace_value(value_of("orders", HOUR + n, "3"), definition="new") for n in range(2)]
    desk.step(*now, at=HOUR + 2)
    assert desk.letter() == "-"
    assert [key for key in desk.log["alert_pasts"] if b"orders@new" not in key] == []


def test_what_another_kpi_compares_with_is_kept_until_it_is_there_too() -> None:
    # A replay: the other group of KPIs is days ahead, in the same step as the window that both are looked at in.
    desk = Desk(rule(BOTH))
    desk.step(value_of("visits", 0, "9"), at=1)
    desk.step(value_of("visits", 2 * DAY, "9"), value_of("orders", 0, "1"), at=2 * DAY)
    assert desk.letter() == "W"


def test_windows_that_both_close_in_one_step_are_looked_at_in_the_order_of_time() -> None:
    desk = Desk(rule(BOTH, "on: final, for: 1m"))
    orders = [value_of("orders", minute, letter) for minute, letter in enumerate("5115")]
    visits = [value_of("visits", minute, "9") for minute in range(4)]
    desk.step(*orders[3:], *orders[:3], *visits, at=4)
    assert desk.reasons == ["fired", "recovered"]
    assert desk.told[0].starts_at_us == 3 * MINUTE_US


def test_a_step_that_closes_two_days_compares_each_window_with_its_own_past() -> None:
    desk = Desk(rule("warning: {drop: {by: 20%, versus: 1h}}"))
    values = [value_of("orders", minute, "9" if minute == 0 else "5") for minute in (0, HOUR, 2 * DAY)]
    desk.step(*values, at=2 * DAY)
    assert desk.letter() == "W"


@pytest.mark.parametrize(
    ("now", "alert"),
    [
        pytest.param("4", "-", id="exactly 20 % less than the median"),
        pytest.param("3", "-", id="40 % less than usual, but within the band"),
        pytest.param("1", "W", id="out of the band too"),
    ],
)
def test_a_drop_against_the_usual_of_the_hour_of_the_week(now: str, alert: str) -> None:
    # Every five minutes of the hour 5 6 4 5 6 4 ...: median 5, deviations 0 and 1: median 1 x 1.4826; two are 2.97
    desk = Desk(rule("warning: {drop: {by: 20%, versus: baseline, weeks: 2, min_weeks: 2, mads: 2}}"))
    hour = "".join(f"0000{letter}" for letter in "564" * 4)  # the minutes between are no samples
    assert set(desk.lives({"orders": hour})) == {"-"}
    assert set(desk.lives({"orders": hour}, first=WEEK)) == {"-"}  # one week is not enough
    assert alert == desk.lives({"orders": now}, first=2 * WEEK + 4)


def test_a_baseline_looks_at_the_same_hour_only() -> None:
    desk = Desk(rule("warning: {drop: {by: 20%, versus: baseline, weeks: 1, min_weeks: 1, mads: 1}}"))
    desk.lives({"orders": "9" * 60})
    desk.lives({"orders": "3" * 60}, first=HOUR)
    assert desk.lives({"orders": "3"}, first=WEEK) == "W"
    assert desk.lives({"orders": "3"}, first=WEEK + HOUR) == "-"


@pytest.mark.parametrize(
    ("levels", "orders", "visits", "alert"),
    [
        pytest.param(BOTH, "51519", "99119", "-W---", id="all: fewer orders though there are visits"),
        pytest.param(SOME, "51519", "11199", "-W-WW", id="any: one of them is enough"),
        pytest.param(BOTH, "5111", "99_9", "-WWW", id="all: a minute in which one is missing is a gap"),
        pytest.param(SOME, "5_11", "11_1", "---W", id="any: likewise"),
    ],
)
def test_conditions_over_two_kpis(levels: str, orders: str, visits: str, alert: str) -> None:
    assert alert == Desk(rule(levels)).lives({"orders": orders, "visits": visits})


@pytest.mark.parametrize("first", ["orders", "visits"])
def test_windows_of_two_kpis_that_close_one_after_the_other_are_looked_at_when_both_have(first: str) -> None:
    desk = Desk(rule(BOTH))
    values = [value_of("orders", 0, "1"), value_of("visits", 0, "9")]
    early, late = values if first == "orders" else reversed(values)
    desk.step(value_of("orders", 1, "1"), early, at=2)
    desk.restart()
    assert desk.letter() == "-"
    desk.step(late, at=3)
    assert desk.letter() == "W"
    assert desk.told[0].starts_at_us == MINUTE_US  # the end of the window they share


def test_a_rule_on_final_values_wants_both_to_be_final() -> None:
    desk = Desk(rule(BOTH))
    desk.step(value_of("orders", 0, "1"), value_of("visits", 0, "9", status=Status.PROVISIONAL), at=1)
    assert desk.letter() == "-"
    desk.step(value_of("visits", 0, "9"), at=2)
    assert desk.letter() == "W"


@pytest.mark.parametrize(("corrected", "reasons"), [("8", ["fired"]), ("2", [])], ids=["a breach", "none as corrected"])
@pytest.mark.parametrize("on", ["final", "provisional"])
@pytest.mark.parametrize("first", ["orders", "visits"])
def test_a_window_that_one_kpi_closes_in_the_step_that_corrects_the_other_is_not_past(
    first: str, on: str, corrected: str, reasons: list[str]
) -> None:
    #  visits  9 final  8 corrected    The first window of the alert: looked at as a correction it would be past
    #  orders           1 final        that pages nobody.
    desk = Desk(rule(BOTH, f"on: {on}"))
    desk.step(value_of("visits", 0, "9"), at=1)
    values = [value_of("orders", 0, "1"), value_of("visits", 0, corrected, status=Status.CORRECTED)]
    desk.step(*(values if first == "orders" else reversed(values)), at=2)
    assert desk.reasons == reasons


def test_a_rule_on_open_windows_sees_the_last_of_both() -> None:
    desk = Desk(rule(BOTH, "on: provisional"))
    for orders, visits, letter in (("1", "4", "-"), ("2", "6", "W"), ("3", "7", "-")):
        values = {"orders": orders, "visits": visits}
        desk.step(*(value_of(kpi, 0, one, status=Status.PROVISIONAL) for kpi, one in values.items()), at=1)
        assert letter == desk.letter()
    desk.step(value_of("visits", 0, "9"), value_of("orders", 0, "2", status=Status.PROVISIONAL), at=2)
    assert desk.letter() == "W"


def test_a_correction_of_the_other_kpi_takes_the_alert_back() -> None:
    desk = Desk(rule(BOTH))
    assert desk.lives({"orders": "51", "visits": "99"}) == "-W"
    desk.step(value_of("visits", 1, "2", status=Status.CORRECTED), at=5)
    assert (desk.letter(), desk.reasons) == ("-", ["fired", "corrected"])


def test_two_values_of_a_rule_in_one_step_are_one_look() -> None:
    desk = Desk(rule(BOTH))
    desk.step(value_of("orders", 0, "1"), value_of("visits", 0, "9"), at=1)
    assert len(desk.state().last) == 1
    assert desk.reasons == ["fired"]


def test_a_goal_is_what_is_expected_by_now() -> None:
    text = "- {name: Low, kpi: orders, window: 1d, on: provisional, levels: {warning: {drop: {by: 10%, versus: goal}}}}"
    desk = Desk(text)
    for orders, expected, letter in (("9", "a", "-"), ("8", "a", "W"), ("9", "a", "-")):  # a: 10
        its = {"orders": orders, "orders_expected": expected}
        desk.step(*(value_of(k, 0, v, window="1d", status=Status.PROVISIONAL) for k, v in its.items()), at=1)
        assert letter == desk.letter()
    # Time goes by and nothing is ordered: only what is expected moves.
    desk.step(value_of("orders_expected", 0, "b", window="1d", status=Status.PROVISIONAL), at=2)
    assert desk.letter() == "W"

"""Conditions against figures, with bounds worked out by hand."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from alerting.baseline import Band
from alerting.clause import (
    AllOf,
    AnyOf,
    Change,
    Clause,
    Condition,
    Direction,
    Evidence,
    Limit,
    Verdict,
    above,
    below,
)
from alerting.condition import Conditions, Finding, Level
from alerting.reference import Ago, Baseline, Figure, Goal, Reference

HOUR = Ago(3_600_000_000)
OWN_HOUR = Reference(None, HOUR)
RANGE = Clause(Limit(2, 5))
DROP = Clause(Change(Direction.DROP, 0.2, HOUR))
RISE = Clause(Change(Direction.RISE, 0.2, HOUR))


@pytest.mark.parametrize(("value", "verdict"), [(1.9, "holds"), (2, "fails"), (5, "fails"), (5.1, "holds")])
def test_outside_is_strict_on_both_sides(value: float, verdict: str) -> None:
    assert verdict == RANGE.verdict(Evidence(Figure(value)))


@pytest.mark.parametrize(
    ("value", "interval", "verdict"),
    [
        pytest.param(1.0, (0.5, 1.9), "holds", id="all of it is below"),
        pytest.param(1.0, (0.5, 2.0), "unsure", id="it reaches to the bound"),
        pytest.param(2.5, (1.0, 4.0), "fails", id="the value itself is on the right side"),
        pytest.param(6.0, (5.1, 7.0), "holds", id="all of it is above"),
        pytest.param(6.0, (5.0, 7.0), "unsure", id="it reaches down to the bound"),
    ],
)
def test_confident_wants_the_whole_interval_on_the_wrong_side(
    value: float, interval: tuple[float, float], verdict: str
) -> None:
    assert verdict == RANGE.verdict(Evidence(Figure(value, 100, interval), confident=True))


@pytest.mark.parametrize(
    ("condition", "past", "value", "verdict"),
    [
        pytest.param(DROP, 10, 8.0, "fails", id="exactly 20 % less is no drop of 20 %"),
        pytest.param(DROP, 10, 7.9, "holds", id="more than 20 % less"),
        pytest.param(DROP, -10, -12.1, "holds", id="below 0 a drop goes down too"),
        pytest.param(DROP, -10, -12.0, "fails", id="... by 20 % of its size"),
        pytest.param(RISE, 10, 12.0, "fails", id="exactly 20 % more"),
        pytest.param(RISE, 10, 12.1, "holds", id="more than 20 % more"),
        pytest.param(RISE, 0, 5.0, "no_past", id="a share of 0 says nothing"),
        pytest.param(DROP, None, 5.0, "no_past", id="a ratio over 0 then"),
    ],
)
def test_a_change_against_what_was(condition: Condition, past: float | None, value: float, verdict: str) -> None:
    assert verdict == condition.verdict(Evidence(Figure(value), {OWN_HOUR: Figure(past)}))


def test_what_is_not_known_is_not_compared_with() -> None:
    assert DROP.verdict(Evidence(Figure(1.0))) is Verdict.NO_PAST


def test_a_past_over_too_few_says_nothing() -> None:
    against = {OWN_HOUR: Figure(10.0, 199)}
    assert DROP.verdict(Evidence(Figure(1.0, 500), against, min_denominator=200)) is Verdict.NO_PAST
    assert DROP.verdict(Evidence(Figure(1.0, 500), against, min_denominator=199)) is Verdict.HOLDS


def test_a_drop_against_a_baseline_leaves_its_band_too() -> None:
    usual = Baseline(mads=3)
    drop, against = Clause(Change(Direction.DROP, 0.2, usual)), {Reference(None, usual): Band(10.0, 1.0)}
    verdicts = [drop.verdict(Evidence(Figure(value), against)).value for value in (7.5, 7.0, 6.9)]
    assert verdicts == ["fails", "fails", "holds"]  # 20 % are 8, three deviations 7
    narrow = {Reference(None, usual): Band(10.0, 0.1)}
    assert [drop.verdict(Evidence(Figure(value), narrow)).value for value in (8.0, 7.9)] == ["fails", "holds"]


def test_a_goal_is_compared_with_what_is_expected_by_now() -> None:
    drop = Clause(Change(Direction.DROP, 0.1, Goal("orders_expected")))
    against = {Reference("orders_expected", None): Figure(50.0)}
    assert [drop.verdict(Evidence(Figure(value), against)).value for value in (45.0, 44.0)] == ["fails", "holds"]


VERDICTS = {"holds": below(1), "fails": below(-1), "no_value": Clause(Limit(low=1), "other")}


@pytest.mark.parametrize(
    ("parts", "every", "some"),
    [
        (("holds", "holds"), "holds", "holds"),
        (("holds", "fails"), "fails", "holds"),
        (("fails", "fails"), "fails", "fails"),
        (("holds", "no_value"), "no_value", "holds"),
        (("no_value", "fails"), "fails", "no_value"),
    ],
)
def test_all_and_any_of_what_holds_fails_or_is_not_known(parts: tuple[str, ...], every: str, some: str) -> None:
    conditions, evidence = tuple(VERDICTS[part] for part in parts), Evidence(Figure(0.0))
    assert (every, some) == (AllOf(conditions).verdict(evidence), AnyOf(conditions).verdict(evidence))


def test_a_breach_that_is_not_sure_is_neither_breach_nor_clear() -> None:
    sure = Conditions({Level.WARNING: below(2)}, confident=True)
    assert sure.judge(Figure(1.0, 9, (0.5, 2.5))).finding is Finding.BETWEEN
    assert sure.judge(Figure(1.0, 99, (0.8, 1.5))).finding is Finding.BREACH
    assert sure.judge(Figure(3.0, 9, (1.0, 5.0))).finding is Finding.CLEAR  # the end of a breach need not be sure


def test_a_level_that_is_not_known_makes_the_value_say_nothing_unless_another_one_holds() -> None:
    mixed = Conditions({Level.WARNING: below(5), Level.CRITICAL: DROP})
    assert mixed.judge(Figure(4.0)).level is Level.WARNING
    assert mixed.judge(Figure(6.0)).finding is Finding.NO_PAST


@pytest.mark.parametrize(
    ("condition", "value", "bound"),
    [
        pytest.param(below(2), 9.0, 2.0, id="of one side"),
        pytest.param(RANGE, 1.0, 2.0, id="the one it is beyond"),
        pytest.param(RANGE, 4.5, 5.0, id="the nearer one"),
        pytest.param(DROP, 5.0, 8.0, id="that follows from the past"),
        pytest.param(AllOf((above(9), below(2))), 1.0, 2.0, id="of the first clause that holds"),
        pytest.param(AllOf((above(9), below(2))), 5.0, 9.0, id="else of the first"),
    ],
)
def test_the_threshold_that_is_told(condition: Condition, value: float, bound: float) -> None:
    conditions = Conditions({Level.WARNING: condition})
    assert bound == conditions.bound(Level.WARNING, Figure(value), {OWN_HOUR: Figure(10.0)})


@given(past=st.floats(-1e6, 1e6), value=st.floats(-1e6, 1e6), by=st.floats(0.01, 0.99))
def test_nothing_drops_and_rises_at_once(past: float, value: float, by: float) -> None:
    evidence = Evidence(Figure(value), {OWN_HOUR: Figure(past)})
    verdicts = {Clause(Change(direction, by, HOUR)).verdict(evidence) for direction in Direction}
    assert verdicts != {Verdict.HOLDS}

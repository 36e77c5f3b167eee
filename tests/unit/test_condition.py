import pytest

from alerting.clause import above, below
from alerting.condition import Conditions, Finding, Judgement, Level
from alerting.reference import Figure

BELOW = Conditions(
    {Level.WARNING: below(0.025), Level.CRITICAL: below(0.018)},
    above(0.028),
    min_denominator=200,
)


@pytest.mark.parametrize(
    ("value", "denominator", "judgement"),
    [
        (0.030, 200, Judgement(Finding.CLEAR)),
        (0.028, 200, Judgement(Finding.BETWEEN)),
        (0.025, 200, Judgement(Finding.BETWEEN)),
        (0.024, 200, Judgement(Finding.BREACH, Level.WARNING)),
        (0.018, 200, Judgement(Finding.BREACH, Level.WARNING)),
        (0.017, 200, Judgement(Finding.BREACH, Level.CRITICAL)),
        (0.017, 199, Judgement(Finding.NOT_ENOUGH_VOLUME)),
        (None, 0, Judgement(Finding.NO_VALUE)),
    ],
)
def test_what_a_value_says(value: float | None, denominator: int, judgement: Judgement) -> None:
    assert judgement == BELOW.judge(Figure(value, denominator))


def test_without_a_clear_condition_it_is_clear_when_no_level_holds() -> None:
    high = Conditions({Level.CRITICAL: above(5)})
    assert Judgement(Finding.CLEAR) == high.judge(Figure(5))
    assert Judgement(Finding.BREACH, Level.CRITICAL) == high.judge(Figure(6))


def test_a_breach_of_critical_is_one_of_warning_too() -> None:
    critical, warning = Judgement(Finding.BREACH, Level.CRITICAL), Judgement(Finding.BREACH, Level.WARNING)
    assert critical.breaches(Level.WARNING)
    assert not warning.breaches(Level.CRITICAL)

import pytest

from alerting.condition import Condition, Conditions, Finding, Judgement, Level, Side

BELOW = Conditions(
    {Level.WARNING: Condition(Side.BELOW, 0.025), Level.CRITICAL: Condition(Side.BELOW, 0.018)},
    Condition(Side.ABOVE, 0.028),
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
    assert judgement == BELOW.judge(value, denominator)


def test_without_a_clear_condition_it_is_clear_when_no_level_holds() -> None:
    above = Conditions({Level.CRITICAL: Condition(Side.ABOVE, 5)})
    assert Judgement(Finding.CLEAR) == above.judge(5, None)
    assert Judgement(Finding.BREACH, Level.CRITICAL) == above.judge(6, None)


def test_a_breach_of_critical_is_one_of_warning_too() -> None:
    critical, warning = Judgement(Finding.BREACH, Level.CRITICAL), Judgement(Finding.BREACH, Level.WARNING)
    assert critical.breaches(Level.WARNING)
    assert not warning.breaches(Level.CRITICAL)

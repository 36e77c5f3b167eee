"""Goals and pace, computed by hand."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from itertools import accumulate
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.goal import goal_value, goals_of
from models.kpi import Kpi, Term
from models.kpi_value import KpiValue, Series, Status, Unit
from models.pace import KEPT_DAYS, Hours, learnt, share_of
from models.target import EVEN, PPM, Curve, Target

WARSAW = ZoneInfo("Europe/Warsaw")
# An eighth by 8:00, half by noon, three quarters by 18:00, all by midnight.
SHOP: Curve = tuple(
    [15_625 * hour for hour in range(1, 9)]
    + [125_000 + 93_750 * hour for hour in range(1, 5)]
    + [500_000 + 41_666 * hour for hour in range(1, 6)] + [750_000]
    + [750_000 + 41_666 * hour for hour in range(1, 6)] + [PPM]
)  # fmt: skip


def us(moment: datetime) -> int:
    return int(moment.timestamp()) * 1_000_000


def utc(day: int, hour: int = 0, minute: int = 0) -> int:
    return us(datetime(2026, 3, day, hour, minute, tzinfo=UTC))


def kpi(unit: Unit, target: Target, *, ratio: bool = False) -> Kpi:
    denominator = (Term(1, "orders"),) if ratio else None
    return Kpi("takings", "Takings", unit, (Term(1, "revenue"),), denominator, False, ("1d",), (), target=target)


def value(numerator: int, denominator: int | None, unit: Unit, window: str = "1d") -> KpiValue:
    return KpiValue(
        series=Series("takings", window, "all", "all"),
        start_us=utc(2),
        end_us=utc(3),
        unit=unit,
        exponent=2 if unit is Unit.MONEY else 0,
        numerator=numerator,
        denominator=denominator,
        interval=(0.1, 0.2),
        status=Status.PROVISIONAL,
        revision=7,
        watermark_us=utc(2, 12),
        definition="of the kpi",
        emitted_us=1,
    )


def goals(of: Kpi, base: KpiValue, share: int | None) -> dict[str, float | None]:
    return {goal.kind.value: goal_value(goal, base, share).value for goal in goals_of(of)}


def daily(value_: str, curve: Curve | None = EVEN) -> Target:
    return Target((("1d", Decimal(value_)),), curve)


def test_a_sum_at_noon() -> None:
    # Target 50,000.00, half of it by noon: 25,000.00 are expected. Takings 20,000.00: 40 % of the target, and 40,000.00
    # by midnight if it goes on so.
    money = kpi(Unit.MONEY, daily("50000"))
    found = goals(money, value(2_000_000, None, Unit.MONEY), 500_000)
    assert found == {"target": 50_000.0, "expected": 25_000.0, "attainment": 0.4, "forecast": 40_000.0}


def test_a_count_is_not_rounded_and_money_is_to_its_minor_unit() -> None:
    # A third of 1,000 is 333.333; of 1,000.00 it is 333.33.
    count = goals(kpi(Unit.COUNT, daily("1000")), value(7, None, Unit.COUNT), 333_333)
    assert count["expected"] == 333.333
    assert count["forecast"] == pytest.approx(21.000021)
    money = kpi(Unit.MONEY, daily("1000"))
    (expected,) = [g for g in goals_of(money) if g.kind == "expected"]
    found = goal_value(expected, value(7, None, Unit.MONEY), 333_333)
    assert (found.numerator, found.denominator, found.exponent) == (33_333, None, 2)


def test_a_ratio_has_its_target_at_any_time_and_its_value_for_a_forecast() -> None:
    # 45.50 a basket wanted; 1,200.00 in 30 orders are 40.00, 87.9 % of it.
    basket = kpi(Unit.MONEY, daily("45.50"), ratio=True)
    found = goals(basket, value(120_000, 30, Unit.MONEY), 1)
    assert found == {"target": 45.5, "expected": 45.5, "attainment": pytest.approx(40 / 45.5), "forecast": 40.0}
    rate = kpi(Unit.RATIO, daily("0.03"), ratio=True)
    assert goals(rate, value(3, 200, Unit.RATIO), 1) == {
        "target": 0.03, "expected": 0.03, "attainment": 0.5, "forecast": 0.015
    }  # fmt: skip


def test_where_nothing_is_known_there_is_no_value() -> None:
    count = kpi(Unit.COUNT, daily("10"))
    unknown = goals(count, value(5, None, Unit.COUNT), None)
    assert unknown == {"target": 10.0, "expected": None, "attainment": 0.5, "forecast": None}
    assert goals(count, value(5, None, Unit.COUNT), 0) == unknown | {"expected": 0.0}
    basket = kpi(Unit.MONEY, daily("45.50"), ratio=True)
    nothing = goals(basket, value(0, 0, Unit.MONEY), 1)
    assert nothing == {"target": 45.5, "expected": 45.5, "attainment": None, "forecast": None}


def test_a_goal_is_published_as_the_value_it_belongs_to() -> None:
    for goal in goals_of(kpi(Unit.COUNT, daily("10"))):
        found = goal_value(goal, value(5, None, Unit.COUNT), PPM)
        assert found.series == (f"takings_{goal.kind}", "1d", "all", "all")
        assert (found.status, found.revision, found.watermark_us) == (Status.PROVISIONAL, 7, utc(2, 12))
        assert (found.definition, found.interval) == (goal.definition, None)


@pytest.mark.parametrize(
    ("hour", "minute", "share"),
    [(0, 0, 0), (8, 0, 125_000), (10, 0, 312_500), (10, 30, 359_375), (18, 0, 750_000), (23, 30, 979_165)],
)
def test_a_pace_over_the_hours_of_a_day(hour: int, minute: int, share: int) -> None:
    assert share_of(SHOP, utc(2), utc(3), utc(2, hour, minute), UTC) == share


def test_before_the_day_is_nothing_and_after_it_all() -> None:
    assert share_of(SHOP, utc(2), utc(3), utc(1), UTC) == 0
    assert share_of(SHOP, utc(2), utc(3), utc(3), UTC) == PPM


def test_the_days_of_a_month_weigh_the_same() -> None:
    # 11 March at noon: ten days of 31 and half of the eleventh.
    start, end = us(datetime(2026, 3, 1, tzinfo=UTC)), us(datetime(2026, 4, 1, tzinfo=UTC))
    assert share_of(SHOP, start, end, utc(11, 12), UTC) == 10_500_000 // 31


def test_the_hours_are_those_of_the_shop_also_where_the_clock_changes() -> None:
    # 29 March 2026 has 23 hours in Warsaw: ten o'clock is 8:00 UTC. 25 October has 25: the hour from 2:00 comes twice.
    spring = (us(datetime(2026, 3, 29, tzinfo=WARSAW)), us(datetime(2026, 3, 30, tzinfo=WARSAW)))
    assert share_of(SHOP, *spring, us(datetime(2026, 3, 29, 8, tzinfo=UTC)), WARSAW) == 312_500
    autumn = (us(datetime(2026, 10, 25, tzinfo=WARSAW)), us(datetime(2026, 10, 26, tzinfo=WARSAW)))
    hours = [
        share_of(EVEN, *autumn, us(datetime(2026, 10, 25, 0, tzinfo=UTC)) + half * 1_800_000_000, WARSAW)
        for half in range(5)
    ]
    assert hours == [83_333, 104_166, 125_000, 125_000, 125_000]  # 2:00, 2:30, 2:00 again, 2:30 again, 3:00


@given(st.integers(0, 364), st.lists(st.integers(0, 86_400 * 10**6), min_size=2, max_size=20))
def test_a_share_never_falls_and_stays_between_nothing_and_all(day: int, moments: list[int]) -> None:
    midnight = datetime(2026, 1, 1, tzinfo=WARSAW) + timedelta(days=day)
    start, end = us(midnight), us(midnight + timedelta(days=1))
    shares = [share_of(SHOP, start, end, start + moment, WARSAW) for moment in sorted(moments)]
    assert shares == sorted(shares)
    assert 0 <= shares[0] <= shares[-1] <= PPM


TODAY = datetime(2026, 3, 30, tzinfo=UTC).toordinal()


def week(hours: Hours, weeks: int) -> tuple[int, Hours]:
    return TODAY - 7 * weeks, hours


BEGAN = (TODAY - 29, {12: 1})


def test_the_pace_is_the_mean_of_the_last_four_of_the_weekday() -> None:
    # 10 of 40 by nine o'clock, all by ten: 25 %. 30 of 40: 75 %. The mean is 50 %, and 100 % from ten on.
    days = dict([BEGAN, week({8: 10, 9: 30}, 1), week({8: 30, 9: 10}, 2)])
    assert learnt(days, TODAY) == (*[0] * 8, 500_000, *[PPM] * 15)


def test_each_day_weighs_the_same() -> None:
    days = dict([BEGAN, week({8: 1, 9: 3}, 1), week({8: 3_000, 9: 1_000}, 2)])
    found = learnt(days, TODAY)
    assert found is not None
    assert found[8] == 500_000


def test_other_weekdays_and_older_weeks_teach_nothing() -> None:
    others = {TODAY - days: {3: 1} for days in range(1, 36) if days not in {7, 14, 21, 28}}
    assert learnt(others, TODAY) is None
    assert learnt({**others, TODAY - 7: {8: 1}}, TODAY) == (*[0] * 8, *[PPM] * 16)


def test_the_first_day_on_record_may_be_a_part_and_teaches_nothing() -> None:
    assert learnt(dict([week({20: 5}, 1)]), TODAY) is None
    assert learnt(dict([week({8: 5}, 1), week({20: 5}, 2)]), TODAY) == (*[0] * 8, *[PPM] * 16)


def test_a_day_on_which_more_went_back_than_came_teaches_nothing() -> None:
    assert learnt(dict([BEGAN, week({8: 5, 9: -5}, 1), week({8: 5, 9: -9}, 2)]), TODAY) is None


def test_hours_of_refunds_do_not_let_the_pace_fall() -> None:
    found = learnt(dict([BEGAN, week({8: 100, 9: -50, 10: 50}, 1)]), TODAY)
    assert found == (*[0] * 8, *[PPM] * 16)


@given(st.dictionaries(st.sampled_from([7, 14, 21, 28]), st.dictionaries(st.integers(0, 23), st.integers(0, 10**9))))
def test_a_learnt_pace_is_a_given_one(weeks: dict[int, dict[int, int]]) -> None:
    found = learnt({TODAY - KEPT_DAYS: {0: 1}} | {TODAY - days: hours for days, hours in weeks.items()}, TODAY)
    if found is None:
        assert not any(sum(hours.values()) for hours in weeks.values())
    else:
        assert len(found) == 24
        assert list(found) == list(accumulate(found, max))
        assert (found[0] >= 0, found[-1]) == (True, PPM)

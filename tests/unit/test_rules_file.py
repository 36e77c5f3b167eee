from dataclasses import dataclass
from pathlib import Path

import pytest

from alerting.annotation import Annotation
from alerting.clause import AllOf, AnyOf, Change, Clause, Direction, Limit, above, below
from alerting.condition import Conditions, Level
from alerting.reference import Ago, Baseline, Goal, Reference
from alerting.rule import NoData, On, Rule
from alerting.rules_file import load
from models.errors import DefinitionError

ROOT = Path(__file__).parents[2]
FILES = ROOT / "tests" / "data" / "rules"
BAD = sorted(FILES.glob("*.bad.yaml"))
MINUTE_US = 60_000_000


@dataclass(frozen=True)
class Known:
    windows: tuple[str, ...] = ("1m", "5m", "1h")
    by: tuple[str, ...] = ("channel", "country")
    denominator: str | None = None
    proportion: bool = False


KNOWN = {
    "conversion_rate": Known(denominator="sessions", proportion=True),
    "bounce_rate": Known(denominator="sessions", proportion=True),
    "average_order_value": Known(denominator="orders"),
    "orders": Known(("1m", "5m", "1h", "1d", "30d", "1M")),
    "orders_expected": Known(("1d",), ()),
    "total_only": Known(("1m",), by=()),
}


def read(file: Path) -> tuple[Rule, ...]:
    return load(file.read_text(encoding="utf-8"), file.name, KNOWN)


@pytest.mark.parametrize("file", BAD, ids=lambda file: file.name)
def test_a_bad_file_is_refused_with_file_line_rule_key_and_remedy(file: Path) -> None:
    with pytest.raises(DefinitionError) as wrong:
        read(file)
    assert file.with_suffix(".txt").read_text(encoding="utf-8").rstrip("\n") == str(wrong.value)


def test_every_message_has_its_file() -> None:
    assert {file.stem for file in BAD} == {file.stem for file in FILES.glob("*.bad.txt")}


def test_the_whole_language_of_this_version() -> None:
    levels = {Level.WARNING: below(0.025), Level.CRITICAL: below(0.020)}
    expected = Rule(
        name="ConversionRateLow",
        kpi="conversion_rate",
        window="5m",
        conditions=Conditions(levels, above(0.027), 200),
        by="channel",
        for_us=3 * MINUTE_US,
        keep_firing_for_us=2 * MINUTE_US,
        on=On.FINAL,
        every_us=MINUTE_US,
        labels={"team": "growth"},
        annotations={
            "summary": Annotation.parse("Conversion {value:.2%} in {segment}"),
            "runbook_url": Annotation.parse("docs/runbooks/conversion-rate-low.md"),
        },
    )
    assert (expected,) == read(FILES / "everything.good.yaml")


def test_what_may_be_absent_has_its_default() -> None:
    conditions = Conditions({Level.CRITICAL: above(100)})
    assert (Rule("OrdersHigh", "orders", "1m", conditions, every_us=MINUTE_US),) == read(FILES / "least.good.yaml")


def test_conditions_of_every_kind() -> None:
    rules = {rule.name: rule for rule in read(FILES / "language.good.yaml")}
    confident = rules["Confident"]
    assert confident.conditions.confident
    assert confident.no_data == NoData(10 * MINUTE_US, Level.CRITICAL)
    assert rules["Range"].conditions == Conditions(
        {Level.WARNING: Clause(Limit(5, 50)), Level.CRITICAL: Clause(Limit(1, 50))}, AllOf((above(7), below(40)))
    )
    week = Ago(7 * 24 * 60 * MINUTE_US)
    assert rules["LastWeek"].conditions.levels == {
        Level.WARNING: Clause(Change(Direction.DROP, 0.2, week)),
        Level.CRITICAL: Clause(Change(Direction.DROP, 0.5, week)),
    }
    (unusual,) = rules["Unusual"].conditions.levels.values()
    assert unusual == Clause(Change(Direction.RISE, 0.125, Baseline(weeks=6, min_weeks=2, mads=4)))
    (usual,) = rules["Usual"].conditions.levels.values()
    assert usual == Clause(Change(Direction.DROP, 0.1, Baseline(weeks=4, min_weeks=3, mads=3)))
    (behind,) = rules["BehindGoal"].conditions.levels.values()
    assert behind == Clause(Change(Direction.DROP, 0.1, Goal("orders_expected")))


def test_conditions_of_several_kpis() -> None:
    (bots,) = (rule for rule in read(FILES / "language.good.yaml") if rule.name == "Bots")
    hour = Ago(60 * MINUTE_US)
    many = AnyOf((Clause(Limit(high=0.9), "bounce_rate"), Clause(Change(Direction.RISE, 2.0, hour), "orders")))
    assert bots.conditions.levels == {Level.WARNING: AllOf((Clause(Change(Direction.DROP, 0.3, hour)), many))}
    assert bots.kpis == {"bounce_rate", "orders"}
    assert bots.pasts == {Reference(None, hour), Reference("orders", hour)}


def test_a_goal_is_another_kpi_of_the_same_window() -> None:
    (behind,) = (rule for rule in read(FILES / "language.good.yaml") if rule.name == "BehindGoal")
    assert behind.kpis == {"orders_expected"}
    assert not behind.pasts


def test_no_rules_are_allowed() -> None:
    assert read(FILES / "none.good.yaml") == ()


def test_a_rule_selects_the_total_or_the_segments_of_its_dimension() -> None:
    (by_channel,), (total,) = read(FILES / "everything.good.yaml"), read(FILES / "least.good.yaml")
    assert (by_channel.kpi, by_channel.window, by_channel.dimension) == ("conversion_rate", "5m", "channel")
    assert (total.kpi, total.window, total.dimension) == ("orders", "1m", "all")

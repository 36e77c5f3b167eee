from dataclasses import dataclass
from pathlib import Path

import pytest

from alerting.annotation import Annotation
from alerting.condition import Condition, Conditions, Level, Side
from alerting.rule import On, Rule
from alerting.rules_file import load
from models import kpis_file
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


KNOWN = {"conversion_rate": Known(denominator="sessions"), "orders": Known(), "total_only": Known(by=())}


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
    levels = {Level.WARNING: Condition(Side.BELOW, 0.025), Level.CRITICAL: Condition(Side.BELOW, 0.020)}
    expected = Rule(
        name="ConversionRateLow",
        kpi="conversion_rate",
        window="5m",
        conditions=Conditions(levels, Condition(Side.ABOVE, 0.027), 200),
        by="channel",
        for_us=3 * MINUTE_US,
        keep_firing_for_us=2 * MINUTE_US,
        on=On.FINAL,
        labels={"team": "growth"},
        annotations={
            "summary": Annotation.parse("Conversion {value:.2%} in {segment}"),
            "runbook_url": Annotation.parse("docs/runbooks/conversion-rate-low.md"),
        },
    )
    assert (expected,) == read(FILES / "everything.good.yaml")


def test_what_may_be_absent_has_its_default() -> None:
    conditions = Conditions({Level.CRITICAL: Condition(Side.ABOVE, 100)})
    assert (Rule("OrdersHigh", "orders", "1m", conditions),) == read(FILES / "least.good.yaml")


def test_no_rules_are_allowed() -> None:
    assert read(FILES / "none.good.yaml") == ()


def test_a_rule_selects_the_total_or_the_segments_of_its_dimension() -> None:
    (by_channel,), (total,) = read(FILES / "everything.good.yaml"), read(FILES / "least.good.yaml")
    assert (by_channel.kpi, by_channel.window, by_channel.dimension) == ("conversion_rate", "5m", "channel")
    assert (total.kpi, total.window, total.dimension) == ("orders", "1m", "all")


def test_the_rules_that_come_with_the_product_fit_its_kpis() -> None:
    deploy = ROOT / "deploy"
    kpis = kpis_file.load_kpis((deploy / "kpis.yaml").read_text(encoding="utf-8"), "kpis.yaml").kpis
    rules = load((deploy / "alerts.yaml").read_text(encoding="utf-8"), "alerts.yaml", kpis)
    assert [rule.name for rule in rules] == ["ConversionRateLow"]
    runbook = rules[0].annotations["runbook_url"].filled({})
    assert (ROOT / runbook).is_file()

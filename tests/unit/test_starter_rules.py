"""The rules that are shipped: each is tested, has its page, and together they watch what a shop steers by."""

import re
from pathlib import Path

import pytest

from alerting.rule import Rule
from models.goal import with_goals
from models.kpis_file import load_kpis
from models.settings import Settings
from streams.configuration import load_rules
from streams.tools import rules_tests

ROOT = Path(__file__).parents[2]
RULES, TESTS = ROOT / "deploy" / "alerts.yaml", ROOT / "deploy" / "alerts.test.yaml"
ALERTS_OF_PROMETHEUS = (ROOT / "deploy" / "prometheus" / "alerts.yml").read_text(encoding="utf-8")
TEXT = RULES.read_text(encoding="utf-8")
KPIS = (ROOT / "deploy" / "kpis.yaml").read_text(encoding="utf-8")
CATALOGUE = load_kpis(KPIS, "kpis.yaml")
SHIPPED = load_rules(RULES, CATALOGUE)
SECTIONS = ("## Look first at", "## Act", "## When to silence")


def test_they_do_what_their_tests_say() -> None:
    outcome = rules_tests.run(TESTS.read_text(encoding="utf-8"), TESTS, SHIPPED, Settings(), CATALOGUE)
    assert [one.text for one in outcome.differences] == []


@pytest.mark.parametrize("rule", SHIPPED, ids=lambda rule: rule.name)
def test_a_rule_has_a_page_and_a_test_in_which_it_fires(rule: Rule) -> None:
    page = (ROOT / "".join(map(str, rule.annotations["runbook_url"].parts))).read_text(encoding="utf-8")
    assert page.startswith(f"# {rule.name}\n")
    assert [section for section in SECTIONS if section not in page] == []
    checks = re.findall(rf"rule: {rule.name}[,\n]\s*firing: (.*)", TESTS.read_text(encoding="utf-8"))
    assert any(not one.startswith("none") for one in checks)
    assert any(one.startswith("none") for one in checks)


def test_every_page_is_that_of_a_rule() -> None:
    pages = {file.stem for file in (ROOT / "docs" / "runbooks").glob("*.md")}
    named = set(re.findall(r"docs/runbooks/([a-z-]+)\.md", TEXT + ALERTS_OF_PROMETHEUS))
    assert pages == named | {"pipeline-behind"}


def test_they_watch_what_a_shop_steers_by() -> None:
    watched = {rule.kpi for rule in SHIPPED}
    assert watched >= {
        "conversion_rate",
        "average_order_value",
        "customer_acquisition_cost",
        "customer_lifetime_value",
        "retention_rate",
        "visits",
        "traffic_sources",
        "interactions",
        "orders",
        "revenue",
        "payment_success_rate",
    }
    assert any(rule.no_data for rule in SHIPPED)


def test_the_rule_of_a_goal_is_one_once_there_is_a_target(tmp_path: Path) -> None:
    commented = TEXT[TEXT.index("  # - name: RevenueBehindGoal") :]
    rule = "\n".join(line.replace("  # ", "  ", 1) for line in commented.splitlines())
    file = tmp_path / "alerts.yaml"
    file.write_text(f"rules:\n{rule}\n", encoding="utf-8")
    target = KPIS.replace("  revenue:\n", "  revenue:\n    target: {1d: 50000, pace: learnt}\n", 1)
    (behind,) = load_rules(file, load_kpis(target, "kpis.yaml"))
    assert behind.name == "RevenueBehindGoal"
    assert {one.kpi for one in behind.conditions.references} <= set(with_goals(load_kpis(target, "kpis.yaml").kpis))

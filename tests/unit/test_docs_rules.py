"""The page of the language of rules: every example is one, and every key and condition has one."""

import re
from pathlib import Path

import pytest

from alerting.conditions_file import KINDS
from alerting.rules_file import OPTIONAL, REQUIRED, load
from models.goal import with_goals
from models.kpis_file import load_kpis
from streams.monitoring.behind import PIPELINE_BEHIND

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "docs" / "rules.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"```yaml\n(.*?)```", PAGE, re.DOTALL)
TARGET = "  revenue:\n    target: {1d: 50000}\n"
KPIS = (ROOT / "deploy" / "kpis.yaml").read_text(encoding="utf-8").replace("  revenue:\n", TARGET, 1)
KNOWN = with_goals(load_kpis(KPIS, "kpis.yaml").kpis)


@pytest.mark.parametrize("example", EXAMPLES, ids=lambda text: re.findall(r"name: (\w+)", text)[0])
def test_an_example_is_a_rule(example: str) -> None:
    assert load(example, "docs/rules.md", KNOWN)


@pytest.mark.parametrize("word", [*REQUIRED, *OPTIONAL, *KINDS, "versus", "weeks", "min_weeks", "mads"])
def test_every_word_has_an_example(word: str) -> None:
    assert any(re.search(rf"\b{word}: ", example) for example in EXAMPLES)


def test_the_runbook_of_what_is_built_in_is_there() -> None:
    assert (ROOT / PIPELINE_BEHIND.annotations["runbook_url"].filled({})).is_file()

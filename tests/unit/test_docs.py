"""What a user can meet is documented."""

import re
from pathlib import Path

from models.kpis_file import RESERVED_METRICS
from models.outcome import Outcome, Reason

REFERENCE = (Path(__file__).parents[2] / "docs" / "reference.md").read_text()


def test_every_outcome_and_reason_is_documented() -> None:
    assert [word for word in (*Outcome, *Reason) if f"| `{word.value}` |" not in REFERENCE] == []


def test_every_metric_of_the_pipeline_is_documented() -> None:
    assert [name for name in RESERVED_METRICS if f"`{name}" not in REFERENCE] == []


def test_every_page_the_readme_links_to_exists() -> None:
    root = Path(__file__).parents[2]
    text = (root / "README.md").read_text()
    links = [part.split(")")[0] for part in text.split("](")[1:]]
    assert links
    assert [link for link in links if not (root / link).exists()] == []


def test_every_rule_of_the_engine_names_a_test_that_exists() -> None:
    root = Path(__file__).parents[2]
    rules = (root / "docs" / "engine-rules.md").read_text()
    tests = {file.name: file.read_text() for file in (root / "tests").rglob("test_*.py")}
    named = re.findall(r"`(test_\w+(?:\.py)?)`", rules)
    assert len(named) > 20
    assert [name for name in named if name not in tests and not any(f"def {name}(" in t for t in tests.values())] == []

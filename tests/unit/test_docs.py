"""What a user can meet is documented."""

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

"""What a user can meet is documented."""

import re
from pathlib import Path

import pytest

from models.kpis_file import RESERVED_METRICS, load_kpis
from models.measure import MEASURES
from models.outcome import Outcome, Reason
from models.receiver import KINDS
from streams.configuration import load_settings
from streams.delivering.receivers import receivers
from streams.tools.event_fields import EVENTS, event_fields
from streams.tools.reference_page import KPIS, PAGE, reference_page

ROOT = Path(__file__).parents[2]
REFERENCE = (ROOT / PAGE).read_text(encoding="utf-8")


def test_the_reference_is_what_the_code_makes() -> None:
    assert reference_page((ROOT / KPIS).read_text(encoding="utf-8")) == REFERENCE, "run `make docs`"


@pytest.mark.parametrize("topic", EVENTS)
def test_every_field_of_an_event_says_what_it_means(topic: str) -> None:
    fields = event_fields(EVENTS[topic])
    assert {name for one in EVENTS[topic] for name in one.__struct_fields__} <= {field.name for field in fields}
    assert [field.name for field in fields if not field.meaning] == []


def test_a_type_is_told_with_its_bounds() -> None:
    orders = {field.name: field for field in event_fields(EVENTS["orders"])}
    assert orders["event_id"].type == "text, 1 to 64 characters"
    assert orders["currency"].type == "text, 3 characters"
    assert (orders["amount"].required, orders["amount"].of) == (True, ("order_placed", "order_refunded"))
    assert orders["amount"].meaning.startswith("Merchandise")
    assert "Of `order_refunded`: What goes back" in orders["amount"].meaning
    assert (orders["order_id"].required, orders["order_id"].of, orders["channel"].required) == (True, (), False)
    social = {field.name: field for field in event_fields(EVENTS["social"])}
    assert social["count"].type == "whole number, 1 to 1,000,000,000"
    assert social["event_type"].type.startswith("one of `like`, `unlike`")


def test_every_kpi_and_every_measure_has_its_formula() -> None:
    kpis = load_kpis((ROOT / KPIS).read_text(encoding="utf-8"), "kpis.yaml").kpis.values()
    assert [kpi.name for kpi in kpis if f"| `{kpi.name}` | {kpi.formula} |" not in REFERENCE] == []
    assert [name for name in MEASURES if f"| `{name}` | " not in REFERENCE] == []


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
    files = list((root / "tests").rglob("test_*.py"))
    there = {file.name for file in files} | {
        name for file in files for name in re.findall(r"def (test_\w+)", file.read_text())
    }
    named = re.findall(r"`(test_\w+(?:\.py)?)`", rules)
    assert len(named) > 20
    assert [name for name in named if name not in there] == []


def test_every_kind_of_receiver_has_a_chapter() -> None:
    page = (ROOT / "docs" / "notifications.md").read_text(encoding="utf-8")
    chapters = {
        "".join(line.removeprefix("## ").lower().split()) for line in page.splitlines() if line.startswith("## ")
    }
    assert KINDS.keys() <= chapters


def test_the_example_of_receivers_is_read(tmp_path: Path) -> None:
    page = (ROOT / "docs" / "notifications.md").read_text(encoding="utf-8")
    file = tmp_path / "kpi.yaml"
    file.write_text(page.split("```yaml\n")[1].split("```")[0], encoding="utf-8")
    settings = load_settings({"KPI_CONFIG": str(file)})
    assert [receiver.name for receiver in receivers(settings)] == ["am", "ops", "pager", "chat"]

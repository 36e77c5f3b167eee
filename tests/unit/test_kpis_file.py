"""kpis.yaml: what makes no sense is refused with file, line and remedy."""

from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry

from models.errors import DefinitionError
from models.kpi import wilson
from models.kpis_file import RESERVED_METRICS, load_kpis
from streams.delivering.metrics import Notifications
from streams.metrics import Snapshot, SnapshotCollector
from streams.metrics_process import BuildCollector

DEPLOY = Path(__file__).parents[2] / "deploy" / "kpis.yaml"
GOOD = """kpis:
  rate:
    help: A rate
    numerator: converting_sessions
    denominator: sessions
    proportion: true
    windows: [1m, 1d]
    by: [channel]
"""


def test_the_shipped_catalogue_is_good() -> None:
    assert "conversion_rate" in load_kpis(DEPLOY.read_text(), "kpis.yaml").kpis


@pytest.mark.parametrize(
    ("line", "instead", "message"),
    [
        (
            "numerator: converting_sessions",
            "numerator: conversions",
            'kpis.yaml:4 rate.numerator: unknown measure "conv',
        ),
        ("numerator: converting_sessions", "numerator: revenue - orders", "adds money to a count"),
        ("denominator: sessions", "denominator: revenue", "divides by money"),
        ("denominator: sessions", "help2: x", "unknown key"),
        ("help: A rate", "by: [channel]", "the key comes twice"),
        ("windows: [1m, 1d]", "windows: [2m]", '"2m" is no window; possible are 1m 5m 1h 1d 7d 30d 1M'),
        ("by: [channel]", "by: [platform]", '"platform" is no dimension of all its measures'),
        ("proportion: true", "proportion: yes", "is not true or false"),
        ("  rate:", "  Rate%:", "not a name"),
        ("numerator: converting_sessions", "numerator: page_views", "the numerator is not part of the denominator"),
        ("numerator: converting_sessions", "numerator: time_on_site - sessions", "adds duration to a count"),
        ("denominator: sessions", "denominator: time_on_site", "divides by duration"),
        ("numerator: converting_sessions", "numerator: sessions - page_views", "the numerator is not part"),
        ("numerator: converting_sessions", "numerator: converting_sessions - sessions", "the numerator is not part"),
        ("denominator: sessions", "denominator: view_item_sessions", "the numerator is not part of the denominator"),
        ("denominator: sessions", "denominator: orders", "the numerator is not part of the denominator"),
    ],
)
def test_a_defect_is_named_with_its_line(line: str, instead: str, message: str) -> None:
    with pytest.raises(DefinitionError) as refused:
        load_kpis(GOOD.replace(line, instead), "kpis.yaml")
    assert message in str(refused.value)
    assert str(refused.value).startswith("kpis.yaml:")


@pytest.mark.parametrize(
    ("numerator", "denominator"),
    [
        ("sessions - engaged_sessions", "sessions"),
        ("cart_to_purchase_sessions", "add_to_cart_sessions"),
        ("cart_to_purchase_sessions", "purchase_sessions"),
    ],
)
def test_a_part_of_a_measure_and_what_is_left_of_it_are_proportions(numerator: str, denominator: str) -> None:
    text = GOOD.replace("converting_sessions", numerator).replace(
        "denominator: sessions", f"denominator: {denominator}"
    )
    assert load_kpis(text, "kpis.yaml").kpis["rate"].proportion


@pytest.mark.parametrize(
    ("numerator", "window", "only"),
    [
        ("returning_customers", "1d", "1M"),  # booked at the month's start: a day but the first would have none
        ("cohort_active", "30d", "1M"),
        ("predicted_value", "7d", "1d"),  # the equity of seven days does not add up
        ("predicted_customers", "1M", "1d"),
    ],
)
def test_what_is_booked_once_a_month_or_a_day_has_no_other_window(numerator: str, window: str, only: str) -> None:
    text = GOOD.replace("converting_sessions", numerator).replace("    denominator: sessions\n", "")
    text = text.replace("    proportion: true\n", "").replace("[1m, 1d]", f"[{window}]")
    with pytest.raises(DefinitionError, match=f"window of {numerator}, of each {only}; possible are {only}$"):
        load_kpis(text, "kpis.yaml")


def test_a_sum_is_no_proportion() -> None:
    with pytest.raises(DefinitionError, match="a sum is no proportion"):
        load_kpis(GOOD.replace("    denominator: sessions\n", ""), "kpis.yaml")


def test_a_changed_definition_changes_the_hash_and_other_slices_do_not() -> None:
    def definition(text: str) -> str:
        return load_kpis(text, "kpis.yaml").kpis["rate"].definition

    assert definition(GOOD) == definition(GOOD.replace("[1m, 1d]", "[1m]"))
    other = GOOD.replace("numerator: converting_sessions", "numerator: page_views").replace("true", "false")
    assert definition(GOOD) != definition(other)


def test_the_interval_is_wilsons() -> None:
    low, high = wilson(10, 100)  # the worked example of Brown, Cai and DasGupta (2001): 10 of 100
    assert (round(low, 4), round(high, 4)) == (0.0552, 0.1744)
    assert wilson(0, 20)[0] == 0.0
    assert wilson(0, 3)[0] == 0.0
    assert wilson(20, 20)[1] == 1.0
    assert all(low <= n / of <= high for of in range(1, 60) for n in range(of + 1) for low, high in [wilson(n, of)])


def test_the_names_of_the_pipelines_metrics_are_taken() -> None:
    names = {family.name for family in SnapshotCollector(Snapshot(), {}, "GBP").collect()}
    registry = CollectorRegistry()
    Notifications(registry, lambda: 0)
    registry.register(BuildCollector())
    assert names | {family.name for family in registry.collect()} == RESERVED_METRICS
    text = GOOD.replace("  rate:", "  events:").replace("    denominator: sessions\n    proportion: true\n", "")
    with pytest.raises(DefinitionError, match="the metric kpi_events is taken"):
        load_kpis(text, "kpis.yaml")
    with pytest.raises(DefinitionError, match="the metric kpi_events_total is taken"):  # as it is exported
        load_kpis(text.replace("  events:", "  events_total:"), "kpis.yaml")

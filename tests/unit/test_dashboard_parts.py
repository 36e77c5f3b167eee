"""What dashboards take from the KPIs and the rules: rows, windows, units, colours."""

from pathlib import Path

import pytest
from grafana_foundation_sdk.models.dashboard import Threshold

from alerting.rules_file import load
from models.kpi import Catalogue, Kpi
from models.kpis_file import load_kpis
from models.window_definition import shapes
from streams.dashboards.defined import Defined
from streams.dashboards.families import Family, families
from streams.dashboards.thresholds import thresholds, watched_by
from streams.dashboards.units import unit_of

CATALOGUE = load_kpis((Path(__file__).parents[2] / "deploy" / "kpis.yaml").read_text(encoding="utf-8"), "kpis.yaml")
RATE, VISITS = CATALOGUE.kpis["conversion_rate"], CATALOGUE.kpis["visits"]


def colours(
    kpi: Kpi, levels: str, *, shown: str | None = None, window: str = "1h", more: str = ""
) -> list[tuple[float | None, str]]:
    """Of a KPI shown in a window (None: the reader's choice), with one rule."""
    text = f"rules: [{{name: R, kpi: {kpi.name}, window: {window}, levels: {levels}{more}}}]"
    rules = load(text, "alerts.yaml", CATALOGUE.kpis, shapes(CATALOGUE.windows))
    return [_told(one) for one in thresholds(kpi, shown, rules)]


def _told(step: Threshold) -> tuple[float | None, str]:
    return step.value, step.color


@pytest.mark.parametrize(
    ("levels", "steps"),
    [
        ("{warning: {below: 0.02}}", [(None, "orange"), (0.02, "green")]),
        (
            "{warning: {below: 0.02}, critical: {below: 0.01}}",
            [(None, "red"), (0.01, "orange"), (0.02, "green")],
        ),
        ("{warning: {above: 0.5}, critical: {above: 0.7}}", [(None, "green"), (0.5, "orange"), (0.7, "red")]),
        ("{critical: {outside: [0.1, 0.5]}}", [(None, "red"), (0.1, "green"), (0.5, "red")]),
        (
            "{warning: {outside: [0.1, 0.5]}, critical: {below: 0.05}}",
            [(None, "red"), (0.05, "orange"), (0.1, "green"), (0.5, "orange")],
        ),
    ],
)
def test_a_ratio_has_the_colours_of_its_fixed_limits(levels: str, steps: list[tuple[float | None, str]]) -> None:
    assert colours(RATE, levels) == steps


def test_what_follows_from_the_past_gives_no_colour() -> None:
    assert colours(RATE, "{warning: {drop: {by: 20%, versus: 1w}}}") == [(None, "blue")]


def test_a_rule_by_channel_is_none_of_the_total() -> None:
    assert colours(RATE, "{warning: {below: 0.02}}", more=", by: channel") == [(None, "blue")]


def test_a_limit_of_a_count_holds_in_its_own_window_alone() -> None:
    limit = "{warning: {below: 100}}"
    assert colours(VISITS, limit, shown="1h") == [(None, "orange"), (100.0, "green")]
    assert colours(VISITS, limit, shown="1d") == colours(VISITS, limit, shown=None) == [(None, "blue")]


def test_a_description_names_the_rules_that_watch() -> None:
    text = "rules: [{name: Low, kpi: visits, window: 1h, by: channel, levels: {warning: {below: 1}}}]"
    rules = load(text, "alerts.yaml", CATALOGUE.kpis, shapes(CATALOGUE.windows))
    assert (watched_by(VISITS, rules), watched_by(RATE, rules)) == (" Watched by Low (1h by channel).", "")


def test_every_kpi_has_its_family() -> None:
    found = {family: [kpi.name for kpi in kpis] for family, kpis in families(CATALOGUE.kpis.values()).items()}
    assert list(found) == list(Family)
    assert found[Family.CONVERSION] == ["conversion_rate", "sign_up_rate"]
    assert {"revenue", "orders", "average_order_value", "unmatched_refunds"} <= {*found[Family.SALES]}
    assert len(found[Family.FUNNEL]) == 5
    assert {"ad_spend", "new_customers", "retention_rate", "customer_equity"} <= {*found[Family.CUSTOMERS]}
    assert {"likes", "social_engagement_rate"} <= {*found[Family.SOCIAL]}
    assert {"visits", "bounce_rate", "time_on_site"} <= {*found[Family.VISITS]}


@pytest.mark.parametrize(
    ("kpi", "unit"),
    [
        ("conversion_rate", "percentunit"),
        ("social_engagement_rate", "percentunit"),
        ("pages_per_visit", "short"),
        ("visits", "short"),
        ("time_on_site", "s"),
        ("revenue", "currency:PLN "),
        ("average_order_value", "currency:PLN "),
    ],
)
def test_a_kpi_is_written_in_its_unit(kpi: str, unit: str) -> None:
    assert unit_of(CATALOGUE.kpis[kpi], "PLN") == unit


def test_a_kpi_that_lacks_a_window_to_choose_has_one_of_its_own() -> None:
    defined = Defined(CATALOGUE, (), "GBP")
    assert defined.windows == ("5m", "1h", "1d")
    fixed = {name: defined.fixed_window(kpi) for name, kpi in CATALOGUE.kpis.items()}
    assert {name: window for name, window in fixed.items() if window} == {
        "ad_spend": "30d",
        "new_customers": "30d",
        "customer_acquisition_cost": "30d",
        "retention_rate": "1M",
        "cohort_retention": "1M",
        "repeat_customer_rate": "1d",
        "customer_value_to_date": "1d",
        "customer_lifetime_value": "1d",
        "customer_equity": "1d",
    }


def test_of_a_catalogue_without_the_usual_windows_all_are_to_choose() -> None:
    kpi = "  {}: {{help: h, numerator: revenue, windows: [{}]}}\n"
    catalogue: Catalogue = load_kpis("kpis:\n" + kpi.format("a", "1M") + kpi.format("b", "30d"), "kpis.yaml")
    defined = Defined(catalogue, (), "GBP")
    assert defined.windows == ("1M", "30d")
    assert [defined.fixed_window(kpi) for kpi in catalogue.kpis.values()] == ["1M", "30d"]

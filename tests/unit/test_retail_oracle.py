"""The oracle of Online Retail has the figures known of the set."""

from pathlib import Path

import pytest

from broker.oracle import CellKey, Figures, Places, catalogue_of
from broker.orders_oracle import retail_figures

FILE = Path(__file__).parents[1] / "data" / "online_retail.parquet"
UNTIL_US = 1_325_376_000_000_000
"""2012-01-01."""

DAYS, MONTHS = ("1d",), ("1M",)
CATALOGUE = {
    "orders": Places(("1h", "1d", "1M"), ("country",)),
    "revenue": Places(DAYS, ("country",)),
    "net_revenue": Places(DAYS, ()),
    "average_order_value": Places(DAYS, ()),
    "unmatched_refunds": Places(DAYS, ()),
    "new_customers": Places(("1d", "30d", "1M"), ("channel",)),
    "retention_rate": Places(MONTHS, ("channel",)),
    "cohort_retention": Places(MONTHS, ("cohort",)),
    "repeat_customer_rate": Places(DAYS, ("channel",)),
    "customer_value_to_date": Places(DAYS, ()),
}


@pytest.fixture(scope="module")
def figures() -> Figures:
    return retail_figures(FILE, CATALOGUE, UNTIL_US)


def summed(figures: Figures, kpi: str, window: str = "1d", dimension: str = "all") -> int:
    return sum(f[0] for key, f in figures.items() if (key.kpi, key.window, key.dimension) == (kpi, window, dimension))


@pytest.mark.parametrize(
    ("kpi", "known"),
    [
        ("orders", 19_960),
        ("revenue", 10_666_684_54),
        ("net_revenue", 9_747_747_93),
        ("unmatched_refunds", 3_838),
        ("new_customers", 4_338),
    ],
)
def test_days_add_up_to_what_is_known(figures: Figures, kpi: str, known: int) -> None:
    assert summed(figures, kpi) == known


def test_windows_and_segments_of_a_kind_add_up(figures: Figures) -> None:
    assert summed(figures, "orders", "1M") == summed(figures, "orders", dimension="country") == 19_960
    assert summed(figures, "orders", "1h") == 19_960 * 12, "an hour hops by five minutes"
    assert summed(figures, "new_customers", "1M", "channel") == 4_338


def test_a_ratio_is_its_sums(figures: Figures) -> None:
    for key, (revenue, orders) in figures.items():
        if key.kpi == "average_order_value" and orders:
            assert figures[key._replace(kpi="revenue")] == (revenue, None)
            assert figures[key._replace(kpi="orders")] == (orders, None)


@pytest.mark.parametrize(
    ("start", "cohort", "known"),
    [("2011-01", "2010-12", (324, 885)), ("2011-02", "2011-01", (92, 417))],
)
def test_cohorts_have_the_known_retention(figures: Figures, start: str, cohort: str, known: tuple[int, int]) -> None:
    assert figures[CellKey("cohort_retention", "1M", f"{start}-01T00:00:00Z", "cohort", cohort)] == known


def test_the_first_month_has_one_cohort_to_retain(figures: Figures) -> None:
    assert figures[CellKey("retention_rate", "1M", "2011-01-01T00:00:00Z", "all", "all")] == (324, 885)
    assert figures[CellKey("retention_rate", "1M", "2011-01-01T00:00:00Z", "channel", "(not set)")] == (324, 885)


def test_customers_to_date_have_a_value_every_day(figures: Figures) -> None:
    known = {key.start: f for key, f in figures.items() if key[0] == "repeat_customer_rate" and key.dimension == "all"}
    assert len(known) == 31 + 365
    assert known["2011-12-31T00:00:00Z"] == (2_845, 4_338)
    # sum(Quantity * UnitPrice) of all lines with a CustomerID, those of customers who only returned too
    last = CellKey("customer_value_to_date", "1d", "2011-12-31T00:00:00Z", "all", "all")
    assert figures[last] == (8_300_065_81, 4_338)


def test_a_window_that_has_not_ended_has_no_figure(figures: Figures) -> None:
    assert max(key.start for key in figures if key.window == "1M") == "2011-12-01T00:00:00Z"
    assert max(key.start for key in figures if key.window == "30d") == "2011-12-02T00:00:00Z"


def test_the_catalogue_is_read_as_it_is_shipped() -> None:
    shipped = (
        "kpis:\n  orders: {help: x, numerator: orders, windows: [1d, 1h], by: [country]}\n  likes: {windows: [1m]}\n"
    )
    assert catalogue_of(shipped) == {"orders": Places(("1d", "1h"), ("country",)), "likes": Places(("1m",), ())}

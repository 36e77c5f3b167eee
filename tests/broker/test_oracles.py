"""The oracles of the sets that come in wheels, and the sets themselves, have the figures known of them."""

from decimal import Decimal
from pathlib import Path

import pytest

from broker.clicks_oracle import SESSIONS, ecom_figures
from broker.oracle import CellKey, Figures, Places
from broker.orders_oracle import cdnow_figures
from models.order import OrderPlaced, decode_order
from streams.tools import datasets

JULY_2015_US, JULY_2024_US = 1_435_708_800_000_000, 1_719_792_000_000_000
MONTHS = Places(("1M",), ("channel", "cohort"))
DAYS = Places(("1d",), ())


@pytest.fixture(scope="module")
def purchases(cdnow: Path) -> Figures:
    sums = dict.fromkeys(("orders", "revenue", "average_order_value", "new_customers"), DAYS)
    return cdnow_figures(cdnow, sums | {"cohort_retention": MONTHS, "repeat_customer_rate": DAYS}, JULY_2015_US)


@pytest.fixture(scope="module")
def visits(ecom: Path) -> Figures:
    return ecom_figures(ecom, dict.fromkeys(SESSIONS.kpis, Places(("1d", "7d"), ("channel", "device"))), JULY_2024_US)


def total(figures: Figures, kpi: str, since: str = "", until: str = "9") -> tuple[int, int]:
    days = [f for key, f in figures.items() if (key.kpi, key.window, key.dimension) == (kpi, "1d", "all")
            and since <= key.start < until]  # fmt: skip
    return sum(numerator for numerator, _ in days), sum(denominator or 0 for _, denominator in days)


def test_cdnow_is_published_as_orders_of_customer_days(cdnow: Path) -> None:
    orders = [decode_order(record.key, record.value) for record in datasets.source(cdnow, None).read()]
    placed = [order for order in orders if isinstance(order, OrderPlaced)]
    assert len(orders) == len(placed) == len({order.order_id for order in placed}) == 67_591
    assert len({order.customer_id for order in placed}) == 23_570
    assert sum(Decimal(order.amount) for order in placed) == Decimal("2500315.63")
    assert [order.at_us for order in placed] == sorted(order.at_us for order in placed)


def test_cdnow_has_its_known_figures(purchases: Figures) -> None:
    assert total(purchases, "average_order_value") == (250_031_563, 67_591)
    assert round(2_500_315.63 / 67_591, 4) == 36.9918
    assert total(purchases, "orders")[0] == 67_591
    assert total(purchases, "new_customers")[0] == 23_570
    last = purchases[CellKey("repeat_customer_rate", "1d", "2015-06-30T00:00:00Z", "all", "all")]
    assert last == (11_516, 23_570)  # 48.8587 %


@pytest.mark.parametrize(("month", "cohort", "percent"), [(2, 1, 14.75), (3, 2, 15.48), (4, 3, 14.24)])
def test_cohorts_of_cdnow_come_back_as_is_known(purchases: Figures, month: int, cohort: int, percent: float) -> None:
    key = CellKey("cohort_retention", "1M", f"2014-{month:02d}-01T00:00:00Z", "cohort", f"2014-{cohort:02d}")
    active, size = purchases[key]
    assert round(100 * active / (size or 0), 2) == percent


def test_no_customer_of_cdnow_is_new_after_march(purchases: Figures) -> None:
    assert max(key.segment for key in purchases if key.dimension == "cohort") == "2014-03"


def test_the_clickstream_has_its_known_sessions(visits: Figures) -> None:
    assert total(visits, "conversion_rate") == (470, 3_605)
    assert total(visits, "pages_per_visit") == (6_521 + 2_762 + 1_204 + 796 + 659 + 406 + 276, 3_605)


def test_payments_fail_while_the_incident_lasts(visits: Figures) -> None:
    """84.0 % before, 35.4 % from 2024-05-19 to 06-07; of days, or the windows of a week would mix them."""
    before, during = (
        total(visits, "payment_success_rate", *span) for span in (("", "2024-05-19"), ("2024-05-19", "2024-06-08"))
    )
    assert [round(100 * paid / tried, 1) for paid, tried in (before, during)] == [84.0, 35.4]


def test_sessions_add_up_over_segments(visits: Figures) -> None:
    for dimension in ("channel", "device"):
        parts = [f[0] for key, f in visits.items() if key[:2] == ("visits", "7d") and key.dimension == dimension]
        whole = [f[0] for key, f in visits.items() if key[:2] == ("visits", "7d") and key.dimension == "all"]
        assert sum(parts) == sum(whole)


def test_a_step_more_is_never_more_sessions(visits: Figures) -> None:
    for kpi in ("view_to_cart_rate", "cart_to_checkout_rate", "checkout_to_purchase_rate", "cart_abandonment_rate"):
        assert all(0 <= f[0] <= (f[1] or 0) for key, f in visits.items() if key.kpi == kpi)


def test_moved_events_have_the_figures_of_their_days(ecom: Path, visits: Figures) -> None:
    catalogue = {"visits": Places(("1d",), ("channel",))}
    week = ecom_figures(ecom, catalogue, JULY_2024_US + 7 * 86_400 * 10**6, 7)
    own = {
        key: figure for key, figure in visits.items() if key.kpi == "visits" and key[1] == "1d" and key[3] != "device"
    }
    assert sorted(week.values(), key=str) == sorted(own.values(), key=str)
    assert min(key.start for key in week) == "2024-01-11T00:00:00Z"

"""Where the KPIs that are shipped belong, and which way is good."""

from pathlib import Path

from models.family import Family, Good, family, good
from models.kpis_file import load_kpis

KPIS = load_kpis((Path(__file__).parents[2] / "deploy" / "kpis.yaml").read_text(encoding="utf-8"), "kpis.yaml").kpis


def named(which: Family) -> set[str]:
    return {name for name, kpi in KPIS.items() if family(kpi) is which}


def test_every_kpi_that_is_shipped_belongs_to_the_family_of_its_measures() -> None:
    steps = {"view_to_cart", "cart_to_checkout", "checkout_to_purchase", "payment_success", "cart_abandonment"}
    assert named(Family.CONVERSION) == {"conversion_rate", "sign_up_rate", *(f"{step}_rate" for step in steps)}
    engaged = {"time_on_site", "pages_per_visit", "bounce_rate", "site_engagement_rate"}
    assert named(Family.VISITS) == {"visits", "unique_visitors", "traffic_sources", *engaged}
    worth = {"average_order_value", "net_average_order_value", "orders", "revenue", "net_revenue"}
    assert named(Family.ORDERS) == {*worth, "unattributed_orders", "unmatched_refunds"}
    counts = {"likes", "shares", "comments", "new_followers", "interactions"}
    assert named(Family.SOCIAL) == {*counts, "social_engagement_rate"}
    assert named(Family.ACQUISITION) == {"ad_spend", "new_customers", "customer_acquisition_cost"}
    kept = {"retention_rate", "cohort_retention", "repeat_customer_rate", "customer_value_to_date"}
    assert named(Family.CUSTOMERS) == {*kept, "customer_lifetime_value", "customer_equity"}


def test_the_way_a_kpi_should_go() -> None:
    down = {
        "bounce_rate",
        "cart_abandonment_rate",
        "customer_acquisition_cost",
        "unattributed_orders",
        "unmatched_refunds",
    }
    assert {name for name, kpi in KPIS.items() if good(kpi) is Good.DOWN} == down
    assert {name for name, kpi in KPIS.items() if good(kpi) is Good.NONE} == {"ad_spend"}
    assert good(KPIS["net_revenue"]) is Good.UP, "less its refunds, not what gives up"

"""Two real data sets through a real Kafka, whole and equal to an independent oracle; and again after kills."""

from collections import defaultdict
from collections.abc import Callable
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pytest

from broker.shop_floor import ShopFloor, shop_floor, within
from streams.tools.kafka_installation import Installation
from streams.tools.online_retail import COUNTRIES

RETAIL = Path(__file__).parents[1] / "data" / "online_retail.parquet"
ORACLE = """
with lines as (
    select InvoiceNo, min(InvoiceDate) as placed, any_value(Country) as country,
           sum(cast(Quantity as decimal(18,0)) * cast(cast(UnitPrice as varchar) as decimal(18,3))) as amount
    from read_parquet(?) group by InvoiceNo
)
select strftime(placed, '%Y-%m-%dT00:00:00Z') as day, country,
       count(*) filter (amount > 0) as orders,
       sum(round_even(amount, 2)) filter (amount > 0) as revenue,
       sum(round_even(amount, 2)) as net_revenue,
       count(*) filter (amount < 0) as unmatched_refunds
from lines where amount <> 0 group by all
"""
SUMS = ("orders", "revenue", "net_revenue", "unmatched_refunds")
Figures = dict[tuple[str, str, str], Decimal]


def expected(kpis: tuple[str, ...] = SUMS) -> Figures:
    """By KPI, day and segment of country (`all`: the total), computed by DuckDB from the file."""
    found: Figures = defaultdict(Decimal)
    for day, country, *figures in duckdb.execute(ORACLE, [str(RETAIL)]).fetchall():
        for kpi, figure in zip(SUMS, figures, strict=True):
            for segment in ("all", COUNTRIES.get(country) or "(not set)"):
                if kpi in kpis and figure is not None:
                    found[kpi, day, segment] += Decimal(figure)
    return found


def published(values: list[dict[str, Any]]) -> Figures:
    slices = [one for one in values if one["kpi"] in SUMS and one["dimension"] in {"all", "country"}]
    return {(one["kpi"], one["start"], one["segment"]): Decimal(str(one["value"])) for one in slices}


def check_orders(floor: ShopFloor) -> None:
    values = floor.values("--window", "1d", "--final")
    found = published(values)
    by_country = expected(("orders", "revenue", "net_revenue"))  # unmatched refunds have the total only
    wanted = expected() | by_country
    wanted = {key: figure for key, figure in wanted.items() if key[0] != "unmatched_refunds" or key[2] == "all"}
    assert {key: figure for key, figure in found.items() if figure} == {k: f for k, f in wanted.items() if f}
    total = {kpi: sum(f for (k, _, s), f in found.items() if (k, s) == (kpi, "all")) for kpi in SUMS}
    assert total == {
        "orders": 19_960,
        "revenue": Decimal("10666684.54"),
        "net_revenue": Decimal("9747747.93"),
        "unmatched_refunds": 3_838,
    }
    print(f"compared {len(wanted)} figures of Online Retail")


def check_sessions(floor: ShopFloor) -> None:
    rates = [one for one in floor.values("--window", "1d", "--kpi", "conversion_rate") if one["dimension"] == "all"]
    sessions, converting = (sum(one[part] for one in rates) for part in ("denominator", "numerator"))
    assert (sessions, converting) == (3_605, 470)
    ledger = floor.ledger()
    assert ledger["clickstream"] == {
        "received": 31_106,
        "counted": 31_106,
        "duplicate": 0,
        "late": 0,
        "bot": 0,
        "invalid": 0,
    }
    assert ledger["orders"]["received"] == ledger["orders"]["counted"] == 23_798


DAYS_ONLY = """kpis:
  orders: {help: x, numerator: orders, windows: [1d], by: [country]}
  revenue: {help: x, numerator: revenue, windows: [1d], by: [country]}
  net_revenue: {help: x, numerator: revenue - refunds, windows: [1d], by: [country]}
  unmatched_refunds: {help: x, numerator: unmatched_refunds, windows: [1d]}
  conversion_rate: {help: x, numerator: converting_sessions, denominator: sessions, proportion: true, windows: [1d]}
"""
"""The short form: the same events and figures, without the three million values of the shorter windows."""

KILLS = 6
RETAIL_END, ECOM_END = "2011-12-12T00:00:00Z", "2024-12-31T00:00:00Z"


@pytest.fixture
def days_only(tmp_path: Path) -> dict[str, str]:
    (tmp_path / "kpis.yaml").write_text(DAYS_ONLY)
    (tmp_path / "alerts.yaml").write_text("rules: []\n")
    return {"KPI_KPIS_FILE": str(tmp_path / "kpis.yaml"), "KPI_RULES_FILE": str(tmp_path / "alerts.yaml")}


def check_whole(floor: ShopFloor, ecom: Path) -> None:
    """Everything at once, then the figures."""
    floor.start_worker()
    floor.kpi("replay", RETAIL, "--heartbeat", RETAIL_END)
    floor.kpi("replay", ecom, "--heartbeat", ECOM_END)
    floor.caught_up(600)
    check_orders(floor)
    check_sessions(floor)


def check_with_kills(floor: ShopFloor, ecom: Path) -> None:
    """A year of orders, then half a year of clicks, each in about 15 s; the worker is killed every few seconds."""
    worker = floor.start_worker()
    for file, speed, end in ((RETAIL, 2_200_000, RETAIL_END), (ecom, 1_000_000, ECOM_END)):
        with floor.started("replay", file, "--speed", speed, "--heartbeat", end) as replay:
            for _ in range(KILLS // 2):
                for _ in within(4):
                    assert worker.poll() is None, floor.log_of(worker)
                worker.kill()
                worker.wait()
                worker = floor.start_worker()
            assert replay.wait() == 0
    floor.caught_up(600)
    check_orders(floor)
    check_sessions(floor)


def test_the_figures_are_those_of_the_oracle(
    installation: Installation, tmp_path: Path, ecom: Path, days_only: dict[str, str]
) -> None:
    with shop_floor(installation, tmp_path, **days_only) as floor:
        check_whole(floor, ecom)


def test_a_killed_worker_changes_no_figure(
    installation: Installation, tmp_path: Path, ecom: Path, days_only: dict[str, str]
) -> None:
    with shop_floor(installation, tmp_path, **days_only) as floor:
        check_with_kills(floor, ecom)


@pytest.mark.soak
@pytest.mark.timeout(1800)
@pytest.mark.parametrize("check", [check_whole, check_with_kills])
def test_the_whole_catalogue(
    installation: Installation, tmp_path: Path, ecom: Path, check: Callable[[ShopFloor, Path], None]
) -> None:
    """The same with every KPI, window and slice that is shipped."""
    with shop_floor(installation, tmp_path) as floor:
        check(floor, ecom)

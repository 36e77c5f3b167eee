"""Two real data sets through a real Kafka, whole and equal to an independent oracle; and again after kills."""

import signal
from collections import defaultdict
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


def replay_both(floor: ShopFloor, ecom: Path) -> None:
    floor.kpi("replay", RETAIL, "--heartbeat", "2011-12-12T00:00:00Z")
    floor.kpi("replay", ecom, "--heartbeat", "2024-12-31T00:00:00Z")


@pytest.mark.parametrize("kills", [0, 6])
def test_the_figures_are_those_of_the_oracle(
    installation: Installation, tmp_path: Path, ecom: Path, kills: int
) -> None:
    """Equal to the cent; with `kills`, the worker is killed and started again that often on the way."""
    with shop_floor(installation, tmp_path) as floor:
        worker = floor.start_worker()
        replay_both(floor, ecom)
        for _ in range(kills):
            for _ in within(2.5):
                assert worker.poll() is None, floor.log_of(worker)
            worker.send_signal(signal.SIGKILL)
            worker.wait()
            worker = floor.start_worker()
        floor.caught_up()
        check_orders(floor)
        check_sessions(floor)

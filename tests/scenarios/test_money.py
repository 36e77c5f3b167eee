"""Money through the whole flow: exact decimals, three currencies, rates that change, refunds on other days."""

from decimal import Decimal

import pytest

from flow import Flow, Sent, at, heartbeat, order, sent
from models.settings import Settings

DAYS = ("12:00:00", "36:00:00", "60:00:00")
"""Noon of three days."""


def shop(currency: str = "GBP") -> Flow:
    """A worker four days later, with two days of rates."""
    flow = Flow(Settings(reporting_currency=currency), now_us=at("100:00:00"))
    for code, first, second in (("JPY", "0.0052", "0.00531"), ("KWD", "2.57", "2.601"), ("USD", "0.7913", "0.80055")):
        flow.rates.add(code, at("00:00:00"), Decimal(first))
        flow.rates.add(code, at("24:00:00"), Decimal(second))
    return flow


def refund(clock: str, amount: str, order_id: str, currency: str) -> Sent:
    return order(clock, amount, order_id, event_type="order_refunded", currency=currency)


def by_day(flow: Flow, kpi: str, piece: tuple[str, str] = ("all", "all")) -> list[int]:
    """Numerators of the days in minor units, in order, empty ones left out."""
    found = {one.start_us: one.numerator for one in flow.values if one.series == (kpi, "1d", *piece)}
    return [found[start_us] for start_us in sorted(found) if found[start_us]]


def test_three_currencies_over_three_days_add_up_exactly() -> None:
    flow = shop()
    flow.read(
        order(DAYS[0], "19999", "yen", currency="JPY"),  # x 0.0052 = 103.9948: 103.99
        order(DAYS[0], "12.345", "dinar", currency="KWD"),  # x 2.57 = 31.72665: 31.73
        order(DAYS[0], "99.99", "dollar", currency="USD"),  # x 0.7913 = 79.122087: 79.12
        order(DAYS[0], "10.00", "pound"),
        refund(DAYS[1], "9999.5", "yen", "JPY"),  # x 0.0052 = 51.9974: 52.00, half a yen and all
        refund(DAYS[1], "0.001", "dinar", "KWD"),  # x 2.57 = 0.00257: 0.00
        order(DAYS[1], "99.99", "dollar-2", currency="USD"),  # x 0.80055 = 80.0469945: 80.05
        refund(DAYS[2], "12.344", "dinar", "KWD"),  # the rest of 31.73
        sent("orders", "yen", DAYS[2], event_type="order_cancelled", order_id="yen"),  # 103.99 - 52.00 = 51.99
        heartbeat("orders", "96:00:00"),
    )
    assert by_day(flow, "revenue") == [10399 + 3173 + 7912 + 1000, 8005]
    assert by_day(flow, "net_revenue") == [22484, 8005 - 5200, -3173 - 5199]
    assert sum(by_day(flow, "net_revenue")) == 7912 + 1000 + 8005, "yen and dinar are gone to the penny"
    assert (flow.ledger("orders").counted, flow.dead_letters) == (9, [])


@pytest.mark.parametrize(
    ("currency", "amounts", "minor"),
    [
        pytest.param("JPY", ["1.5", "2.5", "1000"], 2 + 2 + 1000, id="no digits, half to even"),
        pytest.param("KWD", ["1.2345", "0.0005", "7"], 1234 + 0 + 7000, id="three digits"),
        pytest.param("GBP", ["0.005", "0.015", "12.34"], 0 + 2 + 1234, id="two"),
    ],
)
def test_a_reporting_currency_has_its_own_digits(currency: str, amounts: list[str], minor: int) -> None:
    flow = shop(currency)
    flow.read(*(order(DAYS[0], one, currency=currency) for one in amounts), heartbeat("orders", "96:00:00"))
    assert by_day(flow, "revenue") == [minor]


def test_a_refund_before_its_order_moves_to_the_orders_rate_and_segment() -> None:
    flow, email = shop(), ("channel", "Email")
    flow.read(
        order(DAYS[1], "10", "o", event_type="order_refunded", currency="USD", channel="Direct"),
        heartbeat("orders", "36:10:00"),
    )
    assert by_day(flow, "net_revenue", ("channel", "Direct")) == [-801]  # 10 x 0.80055
    flow.read(order(DAYS[0], "100", "o", currency="USD", channel="Email"), heartbeat("orders", "96:00:00"))
    assert by_day(flow, "net_revenue", ("channel", "Direct")) == []
    assert by_day(flow, "net_revenue", email) == [7913, -791]
    assert by_day(flow, "net_revenue") == [7913, -791]


def test_a_rate_that_comes_later_lets_a_letter_be_replayed_and_changes_nothing_else() -> None:
    flow, placed = shop(), order(DAYS[0], "10", "o", currency="CHF")
    flow.read(placed)
    assert dict(flow.dead_letters[0].headers)["kpi-reason"] == b"no_fx_rate"
    flow.rates.add("CHF", at("00:00:00"), Decimal("0.9"))
    flow.read(placed)
    flow.rates.add("CHF", at("01:00:00"), Decimal("0.1"))
    flow.read(refund(DAYS[0], "4", "o", "CHF"), heartbeat("orders", "96:00:00"))
    assert by_day(flow, "net_revenue") == [900 - 360]
    ledger = flow.ledger("orders")
    assert (ledger.received, ledger.counted, ledger.invalid) == (3, 2, 1)

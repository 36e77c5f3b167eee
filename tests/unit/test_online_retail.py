"""Online Retail as events has the figures computed from the file with DuckDB alone."""

from collections import Counter
from decimal import Decimal
from pathlib import Path

import msgspec
import pytest

from models.order import OrderPlaced, OrderRefunded, decode_order
from streams.tools import datasets
from streams.tools.record import Record

FILE = Path(__file__).parents[1] / "data" / "online_retail.parquet"


class Order(msgspec.Struct, frozen=True):
    event_id: str
    event_type: str
    order_id: str
    amount: Decimal
    timestamp: str
    customer_id: str | None = None
    country: str | None = None


@pytest.fixture(scope="module")
def records() -> list[Record]:
    return list(datasets.source(FILE, None).read())


@pytest.fixture(scope="module")
def orders(records: list[Record]) -> list[Order]:
    return [msgspec.json.decode(record.value or b"", type=Order) for record in records]


def total(orders: list[Order], event_type: str) -> Decimal:
    return sum((order.amount for order in orders if order.event_type == event_type), Decimal(0))


def test_orders_and_refunds_have_the_known_numbers(orders: list[Order]) -> None:
    assert Counter(order.event_type for order in orders) == {"order_placed": 19_960, "order_refunded": 3_838}


def test_money_is_right_to_the_penny(orders: list[Order]) -> None:
    placed, refunded = total(orders, "order_placed"), total(orders, "order_refunded")
    assert placed == Decimal("10666684.54")
    assert placed - refunded == Decimal("9747747.93")


def test_known_customers_have_the_known_orders(orders: list[Order]) -> None:
    placed = [o for o in orders if o.event_type == "order_placed" and o.customer_id]
    assert len(placed) == 18_532
    assert len({order.customer_id for order in placed}) == 4_338
    assert sum(order.amount for order in placed) == Decimal("8911407.90")


def test_every_event_has_an_id_of_its_own(orders: list[Order]) -> None:
    assert len({order.event_id for order in orders}) == len(orders)


def test_events_come_by_time(records: list[Record]) -> None:
    times = [record.timestamp_us or 0 for record in records]
    assert times == sorted(times)


def test_the_product_takes_every_event_as_it_is(records: list[Record]) -> None:
    taken = Counter(type(decode_order(record.key, record.value)) for record in records)
    assert taken == {OrderPlaced: 19_960, OrderRefunded: 3_838}


def test_the_first_order_is_the_first_invoice(records: list[Record]) -> None:
    assert records[0] == Record(
        "orders",
        b"17850",
        b'{"event_id":"online_retail:536365","event_type":"order_placed","timestamp":"2010-12-01T08:26:00Z",'
        b'"order_id":"536365","amount":"139.12","currency":"GBP","customer_id":"17850","country":"GB"}',
        1_291_191_960_000_000,
    )


def test_countries_are_codes_and_two_are_none(orders: list[Order]) -> None:
    countries = {order.country for order in orders}
    assert {"GB", "IE", "ZA", "US", "JE", None} <= countries
    assert len(countries) == 37  # 38 names; European Community and Unspecified are absent


def test_a_bad_debt_line_is_an_order_of_a_guest(records: list[Record], orders: list[Order]) -> None:
    [(key, order)] = [(r.key, o) for r, o in zip(records, orders, strict=True) if o.order_id == "A563185"]
    assert (key, order.amount, order.event_type) == (b"A563185", Decimal("11062.06"), "order_placed")

"""What is left of an order: exact in its currency, and whole minor units of the reporting one that add up."""

from decimal import Decimal
from fractions import Fraction

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models import money
from models.fx import ONE
from models.order_fact import FactKind, OrderFact
from models.order_state import (
    MAX_REFUNDS,
    MAX_REFUNDS_BYTES,
    NEVER_US,
    ORDER_CODEC,
    Order,
    OrderOfOneCurrency,
    Refund,
    Refunds,
)
from models.table import Table

AMOUNTS = st.decimals(0, 1000, places=3)
RATES = st.decimals("0.0001", 500, places=4)


def order(amount: Decimal, rate: Decimal, digits: int = 2) -> Order:
    minor = money.to_minor(amount, rate, digits)
    return Order("USD", amount, rate, minor, (None, None, None), None, None, None, 10)


def test_the_example_of_the_module() -> None:
    row = order(Decimal("0.999"), Decimal("0.5"))
    assert row.left_minor == 50
    assert [row.take(Decimal("0.333"), 20, 2) for _ in range(3)] == [17, 17, 16]
    assert (row.left, row.left_minor, row.last_us) == (Decimal(0), 0, 20)


def test_refunds_that_round_up_never_take_more_than_was_booked() -> None:
    row = order(Decimal("1.00"), Decimal("0.06"))  # 0.06 reporting units
    assert [row.take(Decimal("0.10"), 20, 2) for _ in range(10)] == [1, 1, 1, 1, 1, 1, 0, 0, 0, 0]


def test_the_time_of_an_order_never_goes_back() -> None:
    row = order(Decimal(5), ONE)
    row.take(Decimal(1), 5, 2)
    assert row.last_us == 10


@given(AMOUNTS, RATES, st.sampled_from([0, 2, 3]), st.lists(AMOUNTS, max_size=8))
def test_minor_units_add_up(amount: Decimal, rate: Decimal, digits: int, wanted: list[Decimal]) -> None:
    row = order(amount, rate, digits)
    booked, gone = row.left_minor, 0
    for part in (one for one in wanted if one):
        taken = min(part, row.left)
        minor = row.take(taken, 20, digits)
        gone += minor
        rounded = round(Fraction(taken) * Fraction(rate) * 10**digits)  # half-even
        assert minor == rounded or gone == booked, "rounded by itself, or all that was left"
        assert row.left or gone == booked
        assert minor >= 0
        assert gone + row.left_minor == booked
    row.take(row.left, 20, digits)
    assert (row.left, row.left_minor) == (Decimal(0), 0)


@pytest.mark.parametrize(
    ("amount", "rate", "digits", "minor"),
    [
        pytest.param("1.5", "1", 0, 2, id="an amount finer than the yen, half to even"),
        pytest.param("2.5", "1", 0, 2, id="half to even, down"),
        pytest.param("1.2345", "1", 3, 1234, id="of a dinar's thousandths"),
        pytest.param("0.005", "1", 2, 0, id="half a penny"),
        pytest.param("0.015", "1", 2, 2, id="one and a half"),
        pytest.param(
            "9999999999.999999999999",
            "1.000000000000000001",
            2,
            1_000_000_000_000,
            id="50 digits are rounded once, at the end",
        ),
    ],
)
def test_conversion_is_exact_and_rounds_once(amount: str, rate: str, digits: int, minor: int) -> None:
    exact = Fraction(amount) * Fraction(rate) * 10**digits
    assert minor - Fraction(1, 2) <= exact <= minor + Fraction(1, 2)
    assert money.to_minor(Decimal(amount), Decimal(rate), digits) == minor


def test_a_product_that_no_28_digits_hold_is_not_rounded_twice() -> None:
    # 0.005 and 27 digits later a 1: by half-even of the 28 digits it would be a tie, and 0
    assert money.to_minor(Decimal("1.000000000001"), Decimal("0.005") + Decimal("1e-18"), 2) == 1
    assert money.to_minor(Decimal("1.000000000000"), Decimal("0.005"), 2) == 0


def test_an_order_of_the_first_format_is_lifted() -> None:
    table: Table[str, Order] = Table("orders", ORDER_CODEC)
    old = OrderOfOneCurrency("GBP", Decimal("12.34"), ("Email", None, None))
    table.restore(msgspec.msgpack.encode("o1"), b"\x01" + msgspec.msgpack.encode(old))
    lifted = Order("GBP", Decimal("12.34"), ONE, 1234, ("Email", None, None), None, None, None, NEVER_US)
    assert table.rows == {"o1": lifted}


def test_an_order_comes_back_as_it_was() -> None:
    row = Order("JPY", Decimal("1.50"), Decimal("0.0053"), 1, ("a", None, "b"), "c", "v", "s", 7)
    table: Table[str, Order] = Table("orders", ORDER_CODEC)
    table.restore(ORDER_CODEC.key_to_bytes("o1"), ORDER_CODEC.stored(row))
    assert table.rows == {"o1": row}


def refund(order_id: str) -> Refund:
    fact = OrderFact(
        kind=FactKind.UNMATCHED,
        order_id=order_id,
        at_us=5,
        count=1,
        minor=100,
        customer_id=None,
        visitor_id=None,
        session_id=None,
        segments=(None, None, None),
    )
    return Refund("GBP", ONE, fact)


def test_of_one_order_id_only_so_many_refunds_wait() -> None:
    refunds = Refunds([])
    assert [refunds.keep(refund("credit")) for _ in range(MAX_REFUNDS + 1)] == [*[True] * MAX_REFUNDS, False]
    long = Refunds([])
    assert not long.keep(refund("x" * MAX_REFUNDS_BYTES))
    assert len(long.its) == 0

"""Order events: every outcome by hand."""

import pytest

from flow import at
from models.order_fact import FactKind, OrderFact
from models.order_state import MAX_REFUNDS
from order_desk import Desk, net

DAY = 86_400_000_000


def test_a_fact_says_what_its_event_says() -> None:
    desk = Desk()
    who = {"customer_id": "c1", "visitor_id": "v1", "session_id": "s1"}
    assert desk.took("placed", "o1", "12:00:00", amount="50.00 GBP", channel="Email", country="PL", **who) == "counted"
    [fact] = desk.facts.facts
    assert fact == OrderFact(
        kind=FactKind.PLACED,
        order_id="o1",
        at_us=at("12:00:00"),
        count=1,
        minor=5000,
        segments=("Email", "PL", None),
        **who,
    )
    assert fact.key == "v1"


def test_a_refund_is_of_its_order_whatever_it_says_itself() -> None:
    desk = Desk()
    who = {"customer_id": "c1", "visitor_id": "v1", "session_id": "s1"}
    desk.took("placed", "o1", "12:00:00", amount="50.00 GBP", channel="Email", **who)
    desk.took("refunded", "o1", "13:00:00", amount="20.00 GBP", channel="Direct", customer_id="c1", visitor_id="v2")
    placed, refunded = desk.facts.facts
    assert (refunded.kind, refunded.count, refunded.minor) == (FactKind.REFUNDED, 1, 2000)
    assert refunded.at_us == at("13:00:00")
    assert (refunded.segments, refunded.key) == (placed.segments, placed.key)
    assert (refunded.customer_id, refunded.visitor_id, refunded.session_id) == ("c1", "v1", "s1")


def test_an_empty_visitor_is_none() -> None:
    desk = Desk()
    desk.took("placed", "o1", "12:00:00", amount="1 GBP", visitor_id="", session_id="")
    [fact] = desk.facts.facts
    assert (fact.visitor_id, fact.session_id, fact.key) == (None, None, "o1")


@pytest.mark.parametrize(
    ("kind", "amount", "reason"),
    [
        pytest.param("placed", "5 XXQ", "unknown_currency", id="an order in no currency"),
        pytest.param("refunded", "5 XXQ", "unknown_currency", id="a refund in no currency"),
        pytest.param("placed", "5 EUR", "no_fx_rate", id="an order without any rate"),
        pytest.param("refunded", "5 EUR", "no_fx_rate", id="an unmatched refund without any rate"),
        pytest.param("placed", "5 JPY", "no_fx_rate", id="an order before the first rate"),
        pytest.param("placed", "9999999999 KWD", "ill_typed_field", id="an order worth more than an integer may hold"),
        pytest.param("refunded", "9999999999 KWD", "ill_typed_field", id="an unmatched refund of as much"),
        pytest.param("cancelled", None, "unknown_order", id="a cancellation of nothing"),
    ],
)
def test_an_event_without_an_order_that_cannot_be_counted(kind: str, amount: str | None, reason: str) -> None:
    desk = Desk()
    desk.rate("JPY", "12:00:01", "0.005")
    desk.rate("KWD", "00:00:00", "250.5")
    assert desk.took(kind, "o1", "12:00:00", **({"amount": amount} if amount else {})) == reason
    assert desk.told() == []
    assert (len(desk.orders.placed), len(desk.orders.unmatched)) == (0, 0)


@pytest.mark.parametrize(
    ("kind", "amount", "reason"),
    [
        pytest.param("placed", "50 USD", "duplicate", id="placed again"),
        pytest.param("placed", "50 EUR", "no_fx_rate", id="placed again, and invalid whenever it comes"),
        pytest.param("refunded", "50 GBP", "currency_mismatch", id="a refund in another currency"),
        pytest.param("refunded", "50 XXQ", "unknown_currency", id="a refund in no currency"),
        pytest.param("refunded", "50.000000000001 USD", "over_refund", id="a refund of a little more than is left"),
    ],
)
def test_an_event_of_a_known_order_that_cannot_be_counted(kind: str, amount: str, reason: str) -> None:
    desk = Desk()
    desk.rate("USD", "00:00:00", "0.8")
    desk.took("placed", "o1", "12:00:00", amount="50 USD")
    before = desk.orders.placed.rows["o1"].left
    desk.told()
    assert desk.took(kind, "o1", "12:00:01", amount=amount) == reason
    assert (desk.told(), desk.orders.placed.rows["o1"].left) == ([], before)


def test_an_order_keeps_the_rate_of_its_time() -> None:
    desk = Desk()
    desk.rate("USD", "10:00:00", "0.80")
    desk.took("placed", "o1", "12:00:00", amount="100 USD")
    desk.rate("USD", "11:00:00", "0.70")  # comes late: changes nothing of what was admitted
    desk.rate("USD", "13:00:00", "0.60")
    desk.took("placed", "o2", "12:00:00", amount="100 USD")
    desk.took("refunded", "o1", "14:00:00", amount="40 USD")
    desk.took("cancelled", "o1", "15:00:00")
    desk.took("placed", "o3", "14:00:00", amount="100 USD")
    assert desk.told() == [
        ("placed", 1, 8000),
        ("placed", 1, 7000),
        ("refunded", 1, 3200),
        ("refunded", 1, 4800),
        ("placed", 1, 6000),
    ]


def test_a_cancellation_takes_what_is_left_and_a_second_one_nothing() -> None:
    desk = Desk()
    desk.took("placed", "o1", "12:00:00", amount="50 GBP")
    desk.took("refunded", "o1", "12:00:01", amount="20 GBP")
    assert [desk.took("cancelled", "o1", f"12:00:0{n}") for n in (2, 3)] == ["counted", "counted"]
    assert desk.told() == [("placed", 1, 5000), ("refunded", 1, 2000), ("refunded", 1, 3000), ("refunded", 1, 0)]
    assert desk.took("refunded", "o1", "12:00:04", amount="0.01 GBP") == "over_refund"


def test_amounts_have_the_digits_of_the_reporting_currency() -> None:
    yen, dinar = Desk("JPY"), Desk("KWD")
    yen.rate("GBP", "00:00:00", "190.5")
    dinar.rate("GBP", "00:00:00", "0.4")
    for desk in (yen, dinar):
        desk.took("placed", "o1", "12:00:00", amount="9.99 GBP")
        desk.took("placed", "o2", "12:00:00", amount=f"1.5 {desk.reporting}")
    assert yen.told() == [("placed", 1, 1903), ("placed", 1, 2)]  # 1,903.095 yen; half to even
    assert dinar.told() == [("placed", 1, 3996), ("placed", 1, 1500)]


class TestRefundsBeforeTheirOrder:
    def test_are_booked_at_once_and_again_with_the_orders_rate_and_segments(self) -> None:
        desk = Desk()
        desk.rate("USD", "10:00:00", "0.80")
        desk.rate("USD", "13:00:00", "0.60")
        desk.took("refunded", "o1", "13:00:00", amount="10 USD", channel="Direct")
        [early] = desk.facts.facts
        assert (early.kind, early.minor, early.segments) == (FactKind.UNMATCHED, 600, ("Direct", None, None))
        desk.took("placed", "o1", "12:00:00", amount="100 USD", channel="Email", visitor_id="v")
        _, placed, back, again = desk.facts.facts
        assert (placed.kind, placed.minor) == (FactKind.PLACED, 8000)
        assert (back.kind, back.count, back.minor, back.key) == (FactKind.UNMATCHED, -1, -600, early.key)
        assert (back.segments, back.at_us) == (early.segments, early.at_us)
        assert (again.kind, again.count, again.minor, again.key) == (FactKind.REFUNDED, 1, 800, "v")
        assert (again.segments, again.at_us) == (("Email", None, None), early.at_us)
        assert desk.orders.placed.rows["o1"].left == 90
        assert len(desk.orders.unmatched) == 0

    def test_stay_unmatched_where_they_exceed_what_is_left_or_are_in_another_currency(self) -> None:
        desk = Desk()
        desk.rate("USD", "00:00:00", "0.5")
        for amount in ("60 GBP", "10 USD", "50 GBP", "40 GBP"):  # the third one finds 40 left
            desk.took("refunded", "o1", "13:00:00", amount=amount)
        desk.told()
        desk.took("placed", "o1", "12:00:00", amount="100 GBP")
        assert desk.told() == [
            ("placed", 1, 10000),
            ("unmatched", -1, -6000),
            ("refunded", 1, 6000),
            ("unmatched", -1, -4000),
            ("refunded", 1, 4000),
        ]
        assert desk.took("refunded", "o1", "14:00:00", amount="0.01 GBP") == "over_refund"

    def test_are_all_counted_but_only_so_many_are_matched(self) -> None:
        desk = Desk()
        for _ in range(MAX_REFUNDS + 5):
            assert desk.took("refunded", "credit", "13:00:00", amount="1 GBP") == "counted"
        desk.took("placed", "credit", "12:00:00", amount="1000 GBP")
        assert net(desk.facts.facts) == {
            (FactKind.PLACED, "credit"): (1, 100_000),
            (FactKind.UNMATCHED, "credit"): (5, 500),
            (FactKind.REFUNDED, "credit"): (MAX_REFUNDS, MAX_REFUNDS * 100),
        }


def test_an_order_is_known_until_its_retention_after_the_latest_event() -> None:
    desk = Desk(retention_us=DAY)
    desk.took("placed", "o1", "12:00:00", amount="50 GBP")
    desk.took("refunded", "o2", "12:00:00", amount="50 GBP")
    desk.took("refunded", "o1", "18:00:00", amount="10 GBP")
    desk.booking.expire(desk.orders, at("12:01:00") + DAY)
    assert ([*desk.orders.placed.rows], [*desk.orders.unmatched.rows]) == (["o1"], [])
    desk.booking.expire(desk.orders, at("18:01:00") + DAY)
    assert [*desk.orders.placed.rows] == []
    assert desk.took("placed", "o1", "12:00:00", amount="50 GBP") == "counted"


def test_without_a_retention_orders_are_known_for_ever() -> None:
    desk = Desk()
    desk.took("placed", "o1", "12:00:00", amount="50 GBP")
    desk.booking.expire(desk.orders, at("12:00:00") + 10_000 * DAY)
    assert desk.took("placed", "o1", "12:00:00", amount="50 GBP") == "duplicate"

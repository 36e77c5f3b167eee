"""The predicted value of customers, from the parameters that are published to the values of a day; and erasures."""

import pytest

from customer_facts import CDNOW
from flow import Flow, Sent, at, heartbeat, order
from models.clv import Rfm, predicted_minor
from streams.measuring import erasure

EMAIL, DIRECT = ("channel", "Email"), ("channel", "Direct")
FIRST, SECOND, THIRD = "00:00:00", "24:00:00", "48:00:00"
WEEK = 7


def shop() -> Flow:
    """`a` by Email buys on the first two days, `b` by Direct on the first one; the wall clock is days later."""
    flow = Flow(now_us=at("240:00:00"))
    flow.read(
        order("09:00:00", "100.00", customer_id="a", channel="Email"),
        order("10:00:00", "5.00", customer_id="b", channel="Direct"),
        order("33:00:00", "40.00", customer_id="a", channel="Direct"),
    )
    return flow


def predicted(frequency: int, recency_days: int, age_days: int, minor: float) -> int:
    return predicted_minor(Rfm(frequency, recency_days / WEEK, age_days / WEEK, minor), CDNOW)


def test_a_fit_is_in_force_from_the_next_day_that_ends() -> None:
    flow = shop()
    flow.read(heartbeat("orders", "25:00:00"))
    assert [flow.history(kpi, "1d", FIRST) for kpi in ("customer_lifetime_value", "customer_equity")] == [[], []]
    flow.parameters = CDNOW
    flow.read(heartbeat("orders", "49:00:00"))
    back, once = predicted(1, 1, 1, 4_000), predicted(0, 0, 1, 0)
    assert flow.history("customer_equity", "1d", SECOND) == [((back + once) / 100, "final")]
    assert flow.history("customer_equity", "1d", SECOND, EMAIL) == [(back / 100, "final")]
    assert flow.history("customer_equity", "1d", SECOND, DIRECT) == [(once / 100, "final")]
    [(mean, status)] = flow.history("customer_lifetime_value", "1d", SECOND)
    assert (mean, status) == (pytest.approx((back + once) / 200, rel=1e-12), "final")
    assert flow.history("customer_lifetime_value", "1d", SECOND, EMAIL) == [(back / 100, "final")]
    assert flow.history("customer_equity", "1d", FIRST) == []


def test_prometheus_shows_the_prediction_of_the_last_day_that_has_ended() -> None:
    #   0:00       24:00      48:00   49:00   the first and second day have ended, the third is open
    #   [---------)[---------)[-------         a prediction is made of the second, in force until the third ends
    flow = shop()
    flow.parameters = CDNOW
    flow.read(heartbeat("orders", "49:00:00"))
    values = [value for value in flow.monitor.shown(flow.monitor_tables, flow.now_us) if value.series.window == "1d"]
    shown = {(value.series.kpi, value.series.segment): (value.start_us, value.value) for value in values}
    back, once = predicted(1, 1, 1, 4_000), predicted(0, 0, 1, 0)
    assert shown["customer_equity", "all"] == (at(SECOND), (back + once) / 100)
    assert shown["customer_lifetime_value", "Email"] == (at(SECOND), back / 100)
    assert shown["new_customers", "all"] == (at(THIRD), 0.0)
    assert len(shown) == len(values)  # one value a series


def test_after_a_fit_that_found_nothing_there_is_no_value_and_no_zero() -> None:
    flow = shop()
    flow.parameters = CDNOW
    flow.read(heartbeat("orders", "49:00:00"))
    assert len(flow.history("customer_equity", "1d", SECOND)) == 1
    flow.parameters = None
    flow.read(heartbeat("orders", "73:00:00"))
    assert flow.history("customer_equity", "1d", THIRD) == []
    assert flow.history("customer_lifetime_value", "1d", THIRD) == []
    assert flow.history("new_customers", "1d", THIRD) == [(0, "final")]


def test_an_erased_customer_stays_in_the_sums_and_comes_back_as_a_new_one() -> None:
    flow = shop()
    flow.parameters = CDNOW
    flow.read(heartbeat("orders", "34:00:00"), Sent("orders", b"a", None, ((erasure.HEADER, b""),)))
    assert list(flow.tables["customers"][0].customers.rows) == ["b"]
    flow.read(heartbeat("orders", "49:00:00"))
    assert flow.last("new_customers", "1d") == {at(FIRST): 2, at(SECOND): 0}
    assert flow.history("customer_value_to_date", "1d", SECOND)[-1] == (72.5, "final")
    assert flow.history("customer_equity", "1d", SECOND) == [(predicted(0, 0, 1, 0) / 100, "final")]
    flow.read(order("50:00:00", "7.00", customer_id="a", channel="Email"), heartbeat("orders", "73:00:00"))
    assert flow.last("new_customers", "1d")[at(THIRD)] == 1
    assert flow.last("customer_value_to_date", "1d")[at(THIRD)] == pytest.approx((145 + 7) / 3)
    assert flow.last("customer_equity", "1d", EMAIL)[at(THIRD)] == predicted(0, 0, 0, 0) / 100
    assert flow.ledger("orders").received == 4


def test_erasing_again_or_nobody_changes_nothing() -> None:
    flow = shop()
    for customer in (b"a", b"a", b"nobody"):
        flow.read(Sent("orders", customer, None, ((erasure.HEADER, b""),)))
    flow.read(heartbeat("orders", "49:00:00"))
    customers = flow.tables["customers"][0]
    assert (list(customers.customers.rows), len(customers.erasures)) == (["b"], 0)
    assert flow.last("new_customers", "1d") == {at(FIRST): 2, at(SECOND): 0}
    assert flow.dead_letters == []


def test_an_erasure_without_a_customer_is_a_dead_letter() -> None:
    flow = Flow()
    flow.read(Sent("orders", None, None, ((erasure.HEADER, b""),)))
    assert flow.ledger("orders").invalid == len(flow.dead_letters) == 1


def test_erasures_between_orders_of_one_batch_keep_their_place() -> None:
    """Of one customer: an order, an erasure, an order, an erasure: two new customers, and none is left."""
    gone = Sent("orders", b"a", None, ((erasure.HEADER, b""),))
    flow = Flow(now_us=at("240:00:00"))
    orders = [order(clock, "10.00", customer_id="a") for clock in ("09:00:00", "10:00:00", "11:00:00")]
    flow.batch("orders", [orders[0], gone, orders[1], orders[2], gone])
    flow.read(heartbeat("orders", "25:00:00"))
    assert flow.last("new_customers", "1d")[at(FIRST)] == 2
    assert flow.last("customer_value_to_date", "1d")[at(FIRST)] == 15.0
    assert flow.tables["customers"][0].customers.rows == {}
    assert (flow.ledger("orders").received, flow.ledger("orders").counted) == (3, 3)

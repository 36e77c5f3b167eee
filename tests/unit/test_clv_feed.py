"""What is published of a fit, and what a worker makes of it."""

import json
from datetime import UTC, date, datetime
from typing import Any

import pytest
import structlog
from prometheus_client import CollectorRegistry, generate_latest

from customer_facts import CDNOW
from flow import Sent
from models.bg_nbd import BgNbd
from models.clv import ClvParameters, NoFit, NoFitReason
from models.clv_record import ClvRecord, clv_record, decode_clv, encode_clv
from models.gamma_gamma import GammaGamma
from models.outcome import Outcome
from streams.clv_feed import MAX_LOGGED, ClvFeed
from streams.metrics import Snapshot, SnapshotCollector

FEW = NoFit(NoFitReason.FEW_CUSTOMERS, "7 customers, 200 are needed")
FITTED_AT = datetime(2026, 3, 2, 4, tzinfo=UTC)
AS_PUBLISHED = {
    "fitted_at": "2026-03-02T04:00:00Z",
    "through": "2026-03-01",
    "currency": "USD",
    "customers": 2357,
    "transactions": {"r": 0.24259, "alpha": 4.4136, "a": 0.79292, "b": 2.42591},
    "values": {"p": 6.2496, "q": 3.7442, "v": 1544.35},
}
WITHOUT = {name: AS_PUBLISHED[name] for name in ("fitted_at", "through", "currency")}
NONE = {**WITHOUT, "customers": 7, "reason": "few_customers", "detail": FEW.detail}


def sent(fields: dict[str, Any], key: bytes | None = b"USD") -> Sent:
    return Sent("kpi-clv-parameters", key, json.dumps(fields).encode())


def fitted(**fields: float) -> dict[str, Any]:
    """As published, with other parameters."""
    models = ("transactions", "values")
    return AS_PUBLISHED | {
        name: {one: fields.get(one, value) for one, value in dict(AS_PUBLISHED[name]).items()}  # type: ignore[call-overload]
        for name in models
    }


def test_a_fit_as_it_is_published() -> None:
    record = clv_record(FITTED_AT, date(2026, 3, 1), "USD", 2357, CDNOW)
    assert json.loads(encode_clv(record)) == AS_PUBLISHED
    assert decode_clv(b"USD", encode_clv(record)) == record
    assert record.found == CDNOW


def test_no_fit_as_it_is_published() -> None:
    record = clv_record(FITTED_AT, date(2026, 3, 1), "USD", 7, FEW)
    assert json.loads(encode_clv(record)) == NONE
    assert record.found == FEW


def test_a_model_that_predicts_more_than_an_order_may_be_worth_is_none() -> None:
    """6 * 1e14 / 0.5 is twelve times the most: no worker would take it, so it is said."""
    wild = ClvParameters(CDNOW.transactions, GammaGamma(6.0, 1.5, 1e14), 2357)
    record = clv_record(FITTED_AT, date(2026, 3, 1), "USD", 2357, wild)
    assert isinstance(record.found, NoFit)
    assert record.found.reason is NoFitReason.NO_FINITE_MEAN
    assert isinstance(decode_clv(b"USD", encode_clv(record)), ClvRecord)


def test_the_last_record_is_in_force() -> None:
    feed = ClvFeed("USD")
    assert (feed.parameters(), feed.reason) == (None, "not_fitted")
    feed.take(sent(AS_PUBLISHED))
    assert (feed.parameters(), feed.reason) == (CDNOW, "fitted")
    feed.take(sent(NONE))
    assert (feed.parameters(), feed.reason) == (None, "few_customers")
    feed.take(sent(fitted(r=0.5)))
    assert feed.parameters() == ClvParameters(BgNbd(0.5, 4.4136, 0.79292, 2.42591), CDNOW.values, 2357)


@pytest.mark.parametrize(
    ("record", "reason"),
    [
        pytest.param(Sent("t", b"USD", None), "empty", id="a tombstone"),
        pytest.param(Sent("t", b"USD", b"\xff"), "not_json", id="garbage"),
        pytest.param(sent(AS_PUBLISHED, key=b"GBP"), "key_mismatch", id="another key"),
        pytest.param(sent(AS_PUBLISHED | {"currency": "GBP"}, key=b"GBP"), "currency_mismatch", id="other money"),
        pytest.param(sent(WITHOUT | {"customers": 7}), "missing_field", id="neither model nor reason"),
        pytest.param(sent(AS_PUBLISHED | NONE), "missing_field", id="both"),
        pytest.param(sent({**NONE, "reason": "bad_luck"}), "ill_typed_field", id="an unknown reason"),
        pytest.param(sent(fitted(r=0.0)), "ill_typed_field", id="a parameter of 0"),
        pytest.param(sent(fitted(a=1e9)), "ill_typed_field", id="a parameter beyond all sense"),
        pytest.param(sent(fitted(q=1.0)), "ill_typed_field", id="values without a mean"),
        pytest.param(sent(fitted(v=1e16)), "ill_typed_field", id="a mean beyond all orders"),
    ],
)
def test_a_bad_record_is_counted_and_changes_nothing(record: Sent, reason: str) -> None:
    feed = ClvFeed("USD")
    feed.take(sent(AS_PUBLISHED))
    with structlog.testing.capture_logs() as lines:
        feed.take(record)
    assert feed.parameters() == CDNOW
    assert feed.counts == {Outcome.COUNTED: 1, Outcome.INVALID: 1}
    assert [line["reason"] for line in lines] == [reason]


def test_a_topic_full_of_garbage_does_not_fill_the_log() -> None:
    feed = ClvFeed("USD")
    with structlog.testing.capture_logs() as lines:
        for _ in range(MAX_LOGGED + 50):
            feed.take(Sent("t", b"USD", b"{"))
    assert (len(lines), feed.counts[Outcome.INVALID]) == (MAX_LOGGED, MAX_LOGGED + 50)


def test_metrics_say_why_there_is_a_value_or_none() -> None:
    feed, registry = ClvFeed("USD"), CollectorRegistry()
    feed.take(sent(NONE))
    feed.take(sent({}))
    registry.register(SnapshotCollector(Snapshot(clv_fit=feed.reason, clv_parameters=feed.counts), {}, "USD"))
    page = generate_latest(registry).decode()
    assert 'kpi_clv_fit{reason="few_customers"} 1.0' in page
    assert 'kpi_clv_parameters_total{outcome="invalid"} 1.0' in page

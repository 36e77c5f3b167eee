"""Exchange rates by event time, and the records they come from."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models.fx import FxRate, Rates, decode_rate
from models.outcome import Invalid

GOOD = b'{"currency": "USD", "rate": "0.79", "timestamp": "2026-03-02T12:00:00+01:00", "source": "ECB"}'


def test_a_record_says_currency_rate_and_since_when() -> None:
    rate = decode_rate(b"USD", GOOD)
    assert isinstance(rate, FxRate)
    assert (rate.currency, rate.rate, rate.at_us) == ("USD", "0.79", 1_772_449_200_000_000)


@pytest.mark.parametrize(
    ("key", "value", "reason"),
    [
        pytest.param(b"USD", b"", "empty", id="no bytes"),
        pytest.param(b"USD", None, "empty", id="a tombstone: rates are not deleted"),
        pytest.param(b"USD", b"{", "not_json", id="no JSON"),
        pytest.param(b"USD", GOOD.replace(b'"rate"', b'"rat"'), "missing_field", id="no rate"),
        pytest.param(b"USD", GOOD.replace(b'"0.79"', b"0.79"), "ill_typed_field", id="a rate as number"),
        pytest.param(b"USD", GOOD.replace(b"0.79", b"7.9e-1"), "ill_typed_field", id="a rate in exponent form"),
        pytest.param(b"USD", GOOD.replace(b"0.79", b"-0.79"), "ill_typed_field", id="a rate below 0"),
        pytest.param(b"USD", GOOD.replace(b"0.79", b"0.00"), "ill_typed_field", id="a rate of 0"),
        pytest.param(b"USD", GOOD.replace(b"+01:00", b""), "ill_typed_field", id="a time without zone"),
        pytest.param(b"XXQ", GOOD.replace(b"USD", b"XXQ"), "unknown_currency", id="no currency"),
        pytest.param(None, GOOD, "null_key", id="no key"),
        pytest.param(b"EUR", GOOD, "key_mismatch", id="another currency's key"),
    ],
)
def test_what_is_no_rate_has_a_reason(key: bytes | None, value: bytes | None, reason: str) -> None:
    found = decode_rate(key, value)
    assert isinstance(found, Invalid)
    assert (found.reason.value, bool(found.detail)) == (reason, True)


def test_a_rate_is_in_force_from_its_time_to_the_next() -> None:
    rates = Rates("GBP")
    rates.add("USD", 200, Decimal("0.8"))
    rates.add("USD", 100, Decimal("0.7"))
    found = [rates.at("USD", at_us) for at_us in (99, 100, 199, 200, 10**9)]
    assert found == [None, Decimal("0.7"), Decimal("0.7"), Decimal("0.8"), Decimal("0.8")]
    assert rates.at("EUR", 200) is None


def test_of_two_rates_for_one_moment_the_later_record_counts() -> None:
    rates = Rates("GBP")
    rates.add("USD", 100, Decimal("0.7"))
    rates.add("USD", 100, Decimal("0.8"))
    assert rates.at("USD", 100) == Decimal("0.8")


def test_the_reporting_currency_is_always_one() -> None:
    rates = Rates("GBP")
    rates.add("GBP", 100, Decimal(2))
    assert rates.at("GBP", 0) == rates.at("GBP", 100) == Decimal(1)


@given(st.lists(st.tuples(st.integers(0, 20), st.decimals("0.01", "9", places=2))), st.integers(0, 21))
def test_rates_may_come_in_any_order(records: list[tuple[int, Decimal]], at_us: int) -> None:
    rates, by_time = Rates("GBP"), dict(records)
    for time_us, rate in records:
        rates.add("USD", time_us, rate)
    reached = [time_us for time_us in by_time if time_us <= at_us]
    assert rates.at("USD", at_us) == (by_time[max(reached)] if reached else None)

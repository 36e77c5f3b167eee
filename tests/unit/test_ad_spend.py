"""Ad spend: the highest revision of a period counts, whatever the order of arrival."""

import json
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from customer_facts import Sums, catalogue, of, sums
from flow import Flow, Sent, at, sent
from models import measure
from models.ad_spend import AdSpend, decode_ad_spend
from models.fx import Rates
from models.outcome import Invalid, Outcome, Reason
from streams.measuring.ad_spend import AdSpendBooking, Periods
from streams.measuring.additions import Additions


def rates() -> Rates:
    """The euro rose from 0.80 to 0.90 pounds at noon."""
    found = Rates("GBP")
    found.add("EUR", at("00:00:00"), Decimal("0.80"))
    found.add("EUR", at("12:00:00"), Decimal("0.90"))
    return found


def spend(clock: str, amount: str, revision: int | None = None, **fields: Any) -> Sent:
    fields = {"event_type": "ad_spend", "source": "google", "campaign": "spring", "currency": "GBP"} | fields
    key = f"{fields['source']}|{fields['campaign']}"
    return sent("ad-spend", key, clock, amount=amount, revision=revision, **fields)


def decoded(record: Sent) -> AdSpend:
    event = decode_ad_spend(record.key, record.value)
    assert isinstance(event, AdSpend)
    return event


def booked(*records: Sent) -> tuple[list[Outcome | Invalid | None], Sums, Periods]:
    booking, additions = AdSpendBooking(catalogue(), rates()), Additions()
    periods = booking.table()
    outcomes: list[Outcome | Invalid | None] = []
    for record in records:
        event = decoded(record)
        wrong = booking.check(periods, event)
        outcomes.append(wrong or booking.book(periods, event, event.at_us, additions, 0))
    return outcomes, sums(additions), periods


def test_a_higher_revision_replaces_and_never_adds() -> None:
    outcomes, found, _ = booked(spend("00:00:00", "10.00"), spend("00:00:00", "12.50", 1), spend("01:00:00", "1.00"))
    assert outcomes == [None, None, None]
    assert list(of(found, measure.AD_SPEND).values()) == [1_250, 100]


def test_a_lower_or_equal_revision_is_a_duplicate() -> None:
    outcomes, found, _ = booked(
        spend("00:00:00", "12.50", 2),
        spend("00:00:00", "10.00", 1),
        spend("00:00:00", "9.00", 2),
        spend("00:00:00", "8"),
    )
    assert outcomes == [None, Outcome.DUPLICATE, Outcome.DUPLICATE, Outcome.DUPLICATE]
    assert list(of(found, measure.AD_SPEND).values()) == [1_250]


def test_a_revision_on_another_channel_moves_the_money() -> None:
    _, found, _ = booked(
        spend("00:00:00", "10.00", channel="Paid Search"), spend("00:00:00", "11.00", 1, channel="Paid Social")
    )
    assert list(of(found, measure.AD_SPEND, "channel", "Paid Search").values()) == []
    assert list(of(found, measure.AD_SPEND, "channel", "Paid Social").values()) == [1_100]
    assert list(of(found, measure.AD_SPEND, "campaign", "spring").values()) == [1_100]


def test_other_sources_campaigns_and_periods_add_up() -> None:
    _, found, periods = booked(
        spend("00:00:00", "1.00"),
        spend("00:00:00", "2.00", source="meta"),
        spend("00:00:00", "4.00", campaign="summer"),
        spend("06:00:00", "8.00"),
    )
    assert list(of(found, measure.AD_SPEND).values()) == [700, 800]
    assert len(periods) == 4


def test_money_is_converted_at_the_rate_of_the_period() -> None:
    """10.01 euros are 8.008 pounds before noon and 9.009 after."""
    _, found, _ = booked(spend("11:59:59", "10.01", currency="EUR"), spend("12:00:00", "10.01", currency="EUR"))
    assert list(of(found, measure.AD_SPEND).values()) == [801, 901]


def test_currencies_without_a_rate_or_unknown_are_refused_and_change_nothing() -> None:
    outcomes, found, periods = booked(spend("00:00:00", "1", currency="USD"), spend("00:00:00", "1", currency="QQQ"))
    reasons = [outcome.reason for outcome in outcomes if isinstance(outcome, Invalid)]
    assert (reasons, len(found), len(periods)) == ([Reason.NO_FX_RATE, Reason.UNKNOWN_CURRENCY], 0, 0)


def test_money_worth_more_than_an_integer_may_hold_is_refused() -> None:
    # Seen: a rate of a billion pounds a yen, and the worker could not write its table any more, at every start again.
    flow = Flow()
    flow.rates.add("JPY", at("00:00:00"), Decimal(10**10 - 1))
    flow.read(spend("12:00:00", "9999999999", currency="JPY"), spend("12:00:00", "1", currency="JPY"))
    ledger = flow.ledger("ad-spend")
    assert (ledger.counted, ledger.invalid) == (1, 1)
    assert all(change for table in flow.tables["ad-spend"][0].all() for change in table.drain())


@pytest.mark.parametrize(
    ("change", "reason"),
    [
        ({"amount": 10}, Reason.ILL_TYPED_FIELD),
        ({"amount": "1e3"}, Reason.ILL_TYPED_FIELD),
        ({"amount": "-1"}, Reason.ILL_TYPED_FIELD),
        ({"revision": -1}, Reason.ILL_TYPED_FIELD),
        ({"clicks": 1.5}, Reason.ILL_TYPED_FIELD),
        ({"event_type": "ad_spent"}, Reason.UNKNOWN_EVENT_TYPE),
        ({"campaign": None}, Reason.ILL_TYPED_FIELD),
        ({"campaign": "summer"}, Reason.KEY_MISMATCH),
    ],
)
def test_what_is_not_in_the_contract_is_named(change: dict[str, Any], reason: Reason) -> None:
    good = spend("00:00:00", "10.00")
    value = json.dumps(json.loads(good.value or b"") | change).encode()
    found = decode_ad_spend(good.key, value)
    assert isinstance(found, Invalid)
    assert found.reason is reason


def test_a_null_key_is_refused() -> None:
    found = decode_ad_spend(None, spend("00:00:00", "1").value)
    assert isinstance(found, Invalid)
    assert found.reason is Reason.NULL_KEY


REVISIONS = st.lists(st.tuples(st.sampled_from(["00:00:00", "01:00:00"]), st.integers(0, 4), st.integers(0, 999)))


@given(REVISIONS)
def test_the_sum_is_that_of_the_highest_revisions(revisions: list[tuple[str, int, int]]) -> None:
    """Of equal revisions the first one counts."""
    _, found, _ = booked(*(spend(clock, f"{minor / 100:.2f}", revision) for clock, revision, minor in revisions))
    highest: dict[str, tuple[int, int]] = {}
    for clock, revision, minor in revisions:
        if clock not in highest or revision > highest[clock][0]:
            highest[clock] = (revision, minor)
    expected = {clock: minor for clock, (_, minor) in highest.items() if minor}
    assert sorted(of(found, measure.AD_SPEND).values()) == sorted(expected.values())


def test_in_the_flow_nothing_is_late_and_a_restatement_corrects_the_day() -> None:
    #            2 March              3 March         windows 1d
    #            [------day----------)[----
    # 1st read    a 10.00                  b          the day is final
    # 2nd read    a' 12.50, revision 1, weeks later   the day is corrected
    flow = Flow()
    flow.read(spend("00:00:00", "10.00"), spend("23:59:59", "0.00", campaign="other"))
    later = spend("00:00:00", "3.00", campaign="april")
    april = json.dumps(json.loads(later.value or b"") | {"timestamp": "2026-04-20T00:00:00Z"}).encode()
    flow.now_us += 60 * 86_400_000_000
    flow.read(Sent("ad-spend", later.key, april))
    flow.tick()
    flow.read(spend("00:00:00", "12.50", 1), spend("00:00:00", "9.00"))
    flow.tick()
    history = flow.history("ad_spend", "1d", "00:00:00")
    assert history[-2:] == [(10.0, "final"), (12.5, "corrected")]
    ledger = flow.ledger("ad-spend")
    assert (ledger.received, ledger.counted, ledger.duplicate, ledger.late) == (5, 4, 1, 0)

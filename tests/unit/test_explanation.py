"""What a page says of a change, from the figures of two windows."""

from fractions import Fraction

import pytest

from alerting.contribution import REST, Counts
from alerting.explanation import OTHERS, Question, explain, failing_step
from flow import KPIS
from models.funnel import fails, is_end, step_of, steps_of
from models.kpi_value import Unit
from models.kpis_file import load_kpis

PAYMENT = Question("payment_success_rate", "all", "all", Unit.RATIO, step="add_payment_info -> purchase")


def ratio(numerator: int, denominator: int) -> Counts:
    return Counts(Fraction(numerator), Fraction(denominator))


def amount(value: str) -> Counts:
    return Counts(Fraction(value))


BEFORE = {
    "all": {"all": ratio(36, 60)},
    "device": {"mobile": ratio(18, 30), "desktop": ratio(18, 30)},
    "channel": {"Email": ratio(6, 10), "Direct": ratio(30, 50)},
}
AFTER = {
    "all": {"all": ratio(24, 60)},
    "device": {"mobile": ratio(6, 30), "desktop": ratio(18, 30)},
    "channel": {"Email": ratio(4, 10), "Direct": ratio(20, 50)},
}


def test_a_page_names_the_change_the_step_and_the_segments() -> None:
    """Mobile falls from 60 to 20 %, with half the weight: -20 points, all of it rate. No channel stands out."""
    found = explain(PAYMENT, BEFORE, AFTER)
    assert found is not None
    assert found.summary[:3] == (
        "payment_success_rate 40.0 % (24 of 60), the window before 60.0 % (36 of 60)",
        "failing step: add_payment_info -> purchase",
        "device=mobile -20.0 points (rate -20.0, mix +0.0)",
    )
    assert (found.before, found.after, found.change) == (0.6, 0.4, -0.2)
    for its in found.contributions.values():
        assert sum(one.change for one in its) == pytest.approx(-0.2)


def test_an_alert_of_a_segment_is_explained_by_its_dimension() -> None:
    question = Question("payment_success_rate", "channel", "Email", Unit.RATIO)
    found = explain(question, BEFORE, AFTER)
    assert found is not None
    assert list(found.contributions) == ["channel"]
    assert found.summary[0].startswith("payment_success_rate of channel=Email 40.0 % (4 of 10), ")


def test_money_is_told_as_an_amount() -> None:
    before = {"all": {"all": amount("100.50")}, "country": {"PL": amount("60.50"), "DE": amount("40")}}
    after = {"all": {"all": amount("70")}, "country": {"PL": amount("30"), "DE": amount("40")}}
    found = explain(Question("revenue", "all", "all", Unit.MONEY, "1w before"), before, after)
    assert found is not None
    assert found.summary == ("revenue 70, 1w before 100.50", "country=PL -30.5")


def test_many_segments_are_listed_as_few_that_add_up() -> None:
    before = {"all": {"all": amount("0")}, "country": {}}
    after = {"all": {"all": amount("46")}, "country": {str(n): amount(str(n)) for n in range(1, 10)}}
    found = explain(Question("orders", "all", "all", Unit.COUNT), before, after)
    assert found is not None
    its = found.contributions["country"]
    assert [one.segment for one in its] == ["9", "8", "7", "6", "5", OTHERS]
    assert (its[-1].change, sum(one.change for one in its)) == (4 + 3 + 2 + 1 + 1, 46)
    assert REST not in {one.segment for one in its}


@pytest.mark.parametrize("before", [{}, {"all": {"all": ratio(0, 0)}}])
def test_nothing_is_explained_where_nothing_was(before: dict[str, dict[str, Counts]]) -> None:
    assert explain(PAYMENT, before, AFTER) is None


def test_the_failing_step_is_the_one_that_fell_most_against_what_it_was() -> None:
    steps = {"a": "view -> cart", "b": "cart -> checkout", "c": "checkout -> purchase"}
    before = {"a": ratio(5, 10), "b": ratio(8, 10), "c": ratio(9, 10)}
    assert failing_step(steps, before, {"a": ratio(4, 10), "b": ratio(4, 10), "c": ratio(8, 10)}) == "cart -> checkout"
    assert failing_step(steps, before, before) is None
    assert failing_step(steps, {}, before) is None


def test_kpis_of_the_funnel_know_their_step() -> None:
    kpis = load_kpis(KPIS.read_text(encoding="utf-8"), "kpis.yaml").kpis
    assert step_of(kpis["payment_success_rate"]) == "add_payment_info -> purchase"
    assert step_of(kpis["cart_abandonment_rate"]) == "add_to_cart -> purchase"
    assert step_of(kpis["conversion_rate"]) is None
    assert {name for name, kpi in kpis.items() if is_end(kpi)} == {
        "conversion_rate",
        "orders",
        "revenue",
        "net_revenue",
    }
    assert [fails(kpis["payment_success_rate"], change) for change in (-0.1, 0.1)] == [True, False]
    assert [fails(kpis["cart_abandonment_rate"], change) for change in (-0.1, 0.1)] == [False, True]
    assert set(steps_of(kpis.values())) == {
        "view_to_cart_rate",
        "cart_to_checkout_rate",
        "checkout_to_purchase_rate",
        "payment_success_rate",
    }

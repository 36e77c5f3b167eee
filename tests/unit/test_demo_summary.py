"""The last line of the demo, and what makes it a success."""

import json

import msgspec
import pytest

from models.outcome import Ledger
from streams.tools.demo_summary import Alerts, Delay, Summary, total

GOOD = Summary(
    events=Ledger(received=10, counted=7, duplicate=1, bot=2),
    published={"clickstream": 8, "orders": 2},
    kpis={"conversion_rate": 0.04, "average_order_value": 45.0, "social_engagement_rate": 0.03},
    alerts=Alerts(fired=1, resolved=1),
    event_to_metric_ms=Delay(p50=100.0, p99=400.0),
)


def test_a_good_run_misses_nothing() -> None:
    assert list(GOOD.missing()) == []


def test_it_is_one_json_object() -> None:
    assert json.loads(GOOD.line()) == {
        "events": {"received": 10, "counted": 7, "duplicate": 1, "late": 0, "bot": 2, "invalid": 0},
        "published": {"clickstream": 8, "orders": 2},
        "kpis": {"conversion_rate": 0.04, "average_order_value": 45.0, "social_engagement_rate": 0.03},
        "alerts": {"fired": 1, "resolved": 1},
        "event_to_metric_ms": {"p50": 100.0, "p99": 400.0},
    }
    assert "\n" not in GOOD.line()


@pytest.mark.parametrize(
    ("change", "missing"),
    [
        pytest.param({"alerts": Alerts(0, 0)}, "no alert fired", id="silence"),
        pytest.param({"alerts": Alerts(2, 1)}, "2 alerts fired, 1 resolved", id="still burning"),
        pytest.param({"published": {"orders": 11}}, "11 records were published, 10 were received", id="lost"),
        pytest.param({"published": {"orders": 9}}, "9 records were published, 10 were received", id="doubled"),
        pytest.param(
            {"kpis": {"conversion_rate": None}}, "conversion_rate has no value in the newest 1h", id="no value"
        ),
    ],
)
def test_it_says_what_is_missing(change: dict[str, object], missing: str) -> None:
    assert list(msgspec.structs.replace(GOOD, **change).missing()) == [missing]


def test_a_ledger_that_does_not_add_up_is_named_with_its_figures() -> None:
    [missing] = msgspec.structs.replace(GOOD, events=Ledger(received=10, counted=9)).missing()
    assert "the ledger does not add up: {'received': 10, 'counted': 9" in missing


def test_the_account_is_that_of_all_topics() -> None:
    assert total([Ledger(2, 1, late=1), Ledger(3, 3)]) == Ledger(5, 4, late=1)


def test_delays_are_in_milliseconds_and_none_of_no_event() -> None:
    assert Delay.of({0.1: 50.0, 0.2: 100.0}) == Delay(p50=100.0, p99=198.0)
    assert Delay.of({}) == Delay(p50=None, p99=None)

"""What fires, what was told, and why."""

from dataclasses import replace
from datetime import UTC, datetime

import msgspec
import pytest

from alerting.transition import Transition
from streams.publication_alerts import alert_record
from streams.web.alert_book import HISTORY, AlertBook
from web_desk import FIRED, HOUR_S, LOW, NOW_US, RESOLVED, T0_S, Shop, value

SETTLED_US = NOW_US + 11_000_000


def book() -> AlertBook:
    return AlertBook(lambda _: None)


def take(its: AlertBook, told: Transition, **changed: object) -> bool:
    raw = msgspec.json.decode(alert_record(told)) | changed
    return its.take(b"key", msgspec.json.encode(raw)) is not None


def test_an_alert_fires_until_it_is_resolved_and_both_are_history() -> None:
    its = book()
    assert take(its, FIRED)
    assert [one.alert.fingerprint for one in its.firing()] == [FIRED.fingerprint]
    assert take(its, RESOLVED)
    assert (its.firing(), [one.alert.state for one in its.history()]) == ([], ["resolved", "firing"])


def test_a_record_that_comes_again_or_late_changes_nothing() -> None:
    its = book()
    assert take(its, RESOLVED)
    assert not take(its, FIRED), "of a lower sequence"
    assert not take(its, RESOLVED)
    assert (its.firing(), len(its.history())) == ([], 1)


def test_the_history_is_bounded_and_what_fires_is_not_forgotten_with_it() -> None:
    its = book()
    take(its, FIRED, fingerprint="old", starts_at="2020-01-01T00:00:00Z")
    for number in range(HISTORY + 10):
        at = datetime.fromtimestamp(T0_S + number, UTC).isoformat()
        take(its, RESOLVED, fingerprint=f"f{number}", starts_at=at, ends_at=at)
    assert (len(its.history()), its.history()[0].alert.fingerprint) == (HISTORY, f"f{HISTORY + 9}")
    assert [one.alert.fingerprint for one in its.firing()] == ["old"]
    its.take(b"old", None)
    assert its.firing() == []


def shown(shop: Shop) -> dict[str, object]:
    found: dict[str, object] = msgspec.json.decode(msgspec.json.encode(shop.desk.told()))["firing"][0]
    return found


def test_an_alert_is_shown_with_what_explains_it_and_its_runbook() -> None:
    shop = Shop()
    raw = alert_record(LOW)
    shop.alert(raw)
    assert shown(shop) == msgspec.json.decode(raw) | {"explanation": None, "runbook": "https://shop.example/runbook"}
    shop.values(value("conversion_rate", T0_S - HOUR_S, 30, 400), value("conversion_rate", T0_S, 4, 400))
    explanation = shown(shop)["explanation"]
    assert isinstance(explanation, dict)
    assert (explanation["before"], explanation["after"]) == (0.075, 0.01)


def test_it_is_told_again_while_its_explanation_grows_and_stays_explained_when_its_values_go() -> None:
    shop = Shop()
    listener = shop.desk.feed.open(shop.desk.channels("1h", None, None))
    shop.alert(alert_record(LOW))
    assert b'"explanation":null' in listener.taken()
    both = [value("conversion_rate", start, n, 400) for start, n in ((T0_S - HOUR_S, 30), (T0_S, 4))]
    shop.values(*both)
    shop.desk.tick(NOW_US + 1)
    assert b'"before":0.075' in listener.taken()
    shop.desk.tick(NOW_US + 2)
    assert b"event: alert" not in listener.taken(), "nothing new"
    for moment in (1, 2):
        shop.desk.tick(SETTLED_US + moment)
    shop.values(*((key, None) for key, _ in both))
    explanation = shown(shop)["explanation"]
    assert isinstance(explanation, dict)
    assert explanation["after"] == 0.01


def test_a_dimension_that_is_known_of_one_window_only_explains_nothing() -> None:
    shop = Shop()
    shop.values(
        value("conversion_rate", T0_S - HOUR_S, 30, 400),
        value("conversion_rate", T0_S - HOUR_S, 30, 400, segment="Email"),
        value("conversion_rate", T0_S, 4, 400),
    )
    shop.alert(alert_record(LOW))
    explanation = shown(shop)["explanation"]
    assert isinstance(explanation, dict)
    assert explanation["contributions"] == {}
    shop.values(value("conversion_rate", T0_S, 4, 400, segment="Email"))
    explanation = shown(shop)["explanation"]
    assert isinstance(explanation, dict)
    assert explanation["contributions"]["channel"][0]["change"] == pytest.approx(-0.065)


@pytest.mark.parametrize("address", ["docs/runbooks/low.md", "javascript:alert(1)", ""])
def test_only_an_address_of_the_web_is_a_link(address: str) -> None:
    shop = Shop()
    shop.alert(alert_record(replace(LOW, annotations={"runbook_url": address})))
    assert shown(shop)["runbook"] is None


def test_what_is_no_alert_is_counted() -> None:
    shop = Shop()
    shop.alert(b"{")
    assert (shop.desk.malformed, shop.desk.told().history) == (1, [])

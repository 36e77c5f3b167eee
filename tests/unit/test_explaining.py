"""`kpi notify` explains what it tells by what it has read, and waits for nothing for long."""

import asyncio
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest

from alerting.clause import Change, Clause, Direction, below
from alerting.condition import Conditions, Level
from alerting.explanation import NOT_READ, NOTHING_BEFORE
from alerting.notification import EXPLANATION, Notification
from alerting.notifiers.alertmanager import annotations
from alerting.notifiers.pagerduty import PagerDuty
from alerting.notifiers.slack import Slack
from alerting.notifiers.webhook import Webhook
from alerting.reference import Ago
from alerting.rule import Rule
from alerts import Written, notification
from flow import KPIS
from models.kpis_file import load_kpis
from streams.delivering.explaining import PATIENCE_US, Explaining
from streams.delivering.figures import GRACE_US, Figures
from streams.delivering.reasons import Reasons

MINUTE_US, HOUR_US, DAY_US = 60_000_000, 3_600_000_000, 86_400_000_000
CATALOGUE = load_kpis(KPIS.read_text(encoding="utf-8"), "kpis.yaml")
RULE = Rule("PaymentsFail", "payment_success_rate", "1h", Conditions({Level.CRITICAL: below(0.6)}))
NOW_US = 1_800_000_000_000_000 // HOUR_US * HOUR_US


def value(end_us: int, n: int, d: int, piece: str = "all|all", kpi: str = "payment_success_rate") -> Any:
    dimension, segment = piece.split("|")
    start, end = (datetime.fromtimestamp(at / 1e6, UTC).isoformat() for at in (end_us - HOUR_US, end_us))
    fields: dict[str, Any] = {"kpi": kpi, "window": "1h", "end": end, "dimension": dimension, "segment": segment}
    fields |= {"unit": "ratio", "numerator": n, "denominator": d}
    key = f"{kpi}|1h|{dimension}|{start}|{segment}".encode()
    return Written(json.dumps(fields).encode(), key, "kpi-values")


BEFORE = [value(NOW_US - HOUR_US, 40, 50), value(NOW_US - HOUR_US, 40, 50, "device|mobile")]
AFTER = [value(NOW_US, 25, 50), value(NOW_US, 25, 50, "device|mobile")]


def fired(**changed: Any) -> Notification:
    ends = datetime.fromtimestamp(NOW_US / 1e6, UTC)
    starts = datetime.fromtimestamp((NOW_US - HOUR_US) / 1e6, UTC)
    fields = {
        "rule": "PaymentsFail",
        "kpi": "payment_success_rate",
        "window": "1h",
        "dimension": "all",
        "segment": "all",
        "window_start": starts.isoformat(),
        "window_end": ends.isoformat(),
    }
    return notification(**(fields | changed))


@dataclass
class Hand:
    now_us: int = NOW_US

    def __call__(self) -> int:
        return self.now_us


def explaining(*rules: Rule, reading: bool = True) -> Explaining:
    """`reading`: as if it had a consumer, of which these tests give the records."""
    made = Explaining(Reasons(CATALOGUE, rules or (RULE,)), Hand(), consumer=object() if reading else None)
    made._caught_up = True
    return made


def test_a_page_says_why_to_every_kind_of_receiver() -> None:
    reader = explaining()
    reader.take([*BEFORE, *AFTER])
    told = reader.at_once(fired())
    said = "payment_success_rate 50.0 % (25 of 50), the window before 80.0 % (40 of 50)"
    why = f"{said}; failing step: add_payment_info -> purchase; device=mobile -30.0 points (rate -30.0, mix +0.0)"
    assert told.alert.annotations[EXPLANATION] == why
    assert annotations(told.alert)["explanation"] == why
    assert json.loads(Webhook("https://x.example").request(told).body)["data"]["explanation"]["change"] == -0.3
    assert why.replace(">", "&gt;") in Slack("https://x.example").text(told.alert)
    assert why in json.loads(PagerDuty("https://x.example", "k").request(told).body)["payload"]["summary"]


@pytest.mark.asyncio
async def test_a_page_waits_for_values_that_are_about_to_come() -> None:
    reader = explaining()
    reader.take(BEFORE)
    page = asyncio.create_task(reader.explained(fired(), NOW_US))
    await asyncio.sleep(0)
    assert not page.done()
    reader.take(AFTER)
    assert (await page).why[0].startswith("payment_success_rate 50.0 %")


@pytest.mark.asyncio
async def test_a_page_of_a_backlog_waits_for_nothing_and_says_so() -> None:
    told = await explaining().explained(fired(), NOW_US - PATIENCE_US)
    assert told.alert.annotations[EXPLANATION] == NOT_READ
    assert json.loads(told.data)["explanation"] is None


@pytest.mark.asyncio
async def test_nobody_waits_where_nobody_reads() -> None:
    told = await explaining(reading=False).explained(fired(), NOW_US)
    assert told.why == (NOT_READ,)


@pytest.mark.asyncio
async def test_a_first_window_has_nothing_before_it() -> None:
    reader = explaining()
    reader.take(AFTER)
    assert (await reader.explained(fired(), NOW_US)).why == (NOTHING_BEFORE,)


@pytest.mark.parametrize("changed", [{"state": "resolved"}, {"window_end": None}, {"kpi": "pipeline"}])
def test_what_needs_no_explanation_is_told_as_it_is(changed: dict[str, Any]) -> None:
    notification = fired(**changed)
    assert explaining().at_once(notification) is notification


def test_a_rule_that_compares_is_explained_against_what_it_compares_with() -> None:
    drop = Clause(Change(Direction.DROP, 0.2, Ago(DAY_US)))
    reader = explaining(Rule("PaymentsFail", "payment_success_rate", "1h", Conditions({Level.CRITICAL: drop})))
    reader.take([*BEFORE, *AFTER])
    assert "the window before 80.0 %" in reader.at_once(fired()).why[0]  # what is not known is passed over
    reader.take([value(NOW_US - DAY_US, 45, 50)])
    assert reader.at_once(fired()).why[0].endswith("1d before 90.0 % (45 of 50)")


def test_an_alert_of_what_comes_out_of_the_funnel_names_the_step_that_fell() -> None:
    reader = explaining(Rule("Low", "conversion_rate", "1h", Conditions({Level.CRITICAL: below(0.6)})))
    for kpi, before, after in (
        ("conversion_rate", 30, 10),
        ("payment_success_rate", 40, 10),
        ("view_to_cart_rate", 40, 38),
    ):
        reader.take([value(NOW_US - HOUR_US, before, 50, kpi=kpi), value(NOW_US, after, 50, kpi=kpi)])
    why = reader.at_once(fired(rule="Low", kpi="conversion_rate")).why
    assert why[1] == "failing step: add_payment_info -> purchase"


def test_no_step_fails_where_the_kpi_is_no_worse() -> None:
    reader = explaining()
    reader.take([value(NOW_US - HOUR_US, 25, 50), value(NOW_US, 40, 50)])
    assert reader.at_once(fired()).why == (
        "payment_success_rate 80.0 % (40 of 50), the window before 50.0 % (25 of 50)",
    )


def test_only_what_is_watched_is_kept_and_only_as_long_as_it_is_compared() -> None:
    figures = Figures({("payment_success_rate", "1h"): 2 * HOUR_US})
    assert figures.take(*_record(value(NOW_US, 1, 2)))
    assert not figures.take(*_record(value(NOW_US, 1, 2, kpi="bounce_rate")))
    for hour in range(1, 10):
        figures.take(*_record(value(NOW_US + hour * HOUR_US, 1, 2)), hour * HOUR_US)
    assert figures.rows == 3
    figures.watch({})
    assert figures.rows == 0


def test_a_replay_brings_months_at_once_and_the_alerts_of_each_after_them() -> None:
    figures = Figures({("payment_success_rate", "1h"): 2 * HOUR_US})
    for hour in range(100):
        figures.take(*_record(value(NOW_US + hour * HOUR_US, 1, 2)), NOW_US)
    assert figures.rows == 100
    for hour in range(100, 130):
        figures.take(*_record(value(NOW_US + hour * HOUR_US, 1, 2)), NOW_US + GRACE_US + 1)
    assert figures.at("payment_success_rate", "1h", NOW_US) == {}
    assert figures.rows == 30


def test_memory_is_bounded_whatever_is_published() -> None:
    figures = Figures({("payment_success_rate", "1h"): 100 * DAY_US}, max_rows=50)
    for number in range(200):
        figures.take(*_record(value(NOW_US + number // 10 * HOUR_US, 1, 2, f"channel|{number % 10}")))
        assert figures.rows <= 50
    assert figures.at("payment_success_rate", "1h", NOW_US) == {}
    assert len(figures.at("payment_success_rate", "1h", NOW_US + 19 * HOUR_US)["channel"]) == 10


def test_a_record_that_is_none_stops_nothing() -> None:
    reader = explaining()
    reader.take([Written(b"{", BEFORE[0].key), *BEFORE, *AFTER])
    assert reader.at_once(fired()).why[0].startswith("payment_success_rate 50.0 %")


def _record(one: Written) -> tuple[bytes, bytes | None]:
    return one.key, one.value

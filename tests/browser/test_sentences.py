"""What the page's scripts say of the pipeline and of an alert."""

from typing import Any

import pytest

from browser.conftest import Script
from browser.facts import RATE

LEDGER = {
    "topics": [
        {"topic": "clickstream", "watermark": "2026-11-27T12:00:07Z"},
        {"topic": "orders", "watermark": "2026-11-27T12:00:05Z"},
        {"topic": "ad-spend", "watermark": "2026-11-20T00:00:00Z"},
    ],
    "behind": False,
    "freshness_s": 0.2,
    "why": [],
}  # fmt: skip


@pytest.mark.parametrize(
    ("language", "ledger", "text"),
    [
        ("en", {}, "All records are read. Figures are up to 13:00:05."),
        ("pl", {}, "Wszystkie rekordy odczytane. Dane do 13:00:05."),
        (
            "en",
            {"behind": True, "freshness_s": 187, "why": [{"code": "unread", "topic": "orders", "n": 12400}]},
            "Figures are 3 min behind: 12,400 of orders not read yet.",
        ),
        (
            "pl",
            {"behind": True, "freshness_s": 187, "why": [{"code": "unread", "topic": "orders", "n": 12400}]},
            "Dane są opóźnione o 3 min: nieodczytane 12\xa0400 z orders.",
        ),
        (
            "en",
            {"behind": True, "freshness_s": None, "why": [{"code": "no_worker", "topic": None, "n": 0}]},
            "Figures are behind: no worker is running.",
        ),
        (
            "en",
            {
                "behind": True,
                "why": [
                    {"code": "stopped", "topic": "social", "n": 120},
                    {"code": "unbalanced", "topic": "orders", "n": 2},
                ],
            },
            "Figures are behind: nothing was read of social for 2 min and the account of orders does not add up by 2.",
        ),
    ],
)
def test_the_state_of_the_pipeline_is_one_sentence(
    script: Script, language: str, ledger: dict[str, Any], text: str
) -> None:
    code = """async (l, ledger) => { const { textsOf } = await import('/static/js/texts.js');
        const { Format } = await import('/static/js/format.js'), noon = Date.UTC(2026, 10, 27, 12) / 1000;
        return m.sentence(ledger, textsOf(l), new Format(l, 'GBP', 'Europe/Warsaw'), noon).text; }"""
    assert script("sentence", code, language, LEDGER | ledger) == text


def test_why_an_alert_fires_in_words(script: Script) -> None:
    part = {"dimension": "device", "rate": -0.02, "mix": -0.002}
    explanation = {
        "before": 0.041, "after": 0.011, "change": -0.03, "compared_with": "1w before",
        "step": "add_payment_info -> purchase",
        "contributions": {"device": [
            part | {"segment": "mobile", "change": -0.022, "before": [20, 500], "after": [2, 500]},
            part | {"segment": "desktop", "change": -0.008, "before": [20, 500], "after": [9, 500]},
        ]},
    }  # fmt: skip
    code = """async (e, kpi) => { const { textsOf } = await import('/static/js/texts.js');
        const { Format } = await import('/static/js/format.js');
        return m.explained(e, kpi, textsOf('en'), new Format('en', 'GBP', 'UTC')); }"""
    assert script("explanation", code, explanation, RATE) == [
        "1.10%, 1 wk before 4.10%",
        "Failing step: add payment info → purchase",
        "device mobile: \u22122.20 pp (rate \u22122.00, mix \u22120.20)",
    ]


@pytest.mark.parametrize(
    ("value", "after", "expected"),
    [(0.06, 0.062, True), (0.06, 0.25, False), (0.0, 0.0, True), (None, 0.2, False)],
)
def test_an_explanation_of_another_revision_is_not_shown(
    script: Script, value: float | None, after: float, *, expected: bool
) -> None:
    assert (
        script("explanation", "(alert) => m.fits(alert)", {"value": value, "explanation": {"after": after}}) is expected
    )

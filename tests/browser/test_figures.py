"""How the page's scripts write figures and times, and compare them."""

from typing import Any

import pytest

from browser.conftest import Script
from browser.facts import COUNT, MONEY, PAGES, RATE, SECONDS, record


@pytest.mark.parametrize(
    ("language", "kpi", "value", "text"),
    [
        ("en", RATE, 0.04123, "4.12%"),
        ("en", RATE, 0.5, "50.0%"),
        ("en", MONEY, 12.5, "£12.50"),
        ("en", MONEY, 61234.56, "£61,235"),
        ("en", MONEY, -3.2, "-£3.20"),
        ("en", COUNT, 12480, "12,480"),
        ("en", COUNT, 12_480_000, "12.48m"),
        ("en", SECONDS, 42.07, "42.1s"),
        ("en", SECONDS, 250, "4m 10s"),
        ("en", PAGES, 2.368, "2.37"),
        ("pl", RATE, 0.04123, "4,12%"),
        ("pl", COUNT, 12480, "12\xa0480"),
        ("pl", MONEY, 12.5, "12,50\xa0GBP"),
    ],
)
def test_a_value_as_text(script: Script, language: str, kpi: dict[str, Any], value: float, text: str) -> None:
    code = "(l, k, v) => new m.Format(l, 'GBP', 'Europe/Warsaw').value(k, v)"
    assert script("format", code, language, kpi, value) == text


@pytest.mark.parametrize(
    ("kpi", "now", "was", "expected"),
    [
        (RATE, record(0.05, denominator=100), 0.04, {"way": "up", "size": 0.01, "points": True, "mood": "good"}),
        (COUNT, record(90), 100, {"way": "down", "size": 0.1, "points": False, "mood": "bad"}),
        (COUNT | {"good": "down"}, record(90), 100, {"way": "down", "size": 0.1, "points": False, "mood": "good"}),
        (COUNT | {"good": "none"}, record(90), 100, {"way": "down", "size": 0.1, "points": False, "mood": "neutral"}),
        (COUNT, record(100), 100, {"way": "flat", "size": 0, "points": False, "mood": "neutral"}),
        (MONEY, record("150.00"), 100, {"way": "up", "size": 0.5, "points": False, "mood": "good"}),
    ],
    ids=["points", "down", "cheaper", "neither", "flat", "money is text"],
)
def test_a_change(
    script: Script, kpi: dict[str, Any], now: dict[str, Any], was: float, expected: dict[str, Any]
) -> None:
    found = script("change", "(k, n, w) => m.change(k, n, { value: w, than: 'week' })", kpi, now, was)
    assert found == {**expected, "size": pytest.approx(expected["size"]), "than": "week"}


def test_half_a_window_is_not_judged_by_a_whole_one(script: Script) -> None:
    half = record(40, status="provisional", watermark="2026-11-27T12:30:00Z")
    found = script("change", "(k, n) => m.change(k, n, { value: 100, than: 'week' })", COUNT, half)
    assert found == {"way": "partial", "share": 0.4, "than": "week"}
    rate = script(
        "change",
        "(k, n) => m.change(k, n, { value: 0.5, than: 'week' }).way",
        RATE,
        half | {"denominator": 9, "value": 0.4},
    )
    assert rate == "down", "a rate does not grow with its window"


def test_without_a_last_week_the_window_before_is_compared(script: Script) -> None:
    start_s = 1795780800  # 2026-11-27 12:00 UTC
    code = "(n, line) => m.reference(n, null, line, 3600)"
    assert script("change", code, record(5), [[start_s - 3600, 7, None, None]]) == {"value": 7, "than": "before"}
    assert script("change", code, record(5), [[start_s - 300, 7, None, None]]) is None, (
        "windows that overlap are no news"
    )

"""The pure modules of the page, run in the browser: formats, comparisons, what events do, lines and sentences."""

from typing import Any

import pytest

RATE = {"name": "conversion_rate", "unit": "ratio", "proportion": True, "good": "up"}
MONEY = {"name": "revenue", "unit": "money", "proportion": False, "good": "up"}
COUNT = {"name": "visits", "unit": "count", "proportion": False, "good": "up"}
SECONDS = {"name": "time_on_site", "unit": "seconds", "proportion": False, "good": "up"}
PAGES = {"name": "pages_per_visit", "unit": "ratio", "proportion": False, "good": "up"}


def record(
    value: object, start: str = "2026-11-27T12:00:00Z", end: str = "2026-11-27T13:00:00Z", **other: Any
) -> dict[str, Any]:
    return {
        "kpi": "visits", "window": "1h", "start": start, "end": end, "dimension": "all", "segment": "all",
        "value": value, "unit": "count", "numerator": 1, "denominator": None, "interval": None, "status": "final",
        "revision": 1, "watermark": end, "definition": "a", "emitted_at": end,
    } | other  # fmt: skip


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
def test_a_value_as_text(script: Any, language: str, kpi: dict[str, Any], value: float, text: str) -> None:
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
def test_a_change(script: Any, kpi: dict[str, Any], now: dict[str, Any], was: float, expected: dict[str, Any]) -> None:
    found = script("change", "(k, n, w) => m.change(k, n, { value: w, than: 'week' })", kpi, now, was)
    assert found == {**expected, "size": pytest.approx(expected["size"]), "than": "week"}


def test_half_a_window_is_not_judged_by_a_whole_one(script: Any) -> None:
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


def test_without_a_last_week_the_window_before_is_compared(script: Any) -> None:
    start_s = 1795780800  # 2026-11-27 12:00 UTC
    code = "(n, line) => m.reference(n, null, line, 3600)"
    assert script("change", code, record(5), [[start_s - 3600, 7, None, None]]) == {"value": 7, "than": "before"}
    assert script("change", code, record(5), [[start_s - 300, 7, None, None]]) is None, (
        "windows that overlap are no news"
    )


def test_a_later_revision_takes_the_place_and_an_earlier_one_does_not(script: Any) -> None:
    first, second = record(1), record(2, revision=2)
    later = record(0, start="2026-11-27T12:05:00Z", end="2026-11-27T13:05:00Z")
    code = "(...all) => all.reduce((tile, one) => m.tileWithValue(tile, one, 60), { last: null, line: [] })"
    assert script("merge", code, first, second)["last"]["value"] == 2
    tile = script("merge", code, second, later, record(3, revision=3))
    assert tile["last"]["start"] == later["start"], "a correction of an older window changes the line alone"
    assert [point[1] for point in tile["line"]] == [3, 0]
    redefined = record(9, definition="b", emitted_at="2026-11-27T14:00:00Z")
    assert script("merge", code, record(5, revision=7), redefined)["last"]["value"] == 9


def alert(fingerprint: str, sequence: int, state: str = "firing", level: str = "warning") -> dict[str, Any]:
    start = f"2026-11-27T12:0{sequence}:00Z"
    return {
        "fingerprint": fingerprint,
        "sequence": sequence,
        "state": state,
        "level": level,
        "starts_at": start,
        "ends_at": None,
    }


def test_alerts_come_get_worse_and_go(script: Any) -> None:
    code = "(...all) => all.reduce((known, one) => m.alertsWith(known, one), { firing: [], history: [] })"
    known = script("merge", code, alert("a", 1), alert("b", 1), alert("b", 2, level="critical"))
    assert [(one["fingerprint"], one["level"]) for one in known["firing"]] == [("b", "critical"), ("a", "warning")]
    again = script("merge", code, alert("a", 2), alert("a", 1, "resolved"))
    assert len(again["firing"]) == 1, "an older transition that comes late resolves nothing"


def test_an_explanation_that_comes_after_the_end_revives_nothing(script: Any) -> None:
    code = "(...all) => all.reduce((known, one) => m.alertsWith(known, one), { firing: [], history: [] })"
    explained = alert("a", 1) | {"explanation": {"change": -1}}
    known = script("merge", code, alert("a", 1), alert("a", 2, "resolved"), explained)
    assert known["firing"] == []
    assert known["history"] == [alert("a", 2, "resolved"), explained]


def test_a_line_has_gaps_and_a_lonely_point_is_seen(script: Any) -> None:
    line = [[0, 1, None, None], [60, 2, None, None], [600, 3, None, None]]
    drawn = script("sparkline", "(line) => m.paths(line, 60, 90)", line)
    assert drawn["line"].count("M") == 2
    assert drawn["line"].endswith("h0")
    columns = script("shape", "(line) => m.columns({ line, week_ago: [[60, 5]], goal: null }, 300, 90)", line)
    assert columns[0] == [300, 360, 630, 900]
    assert columns[1] == [1, 2, None, 3]
    assert columns[4] == [None, 5, None, None]


def test_an_axis_holds_the_value_and_cuts_a_wild_interval(script: Any) -> None:
    low, high = script("shape", "() => m.yRange([[0, 1], [0.5, 0.6], [0.1, 0.55], [0.9, 0.65], [null, null]])")
    assert low < 0.5
    assert 0.6 < high < 0.7


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
    script: Any, language: str, ledger: dict[str, Any], text: str
) -> None:
    code = """async (l, ledger) => { const { textsOf } = await import('/static/js/texts.js');
        const { Format } = await import('/static/js/format.js'), noon = Date.UTC(2026, 10, 27, 12) / 1000;
        return m.sentence(ledger, textsOf(l), new Format(l, 'GBP', 'Europe/Warsaw'), noon).text; }"""
    assert script("sentence", code, language, LEDGER | ledger) == text


def test_why_an_alert_fires_in_words(script: Any) -> None:
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
        "device desktop: \u22120.80 pp (rate \u22122.00, mix \u22120.20)",
    ]


@pytest.mark.parametrize(
    ("value", "after", "expected"),
    [(0.06, 0.062, True), (0.06, 0.25, False), (0.0, 0.0, True), (None, 0.2, False)],
)
def test_an_explanation_of_another_revision_is_not_shown(
    script: Any, value: float | None, after: float, *, expected: bool
) -> None:
    assert (
        script("explanation", "(alert) => m.fits(alert)", {"value": value, "explanation": {"after": after}}) is expected
    )


@pytest.mark.parametrize(
    ("name", "text"),
    [("net_revenue_b2b", "Net revenue b2b"), ("PaymentsFail", "Payments fail"), ("CLVFalls", "CLVFalls")],
)
def test_a_name_without_a_text_is_made_readable(script: Any, name: str, text: str) -> None:
    assert script("texts", "(name) => m.humanised(name)", name) == text


def test_a_view_that_cannot_be_is_settled(script: Any) -> None:
    catalogue = {"used": ["1m", "1h", "1d"], "kpis": [{"name": "orders", "windows": ["1d"], "by": ["channel"]}]}
    code = "(c, q) => m.settled(m.viewOf(q), c, null)"
    nothing = dict.fromkeys(["kpi", "dimension", "segment", "against"])
    assert script("address", code, catalogue, "?kpi=gone&window=9x") == nothing | {"window": "1h"}
    wanted = script("address", code, catalogue, "?kpi=orders&window=1h&dimension=channel&segment=Direct&against=week")
    assert wanted == {"kpi": "orders", "window": "1d", "dimension": "channel", "segment": "Direct", "against": "week"}

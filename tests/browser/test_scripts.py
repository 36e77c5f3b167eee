"""What an event of the stream does to what is known, how lines are shaped, and which view an address means."""

from typing import Any

import pytest

from browser.conftest import Script
from browser.facts import record


def test_a_later_revision_takes_the_place_and_an_earlier_one_does_not(script: Script) -> None:
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


def test_alerts_come_get_worse_and_go(script: Script) -> None:
    code = "(...all) => all.reduce((known, one) => m.alertsWith(known, one), { firing: [], history: [] })"
    known = script("merge", code, alert("a", 1), alert("b", 1), alert("b", 2, level="critical"))
    assert [(one["fingerprint"], one["level"]) for one in known["firing"]] == [("b", "critical"), ("a", "warning")]
    again = script("merge", code, alert("a", 2), alert("a", 1, "resolved"))
    assert len(again["firing"]) == 1, "an older transition that comes late resolves nothing"


def test_an_explanation_that_comes_after_the_end_revives_nothing(script: Script) -> None:
    code = "(...all) => all.reduce((known, one) => m.alertsWith(known, one), { firing: [], history: [] })"
    explained = alert("a", 1) | {"explanation": {"change": -1}}
    known = script("merge", code, alert("a", 1), alert("a", 2, "resolved"), explained)
    assert known["firing"] == []
    assert known["history"] == [alert("a", 2, "resolved"), explained]


def test_a_line_has_gaps_and_a_lonely_point_is_seen(script: Script) -> None:
    line = [[0, 1, None, None], [60, 2, None, None], [600, 3, None, None]]
    drawn = script("sparkline", "(line) => m.paths(line, 60, 90)", line)
    assert drawn["line"].count("M") == 2
    assert drawn["line"].endswith("h0")
    columns = script("shape", "(line) => m.columns({ line, week_ago: [[60, 5]], goal: null }, 300, 90)", line)
    assert columns[0] == [300, 360, 630, 900]
    assert columns[1] == [1, 2, None, 3]
    assert columns[4] == [None, 5, None, None]


def test_an_axis_holds_the_value_and_cuts_a_wild_interval(script: Script) -> None:
    low, high = script("shape", "() => m.yRange([[0, 1], [0.5, 0.6], [0.1, 0.55], [0.9, 0.65], [null, null]])")
    assert low < 0.5
    assert 0.6 < high < 0.7


@pytest.mark.parametrize(
    ("name", "text"),
    [("net_revenue_b2b", "Net revenue b2b"), ("PaymentsFail", "Payments fail"), ("CLVFalls", "CLVFalls")],
)
def test_a_name_without_a_text_is_made_readable(script: Script, name: str, text: str) -> None:
    assert script("texts", "(name) => m.humanised(name)", name) == text


def test_a_view_that_cannot_be_is_settled(script: Script) -> None:
    catalogue = {"used": ["1m", "1h", "1d"], "kpis": [{"name": "orders", "windows": ["1d"], "by": ["channel"]}]}
    code = "(c, q) => m.settled(m.viewOf(q), c, null)"
    nothing = dict.fromkeys(["kpi", "dimension", "segment", "against"])
    assert script("address", code, catalogue, "?kpi=gone&window=9x") == nothing | {"window": "1h"}
    wanted = script("address", code, catalogue, "?kpi=orders&window=1h&dimension=channel&segment=Direct&against=week")
    assert wanted == {"kpi": "orders", "window": "1d", "dimension": "channel", "segment": "Direct", "against": "week"}

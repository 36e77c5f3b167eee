"""What rules would have told of the past, over values that are given by hand: one letter a minute, see alert_desk."""

from random import Random
from zoneinfo import ZoneInfo

import pytest

from alert_desk import DEFINITIONS, GROUPS, KNOWN, value_of
from alerting.rules_file import load
from life import MINUTE_US
from models.kpi_value import KpiValue, Status
from models.window import windows
from streams.monitoring.rule_book import Surroundings
from streams.tools.backtest import Backtest, Span, backtest, nothing_in, wanted
from streams.tools.backtest_text import show

AROUND = Surroundings(windows(ZoneInfo("UTC")), GROUPS, DEFINITIONS)
LOW = "{name: Low, kpi: orders, window: 1m, levels: {warning: {below: 3}, critical: {below: 2}}}"


def strip(letters: str, segment: str = "all") -> list[KpiValue]:
    return [value_of("orders", minute, one, segment) for minute, one in enumerate(letters) if one != "_"]


def past(values: list[KpiValue], rule: str = LOW, span: Span = Span()) -> Backtest:  # noqa: B008  frozen
    return backtest(load(f"rules:\n  - {rule}\n", "alerts.yaml", KNOWN), values, AROUND, span)


def spans(found: Backtest) -> list[tuple[str, int, int | None, int]]:
    """Level, minutes of begin and end, pages."""
    return [
        (one.level.value, one.starts_us // MINUTE_US, one.ends_us // MINUTE_US if one.ends_us else None, one.pages)
        for one in found.episodes
    ]


def test_an_alert_has_a_begin_an_end_its_worst_level_and_its_pages() -> None:
    # minute ends   1234567890
    found = past(strip("5521255254"))
    assert spans(found) == [("critical", 3, 6, 2), ("warning", 8, 9, 1)]
    (rule,) = found.rules
    assert (rule.alerts, rule.pages, rule.time_s) == (2, 3, 240)
    assert rule.pages_a_week == 3 * 7, "of ten minutes nothing is said about a week: they count as a day"


def test_the_order_in_which_values_are_given_changes_nothing() -> None:
    values = strip("5521255254") + strip("5255111555", "Email")
    shuffled = list(values)
    Random(7).shuffle(shuffled)
    rule = LOW.replace("window: 1m", "window: 1m, by: channel")
    assert spans(past(shuffled, rule)) == spans(past(values, rule)) == [("warning", 2, 3, 1), ("critical", 5, 8, 1)]


def test_of_a_window_the_last_revision_counts_as_if_it_had_been_right_at_once() -> None:
    wrong, right = value_of("orders", 2, "1"), value_of("orders", 2, "5", status=Status.CORRECTED)
    assert spans(past([*strip("55_55"), wrong, right])) == []
    assert spans(past([*strip("55_55"), right, wrong])) == [("critical", 3, 4, 1)]


def test_only_alerts_of_the_time_asked_for_are_told_and_what_was_before_is_known() -> None:
    span = Span(5 * MINUTE_US, 8 * MINUTE_US)
    found = past(strip("1155111155"), span=span)
    assert spans(found) == [("critical", 5, None, 1)]
    assert found.rules[0].time_s == 180
    held = LOW.replace("window: 1m", "window: 1m, for: 3m")
    assert spans(past(strip("1111155555"), held, Span(4 * MINUTE_US, None))) == [("critical", 4, 6, 1)]


def test_what_a_rule_refers_to_is_wanted_too() -> None:
    levels = "{warning: {all: [{below: 3}, {kpi: visits, above: 5}]}}"
    text = f"{{name: Both, kpi: orders, window: 5m, by: channel, levels: {levels}}}"
    rules = load(f"rules:\n  - {text}\n", "alerts.yaml", KNOWN)
    assert wanted(rules) == {("orders", "5m", "channel"), ("visits", "5m", "channel")}


def test_two_files_are_shown_side_by_side(capsys: pytest.CaptureFixture[str]) -> None:
    values = strip("5521255254")
    show({"a.yaml": past(values), "b.yaml": past(values, LOW.replace("below: 3", "below: 2.5"))}, as_json=False)
    out = capsys.readouterr().out
    assert "both" in out
    show({"a.yaml": past(values), "b.yaml": past(strip("55555"))}, as_json=False)
    out = capsys.readouterr().out
    assert "both" not in out
    assert "1970-01-01T00:03:00Z" in out


def test_a_page_before_the_time_asked_for_is_no_page_of_it() -> None:
    # minute ends   12345678
    found = past(strip("52222155"), span=Span(from_us=4 * MINUTE_US))
    assert spans(found) == [("critical", 2, 7, 2)]
    (rule,) = found.rules
    assert (rule.pages, rule.time_s) == (1, 180), "it became worse in that time, and had begun before"


@pytest.mark.parametrize(
    ("values", "span", "why"),
    [
        ("", Span(), "there is no value of what these rules watch"),
        ("555", Span(to_us=0), "there is no value of what these rules watch before --to"),
        ("555", Span(from_us=9 * MINUTE_US), "there is no value of what these rules watch after --from"),
        ("555", Span(3 * MINUTE_US, 9 * MINUTE_US), None),
    ],
    ids=["none", "before", "after", "within"],
)
def test_where_there_is_nothing_to_try_rules_on_it_is_said(values: str, span: Span, why: str | None) -> None:
    assert nothing_in(list(strip(values)), span) == why

"""What a page may show is kept, in bounded memory."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.web.row import Row
from streams.web.spans import FINE_S
from streams.web.store import KEPT_RECORDS, Kind, Store, Taken
from web_desk import DAY_S, HOUR_S, T0_S, Record, value

KPI = "conversion_rate"
BY = Kind(KPI, "1h", "channel")
HORIZONS = {"5m": FINE_S, "1h": FINE_S, "1d": 400 * DAY_S}


def store(budget: int = 1_000, most_series: int = 1_000, least: int = 2) -> Store:
    return Store(frozenset((KPI, "revenue")), HORIZONS, dict.fromkeys(HORIZONS, least), budget, most_series)


def taken(its: Store, *records: Record) -> list[str]:
    """What became of each."""
    found = []
    for key, raw in records:
        before = dict(its.counts)
        its.take(key, raw)
        found += [outcome.value for outcome in Taken if its.counts[outcome] > before[outcome]]
    return found


def row(its: Store, segment: str | None = None) -> Row:
    found = its.row(KPI, "1h", *(() if segment is None else ("channel", segment)))
    assert found is not None
    return found


def test_a_revision_replaces_and_a_lower_one_of_the_definition_does_not() -> None:
    its = store()
    first, second = (value(KPI, T0_S, n, 100, revision=n) for n in (1, 2))
    other = value(KPI, T0_S, 9, 100, revision=0, definition="ffffffffffff")
    assert taken(its, second, first, other) == ["taken", "superseded", "taken"]
    assert (row(its).last_raw, [point.value for point in row(its).points()]) == (other[1], [0.09])


def test_a_window_that_is_deleted_is_gone_and_so_is_an_empty_series() -> None:
    its = store()
    key, raw = value(KPI, T0_S, 1, 2, segment="Email")
    assert taken(its, (key, raw), (key, None), (key, None)) == ["taken", "deleted", "deleted"]
    assert (its.row(KPI, "1h", "channel", "Email"), its.series, its.points) == (None, 0, 0)


def test_what_is_no_value_of_ours_is_counted_and_nothing_else() -> None:
    its = store()
    key, raw = value(KPI)
    unknown = value("retention_rate", numerator=1, denominator=2)
    junk: list[Record] = [
        (None, raw),
        (b"no|key", raw),
        unknown,
        (key, b"{"),
        (b"conversion_rate|1h|all|noon|all", raw),
    ]
    assert taken(its, *junk) == ["other", "other", "other", "malformed", "malformed"]
    assert (list(its.kinds()), its.newest_s) == ([], {})


@pytest.mark.parametrize(
    ("said", "wrong"),
    [
        ('"numerator":1', '"numerator":"one"'),
        ('"numerator":1', '"numerator":"inf"'),
        ('"denominator":2', f'"denominator":{10**400}'),
        ('"revision":0', '"revision":-1'),
        ('"revision":0', f'"revision":{2**32}'),
    ],
)
def test_a_figure_that_is_none_stops_nothing(said: str, wrong: str) -> None:
    its = store()
    key, raw = value(KPI, T0_S, 1, 2)
    bad = (raw or b"").replace(said.encode(), wrong.encode())
    assert bad != raw
    assert taken(its, (key, bad), (key, raw)) == ["malformed", "taken"]


def test_old_windows_are_passed_by_their_key_and_known_ones_go() -> None:
    its = store()
    old = value(KPI, T0_S - FINE_S, 1, 2)
    assert taken(its, value(KPI, T0_S, 1, 2), old, value(KPI, T0_S - FINE_S - HOUR_S, 1, 2)) == [
        "taken",
        "taken",
        "old",
    ]
    assert taken(its, value(KPI, T0_S + HOUR_S, 1, 2)) == ["taken"]
    assert [point.start_s for point in row(its).points()] == [T0_S, T0_S + HOUR_S]
    (key, _), unread = value(KPI, T0_S - FINE_S, 1, 2), b"not even looked at"
    assert taken(its, (key, unread)) == ["old"]
    days = value(KPI, T0_S - 300 * DAY_S, 1, 2, window="1d")
    assert taken(its, days) == ["taken"], "of days, as long as the topic has them"


def test_the_past_fills_gaps_and_replaces_nothing() -> None:
    its = store()
    now, then = value(KPI, T0_S, 2, 100, definition="new"), value(KPI, T0_S - HOUR_S, 1, 100)
    taken(its, now)
    for key, raw in (value(KPI, T0_S, 9, 100, revision=9), then, (b"junk", b""), value(KPI, T0_S - 2 * FINE_S)):
        assert key is not None
        assert raw is not None
        its.fill(key, raw)
    assert [point.value for point in row(its).points()] == [0.01, 0.02]
    assert [raw for _, raw in row(its).kept()] == [then[1], now[1]]
    email = value(KPI, T0_S, 1, 2, segment="Email")
    its.fill(email[0] or b"", email[1] or b"")
    assert row(its, "Email").last_raw == email[1]


def test_of_the_total_the_last_records_are_kept_as_published_of_a_segment_one() -> None:
    its = store()
    total = [value(KPI, T0_S + hour * HOUR_S, hour, 100) for hour in range(KEPT_RECORDS + 5)]
    email = [value(KPI, T0_S + hour * HOUR_S, hour, 100, segment="Email") for hour in range(3)]
    taken(its, *total, *email)
    assert [raw for _, raw in row(its).kept()] == [raw for _, raw in total[-KEPT_RECORDS:]]
    assert [raw for _, raw in row(its, "Email").kept()] == [email[-1][1]]
    assert (len(row(its)), len(row(its, "Email"))) == (65, 3)


@given(st.lists(st.tuples(st.integers(0, 7), st.integers(0, 30)), min_size=1, max_size=120))
def test_segments_share_a_budget_alike_and_their_newest_stay(seen: list[tuple[int, int]]) -> None:
    its, least = store(budget=20, least=2), 2
    for number, hour in seen:
        taken(its, value(KPI, T0_S + hour * HOUR_S, hour, 100, segment=f"s{number}"))
    rows = its.rows(BY)
    assert its.points == sum(map(len, rows.values())) <= max(20 * 6 // 5 + 1, least * len(rows))
    assert its.series == len(rows)
    for number, held in ((number, rows[f"s{number}"]) for number in {number for number, _ in seen}):
        assert held.last_s == T0_S + HOUR_S * max(hour for one, hour in seen if one == number)


def test_of_too_many_series_those_heard_of_last_long_ago_go() -> None:
    its = store(most_series=10)
    for number in range(11):
        taken(its, value(KPI, T0_S + number * HOUR_S, 1, 100, segment=f"s{number}"))
    assert list(its.rows(BY)) == [f"s{number}" for number in range(3, 11)], "a sixth less than may be"
    assert its.series == 8 == its.points


def test_a_total_is_outside_the_budget() -> None:
    its = store(budget=1)
    taken(its, *(value(KPI, T0_S + hour * HOUR_S, 1, 2) for hour in range(24)))
    assert (len(row(its)), its.points, its.series) == (24, 0, 0)
    assert its.memory_bytes() > 24 * 32

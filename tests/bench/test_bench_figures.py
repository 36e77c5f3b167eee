"""The pure parts of the bench: what it makes, what it reads, and what it concludes."""

from collections import Counter

import pytest

from bench.clicks import DISORDER_US, DUPLICATE, LATE, LATE_US, S_US, LiveClicks, Plan, clicks
from bench.figures import commit_figures, event_to_metric, longest_stall_ms, percentiles_ms, restored, samples
from bench.machine import Usage, cpu_s_of, memory_mib_of
from bench.report import document, rows, starved
from bench.stock import rate, told
from models.click import Click, decode_click
from streams.tools.quantile import since

END_US = 1_800_000_000 * S_US
PLAN = Plan(events=10_000, sessions=1_060, end_us=END_US)

PAGE = """\
# TYPE kpi_visits gauge
kpi_visits{window="1m",dimension="all",segment="all"} 3.0
# TYPE kpi_commit_seconds histogram
kpi_commit_seconds_bucket{le="0.01",stage="visitors"} 50.0
kpi_commit_seconds_bucket{le="0.02",stage="visitors"} 99.0
kpi_commit_seconds_bucket{le="+Inf",stage="visitors"} 100.0
kpi_commit_seconds_bucket{le="0.01",stage="orders"} 0.0
kpi_commit_seconds_bucket{le="0.02",stage="orders"} 0.0
kpi_commit_seconds_bucket{le="+Inf",stage="orders"} 0.0
# TYPE kpi_event_loop_stall_seconds gauge
kpi_event_loop_stall_seconds 0.0421
# TYPE kpi_event_to_metric_seconds histogram
kpi_event_to_metric_seconds_bucket{le="0.1"} 10.0
kpi_event_to_metric_seconds_bucket{le="0.2"} 20.0
kpi_event_to_metric_seconds_bucket{le="+Inf"} 20.0
"""


def test_a_plan_makes_the_same_bytes_each_time() -> None:
    assert list(clicks(PLAN)) == list(clicks(PLAN))


def test_a_backlog_is_as_its_docstring_says() -> None:
    sent = list(clicks(PLAN))
    kinds = Counter(one.outcome for one in sent)
    assert len(sent) == PLAN.events
    assert 0.008 < kinds[DUPLICATE] / PLAN.events < 0.012
    assert 0 < kinds[LATE] / PLAN.events < 0.002
    assert 290 < sum(len(one.value) for one in sent) / len(sent) < 330
    assert [one.turn_us for one in sent] == sorted(one.turn_us for one in sent)


def test_every_click_decodes_and_is_on_its_key_and_in_its_time() -> None:
    sessions, seen = set(), set()
    for one in clicks(PLAN):
        click = decode_click(one.key, one.value)
        assert isinstance(click, Click)
        assert None not in click.segments[:3]
        late_us = one.turn_us - click.at_us
        match one.outcome:
            case "counted":
                assert 0 <= late_us <= DISORDER_US
                assert click.event_id not in seen
                sessions.add(click.session_id)
            case "duplicate":
                assert click.event_id in seen
            case _:
                assert LATE_US <= late_us <= LATE_US + DISORDER_US
        seen.add(click.event_id)
        assert click.at_us <= END_US
    assert 0.93 * PLAN.sessions < len(sessions) <= PLAN.sessions


def test_live_clicks_are_of_now_and_never_twice() -> None:
    shop = LiveClicks(seed=1, sessions=50)
    made = [decode_click(*shop.click(END_US)) for _ in range(1_000)]
    assert all(isinstance(one, Click) and END_US - S_US <= one.at_us <= END_US for one in made)
    assert len({one.event_id for one in made if isinstance(one, Click)}) == 1_000


def test_a_page_gives_percentiles_of_commits_of_stages_that_had_some() -> None:
    figures = commit_figures(samples(PAGE))
    assert figures == {"visitors": {"commits": 100.0, "p50_ms": 10.0, "p99_ms": 20.0}}


def test_delays_are_of_what_came_between_two_pages() -> None:
    now = event_to_metric(samples(PAGE))
    before = {0.1: 10.0, 0.2: 10.0, float("inf"): 10.0}
    assert percentiles_ms(since(now, before)) == {"p50_ms": 150.0, "p99_ms": 199.0}


def test_without_observations_there_is_no_percentile() -> None:
    assert percentiles_ms({}) == {"p50_ms": None, "p99_ms": None}


def test_a_stall_that_is_not_exported_is_none() -> None:
    assert longest_stall_ms(samples(PAGE)) == 42.1
    assert longest_stall_ms(samples("")) is None


def test_the_last_restore_of_a_log_is_read_with_or_without_colours() -> None:
    plain, coloured = (
        "x restored   rows=5 seconds=0.1\n",
        "\x1b[1mrestored\x1b[0m  \x1b[36mrows\x1b[0m=1200 seconds=2.651\n",
    )
    log = plain + coloured
    assert restored(log) == (1200, 2.651)
    assert restored("nothing") is None


def test_cpu_time_of_a_process_whose_name_has_brackets() -> None:
    stat = "7 (a) b) S 1 7 7 0 -1 4194560 100 0 0 0 250 50 0 0 20 0 1 0 100 0 0"
    assert cpu_s_of(stat) == pytest.approx(3.0)


def test_memory_now_and_at_its_peak() -> None:
    assert memory_mib_of("Name:\tx\nGroups:\t \nVmHWM:\t  2048 kB\nVmRSS:\t  1024 kB\n") == (1.0, 2.0)


def test_cores_are_cpu_over_wall_time() -> None:
    before, after = Usage(10.0, {"w": 1.0}, {"w": 0.0}), Usage(14.0, {"w": 4.0}, {"w": 2.0})
    assert after.cores_since(before) == {"w": 0.75}
    assert after.cores_missed_since(before) == {"w": 0.5}


def test_the_rate_of_stock_faust_begins_with_its_first_events() -> None:
    log = '{"applied": 0, "at_s": 1.0}\nnoise\n{"applied": 1000, "at_s": 5.0}\n{"applied": 3000, "at_s": 9.0}\n{"appl'
    assert rate(told(log)) == 500.0
    assert rate(told(log)[:2]) is None


def test_ratios_are_made_of_what_was_measured() -> None:
    found = {
        "read_and_decode": {"events_per_s": 200_000, "cpu_s_per_million_events": 5.0},
        "stock_faust": {"events_per_s": 1_000, "cpu_s_per_million_events": 1_000.0},
        "backlog": {"received": 1},
    }
    machine = {"cpu_model": "x", "cores": 2, "python": "3"}
    assert document(machine, "abc", {}, found)["ratios"] == {}
    worker = {"one_worker": {"events_per_s": 100_000, "cpu_s_per_million_events": 10.0}}
    assert document(machine, "abc", {}, found | worker)["ratios"] == {
        "one_worker_to_limit": 0.5,
        "one_worker_to_limit_by_cpu": 0.5,
        "one_worker_to_stock_faust": 100.0,
        "one_worker_to_stock_faust_by_cpu": 100.0,
    }


def test_the_table_has_a_row_only_for_what_was_measured() -> None:
    found = {"read": {"events_per_s": 200_000, "cpu_s_per_million_events": 5.0}}
    whole = document({"cpu_model": "x", "cores": 2, "python": "3"}, "abc", {}, found)
    assert [row[1] for row in rows(whole)] == ["200,000 events/s", "5.0 s"]


def test_a_worker_on_a_busy_machine_is_starved() -> None:
    assert starved({"one_worker": {"worker_cpu_cores": 0.25, "worker_cpu_cores_missed": 0.75}}) == 0.75
    assert starved({}) == 0.0

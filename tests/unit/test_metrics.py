"""What a scrape says, read back by Prometheus's own parsers of both formats."""

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry
from prometheus_client.core import Metric
from prometheus_client.exposition import choose_encoder
from prometheus_client.openmetrics.parser import text_string_to_metric_families as read_openmetrics
from prometheus_client.parser import text_string_to_metric_families as read_text

from models.goal import with_goals
from models.kpi_value import KpiValue, Series, Status
from models.kpis_file import load_kpis
from models.outcome import Ledger
from streams.delivering.metrics import Notifications, Outcome
from streams.histogram import Histogram
from streams.metrics import Snapshot, SnapshotCollector
from streams.metrics_kpis import WINDOW, exposition, help_text
from streams.metrics_process import process_registry

KPIS = with_goals(load_kpis((Path(__file__).parents[2] / "deploy" / "kpis.yaml").read_text(), "kpis.yaml").kpis)
OPENMETRICS = "application/openmetrics-text; version=1.0.0"
PARSERS: Mapping[str, Callable[[str], Iterable[Metric]]] = {"text/plain": read_text, OPENMETRICS: read_openmetrics}
Samples = dict[tuple[str, frozenset[tuple[str, str]]], float]


def value(kpi: str, numerator: int, denominator: int | None, segment: str = "all") -> KpiValue:
    its, place = KPIS[kpi], "all" if segment == "all" else "channel"
    exponent = {"money": 2, "seconds": 6}.get(its.unit.value, 0)
    series = Series(kpi, "5m", place, segment)
    status = Status.PROVISIONAL
    return KpiValue(series, 0, 1, its.unit, exponent, numerator, denominator, None, status, 0, 0, "d", 0)


def registry() -> CollectorRegistry:
    delays = Histogram()
    delays.observe(0.2, n=3)
    snapshot = Snapshot(
        values=[
            value("conversion_rate", 1, 4),
            value("conversion_rate", 0, 0, 'a "quoted" \\ line\nand the next'),
            value("conversion_rate", 1, 2, 'b "quoted" \\ line\nand the next'),
            value("average_order_value", 12_345, 2),
            value("time_on_site", 3_000_000, 2),
        ],
        ledgers={("orders", "3"): Ledger(received=5, counted=4, invalid=1)},
        commits={"orders": delays},
        event_to_metric=delays,
        watermarks_us={"orders": 1_500_000},
    )
    found = process_registry()
    found.register(SnapshotCollector(snapshot, KPIS, "GBP"))
    notifications = Notifications(found, lambda: 0)
    notifications.expect("ops")
    notifications.count("ops", Outcome.DELIVERED)
    notifications.delivered_after("ops", 700_000)
    return found


def scraped(accept: str) -> tuple[list[Metric], Samples]:
    body, kind = exposition(registry(), accept)
    assert kind.startswith(accept.split(";", maxsplit=1)[0])
    families = list(PARSERS[accept](body.decode()))
    return families, {(s.name, frozenset(s.labels.items())): s.value for family in families for s in family.samples}


@pytest.mark.parametrize("accept", PARSERS)
def test_a_scrape_is_read_back_in_both_formats(accept: str) -> None:
    _, samples = scraped(accept)
    place = {"window": "5m", "dimension": "all", "segment": "all"}
    expected = {
        ("kpi_conversion_rate_ratio", frozenset(place.items())): 0.25,
        ("kpi_average_order_value", frozenset({**place, "currency": "GBP"}.items())): 61.725,
        ("kpi_time_on_site_seconds", frozenset(place.items())): 1.5,
        ("kpi_events_total", frozenset({"topic": "orders", "partition": "3", "outcome": "counted"}.items())): 4,
        ("kpi_commit_seconds_count", frozenset({("stage", "orders")})): 3,
        ("kpi_watermark_timestamp_seconds", frozenset({("topic", "orders")})): 1.5,
        ("kpi_notifications_total", frozenset({("receiver", "ops"), ("outcome", "delivered")})): 1,
        ("kpi_notification_delay_seconds_bucket", frozenset({("receiver", "ops"), ("le", "1.0")})): 1,
        ("kpi_notification_delay_seconds_bucket", frozenset({("receiver", "ops"), ("le", "0.5")})): 0,
    }
    assert {name: samples.get(name) for name in expected} == expected


@pytest.mark.parametrize("accept", PARSERS)
def test_a_series_without_a_value_is_absent_and_any_segment_can_be_named(accept: str) -> None:
    _, samples = scraped(accept)
    segments = [dict(labels)["segment"] for name, labels in samples if name == "kpi_conversion_rate_ratio"]
    assert sorted(segments) == ["all", 'b "quoted" \\ line\nand the next']


@pytest.mark.parametrize("accept", PARSERS)
def test_no_metric_tells_when_it_was_created_and_every_one_says_what_it_is(accept: str) -> None:
    families, samples = scraped(accept)
    assert [name for name, _ in samples if name.endswith("_created")] == []
    assert [one.name for one in families if not one.documentation] == []
    assert [one.name for one in families if one.name.startswith("kpi_") and one.type == "unknown"] == []


@pytest.mark.parametrize("accept", PARSERS)
def test_what_is_rendered_here_is_what_prometheus_client_renders(accept: str) -> None:
    encode, kind = choose_encoder(accept)
    ours, said = exposition(registry(), accept)
    theirs = encode(registry())
    kpis = sorted(line for line in theirs.splitlines() if not line.startswith((b"process_", b"kpi_build")))
    assert said == kind
    assert sorted(line for line in ours.splitlines() if not line.startswith((b"process_", b"kpi_build"))) == kpis
    assert len(kpis) > 100


def test_both_formats_say_the_same() -> None:
    text, openmetrics = (scraped(accept)[1] for accept in PARSERS)
    ours = {key for key in text if key[0].startswith("kpi_")}
    assert len(ours) > 60
    assert {key: text[key] for key in ours} == {
        key: openmetrics[key] for key in openmetrics if key[0].startswith("kpi_")
    }


def test_the_build_and_the_process_are_told() -> None:
    _, samples = scraped("text/plain")
    [build] = [dict(labels) for name, labels in samples if name == "kpi_build_info"]
    assert build.keys() == {"version", "python"}
    assert {"process_start_time_seconds", "process_resident_memory_bytes"} <= {name for name, _ in samples}


@pytest.mark.parametrize("name", KPIS)
def test_the_help_of_a_kpi_has_its_formula_its_unit_and_its_window(name: str) -> None:
    its = KPIS[name]
    said = help_text(its, "GBP")
    assert said.startswith(its.help.rstrip("."))
    assert its.formula in said
    assert WINDOW in said
    word = {"ratio": "ratio", "money": "GBP", "seconds": "seconds", "count": "a number"}[its.unit.value]
    assert f"Unit: {word}" in said


def test_units_end_names_as_prometheus_wants_them() -> None:
    ends = {"ratio": "_ratio", "seconds": "_seconds"}
    assert [k.metric for k in KPIS.values() if not k.metric.endswith(ends.get(k.unit.value, ""))] == []
    families, _ = scraped(OPENMETRICS)
    assert [one.name for one in families if one.name != one.name.lower() or "__" in one.name] == []

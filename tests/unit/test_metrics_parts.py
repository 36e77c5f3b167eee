"""What a scrape says of ratios and of alerts beside the KPIs themselves."""

import pytest
from prometheus_client import CollectorRegistry

from alert_desk import value_of
from alerting.alert import AlertState, Identity
from alerting.condition import Level
from alerting.lifecycle import State
from models.kpi_value import KpiValue
from streams.metrics import Snapshot, SnapshotCollector
from streams.metrics_alerts import Firing, firing
from streams.metrics_parts import SEGMENTS_AT_MOST, part_metrics
from streams.monitoring.alert_tables import AlertTables


def samples(values: list[KpiValue]) -> dict[str, dict[str, float]]:
    """By metric and segment."""
    families = part_metrics(values)
    return {one.name: {sample.labels["segment"]: sample.value for sample in one.samples} for one in families}


def test_a_ratio_has_its_denominator_and_the_total_its_interval() -> None:
    # 300 of 1,000 in the total, 200 of 1,000 in a segment; the interval of 30 % over 1,000 is 27.2 % to 32.9 %
    found = samples([value_of("rate", 0, "3"), value_of("rate", 0, "2", "Email")])
    assert found["kpi_denominator"] == {"all": 1_000, "Email": 1_000}
    ends = (found["kpi_interval_lower_ratio"]["all"], found["kpi_interval_upper_ratio"]["all"])
    assert ends == pytest.approx((0.2724, 0.3291), abs=1e-4)
    assert found["kpi_interval_lower_ratio"].keys() == {"all"}


def test_a_sum_has_no_parts() -> None:
    assert samples([value_of("orders", 0, "7")]) == {
        "kpi_denominator": {},
        "kpi_interval_lower_ratio": {},
        "kpi_interval_upper_ratio": {},
    }


def test_a_ratio_over_nothing_has_its_denominator_and_no_interval() -> None:
    found = samples([value_of("rate", 0, "o")])
    assert (found["kpi_denominator"], found["kpi_interval_upper_ratio"]) == ({"all": 0}, {})


def test_of_a_dimension_with_many_segments_the_total_alone_has_a_denominator() -> None:
    few = [value_of("rate", 0, "1", f"campaign {n}") for n in range(SEGMENTS_AT_MOST)]
    total, one_more = value_of("rate", 0, "3"), value_of("rate", 0, "1", "one more")
    assert len(samples([total, *few])["kpi_denominator"]) == SEGMENTS_AT_MOST + 1
    assert samples([total, *few, one_more])["kpi_denominator"] == {"all": 1_000}


def test_only_what_fires_or_stays_away_is_shown_with_the_level_that_was_told() -> None:
    tables = AlertTables()
    told_as = Identity("f", "visits", "1h", "channel", {"team": "growth"})
    for segment, state in (("Email", State.FIRING), ("Direct", State.PENDING), ("Referral", State.NO_DATA)):
        level = None if state is State.PENDING else Level.CRITICAL
        tables.keep(("VisitsLow", segment), AlertState(state=state, level=level, identity=told_as))
    alerts = sorted(firing(tables))
    assert alerts == [
        Firing("VisitsLow", "critical", "firing", "visits", "1h", "channel", "Email"),
        Firing("VisitsLow", "critical", "no_data", "visits", "1h", "channel", "Referral"),
    ]
    registry = CollectorRegistry()
    registry.register(SnapshotCollector(Snapshot(alerts=alerts), {}, "GBP"))
    assert [registry.get_sample_value("kpi_alert_firing", alert._asdict()) for alert in alerts] == [1, 1]

"""Reading a worker's /metrics."""

from math import inf

from streams.tools.metrics_page import MetricsPage, read_page

TEXT = """\
# HELP kpi_events_total Events received, by what became of them
# TYPE kpi_events_total counter
kpi_events_total{outcome="counted",topic="orders"} 5.0
kpi_events_total{outcome="late",topic="orders"} 1.0
kpi_events_total{outcome="counted",topic="social"} 7.0
# HELP kpi_visits Sessions
# TYPE kpi_visits gauge
kpi_visits{dimension="all",segment="all",window="5m"} 12.0
kpi_consumer_lag_records{topic="orders"} 2.0
kpi_consumer_lag_records{topic="social"} 3.0
kpi_freshness_seconds 0.5
kpi_event_to_metric_seconds_bucket{le="0.1"} 4.0
kpi_event_to_metric_seconds_bucket{le="+Inf"} 6.0
kpi_event_to_metric_seconds_count 6.0
"""


def test_reads_the_pipelines_own_figures() -> None:
    page = read_page(TEXT)
    assert page == MetricsPage({"orders": 6, "social": 7}, lag=5, freshness_s=0.5, delays={0.1: 4.0, inf: 6.0})
    assert page.received == 13


def test_a_worker_that_has_nothing_yet_has_an_empty_page() -> None:
    assert read_page("") == MetricsPage()

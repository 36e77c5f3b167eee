import json
import re

from hypothesis import given
from hypothesis import strategies as st

from alerting.notifiers.alertmanager import Alertmanager, Told, labels, sanitised
from alerts import alert

START_US = 1_795_564_800_000_000  # 2026-11-25T00:00:00Z
MINUTE_US = 60_000_000


def test_an_alert_has_wall_clock_times_and_event_times_as_annotations() -> None:
    told = Told(alert(starts_at="2020-01-01T00:00:00Z"), START_US, START_US + 4 * MINUTE_US)
    request = Alertmanager("http://am:9093/", "https://kpi.example").request([told])
    assert request.url == "http://am:9093/api/v2/alerts"
    assert json.loads(request.body) == [
        {
            "labels": {
                "alertname": "ConversionRateLow",
                "severity": "critical",
                "kpi": "conversion_rate",
                "window": "5m",
                "dimension": "channel",
                "segment": "Paid Search",
                "team": "growth",
            },
            "annotations": {
                "value": "0.0173",
                "threshold": "0.02",
                "event_starts_at": "2020-01-01T00:00:00Z",
                "fingerprint": "ab12",
                "summary": "Conversion 1.73% in Paid Search",
                "runbook_url": "https://runbooks.example/low",
            },
            "startsAt": "2026-11-25T00:00:00Z",
            "endsAt": "2026-11-25T00:04:00Z",
            "generatorURL": "https://kpi.example",
        }
    ]


def test_without_a_public_url_there_is_no_generator_url() -> None:
    assert b"generatorURL" not in Alertmanager("http://am:9093").request([Told(alert(), 0, 1)]).body


def test_a_label_of_the_rule_takes_no_name_that_is_taken() -> None:
    found = labels(alert(labels={"severity": "page", "a.b": "1", "a_b": "2", "9": "3"}))
    assert found["severity"] == "critical"
    assert {name: found[name] for name in ("label_severity", "a_b", "label_a_b", "_9")} == {
        "label_severity": "page",
        "a_b": "1",
        "label_a_b": "2",
        "_9": "3",
    }


@given(name=st.text())
def test_every_name_becomes_one_prometheus_takes(name: str) -> None:
    assert re.fullmatch(r"[a-zA-Z_][a-zA-Z0-9_]*", sanitised(name))


@given(given_labels=st.dictionaries(st.text(), st.text(), max_size=6))
def test_no_label_is_lost(given_labels: dict[str, str]) -> None:
    found = labels(alert(labels=given_labels))
    assert len(found) == 6 + len(given_labels)

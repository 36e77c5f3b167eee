import json
from typing import Any

import pytest

from alerting.notifiers.pagerduty import PagerDuty
from alerts import STARTS_AT, notification, record

PAGERDUTY = PagerDuty("https://events.pagerduty.com/v2/enqueue", "r0ut1ng", "https://kpi.example")


def sent(**changed: Any) -> dict[str, Any]:
    event: dict[str, Any] = json.loads(PAGERDUTY.request(notification(**changed)).body)
    return event


def test_an_alert_that_fires_triggers_an_incident_under_its_fingerprint() -> None:
    assert sent() == {
        "routing_key": "r0ut1ng",
        "event_action": "trigger",
        "dedup_key": "ab12",
        "payload": {
            "summary": "ConversionRateLow: Conversion 1.73% in Paid Search",
            "source": "kpi-monitor",
            "severity": "critical",
            "timestamp": STARTS_AT,
            "component": "conversion_rate",
            "group": "channel=Paid Search",
            "class": "ConversionRateLow",
            "custom_details": json.loads(record()),
        },
        "links": [{"href": "https://runbooks.example/low", "text": "Runbook"}],
        "client": "KPI monitor",
        "client_url": "https://kpi.example",
    }


def test_one_that_is_over_resolves_it() -> None:
    assert sent(state="resolved") == {"routing_key": "r0ut1ng", "event_action": "resolve", "dedup_key": "ab12"}


@pytest.mark.parametrize(("level", "severity"), [("critical", "critical"), ("warning", "warning"), ("page", "error")])
def test_the_severity_is_the_level_where_pagerduty_has_the_word(level: str, severity: str) -> None:
    assert sent(level=level)["payload"]["severity"] == severity


def test_without_annotations_the_summary_is_made_and_there_is_no_link() -> None:
    event = sent(annotations={}, value=None)
    assert event["payload"]["summary"] == "ConversionRateLow: conversion_rate of Paid Search is no value"
    assert "links" not in event


def test_a_runbook_that_is_no_address_is_no_link() -> None:
    assert "links" not in sent(annotations={"runbook_url": "docs/runbooks/low.md"})


def test_a_long_summary_is_cut_to_what_pagerduty_takes() -> None:
    assert len(sent(annotations={"summary": "s" * 5_000})["payload"]["summary"]) == 1_024


def test_the_routing_key_is_not_shown() -> None:
    assert "r0ut1ng" not in f"{PAGERDUTY!r} {PAGERDUTY.request(notification())!r}"

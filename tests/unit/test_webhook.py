import hashlib
import hmac
import json

from alerting.notifiers.webhook import Webhook
from alerts import STARTS_AT, notification, record

URL = "https://ops.example/hook"


def test_it_is_a_cloud_event_in_structured_mode_with_the_whole_record() -> None:
    request = Webhook(URL).request(notification())
    assert request.url == URL
    assert request.headers == {"Content-Type": "application/cloudevents+json"}
    assert json.loads(request.body) == {
        "specversion": "1.0",
        "id": "ab12-3",
        "source": "/kpi-monitor/alerts",
        "type": "kpi.alert.firing",
        "subject": "ab12",
        "time": STARTS_AT,
        "datacontenttype": "application/json",
        "data": json.loads(record()),
    }


def test_of_one_that_is_over_the_time_is_its_end() -> None:
    event = json.loads(Webhook(URL).request(notification(state="resolved")).body)
    assert (event["type"], event["time"]) == ("kpi.alert.resolved", "2026-11-25T00:05:00Z")


def test_with_a_secret_the_body_is_signed() -> None:
    request = Webhook(URL, b"key").request(notification())
    digest = hmac.new(b"key", request.body, hashlib.sha256).hexdigest()
    assert request.headers["X-Kpi-Signature-256"] == f"sha256={digest}"


def test_neither_secret_nor_address_is_shown() -> None:
    webhook = Webhook(URL, b"key")
    assert "key" not in repr(webhook)
    assert "ops.example" not in f"{webhook!r} {webhook.request(notification())!r}"

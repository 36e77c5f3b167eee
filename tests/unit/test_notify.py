from pathlib import Path

import msgspec
import pytest
from prometheus_client import CollectorRegistry

from models.errors import BrokerError, SettingsError
from models.receiver import AlertmanagerReceiver, PagerDutyReceiver, SlackReceiver, WebhookReceiver
from models.settings import Settings
from streams.delivering.metrics import Notifications, Outcome
from streams.delivering.notify import notify
from streams.delivering.receivers import labels, notifier, receivers

OPS = WebhookReceiver("ops", "https://ops.example/hook")
AMS = AlertmanagerReceiver("am", ("http://10.0.0.1:9093", "http://10.0.0.2:9093"))


def test_the_short_forms_are_a_receiver_each() -> None:
    settings = Settings(
        receivers=(OPS,),
        webhook_url="http://127.0.0.1:9/hook",
        webhook_allow_private=True,
        alertmanager_url="http://am-1:9093, http://am-2:9093",
    )
    assert receivers(settings) == (
        OPS,
        AlertmanagerReceiver("alertmanager", ("http://am-1:9093", "http://am-2:9093")),
        WebhookReceiver("webhook", "http://127.0.0.1:9/hook", allow_private=True),
    )


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (Settings(), "receivers: nobody to notify; set KPI_ALERTMANAGER_URL or KPI_WEBHOOK_URL, or receivers in the "),
        (Settings(receivers=(OPS, OPS)), "receivers ops: the name comes twice; give each its own"),
        (Settings(webhook_url="ops"), "receivers webhook address: no HTTP address; begin it with https:// or http://"),
        (
            Settings(webhook_url="http://localhost/hook"),
            "receivers webhook address: localhost is no public address; set allow_private: true",
        ),
        (
            Settings(receivers=(msgspec.structs.replace(AMS, allow_private=False),)),
            "receivers am address: 10.0.0.1 is no public address; set allow_private: true",
        ),
        (Settings(alertmanager_url="http://am:9093,"), "receivers alertmanager address: no HTTP address; begin it"),
    ],
    ids=["none", "twice", "no address", "private", "private alertmanager", "empty"],
)
def test_wrong_receivers_are_said(settings: Settings, message: str) -> None:
    with pytest.raises(SettingsError) as wrong:
        receivers(settings)
    assert str(wrong.value).startswith(message)


def test_each_of_several_alertmanagers_has_a_label_of_its_own() -> None:
    assert labels(AMS) == {f"am {host}": f"http://{host}" for host in ("10.0.0.1:9093", "10.0.0.2:9093")}
    assert labels(AlertmanagerReceiver("am", ("http://am:9093",))) == {"am": "http://am:9093"}


def test_alertmanagers_behind_one_host_are_each_told() -> None:
    behind = AlertmanagerReceiver("am", ("http://proxy/one/", "http://proxy/two", "http://other"))
    assert labels(behind) == {
        "am proxy/one": "http://proxy/one/",
        "am proxy/two": "http://proxy/two",
        "am other": "http://other",
    }


@pytest.mark.asyncio
async def test_a_secret_file_that_is_not_there_is_said(tmp_path: Path) -> None:
    missing = str(tmp_path / "key")
    for receiver in (
        WebhookReceiver("a", OPS.url, missing),
        PagerDutyReceiver("a", missing),
        SlackReceiver("a", missing),
    ):
        with pytest.raises(SettingsError, match="cannot be read"):
            await notify(Settings(receivers=(receiver,)))


def test_an_empty_secret_file_is_said(tmp_path: Path) -> None:
    file = tmp_path / "key"
    file.write_text("\n", encoding="utf-8")
    with pytest.raises(SettingsError, match="the file is empty"):
        notifier(PagerDutyReceiver("pager", str(file)), None)


@pytest.mark.parametrize("url", ["hooks.slack.com/s3cr3t", "http://127.0.0.1/s3cr3t", "https://u:s3cr3t@slack.com/"])
def test_a_wrong_address_in_a_secret_file_is_said_without_it(tmp_path: Path, url: str) -> None:
    file = tmp_path / "url"
    file.write_text(url, encoding="utf-8")
    with pytest.raises(SettingsError, match="receivers chat address") as wrong:
        notifier(SlackReceiver("chat", str(file)), None)
    assert "s3cr3t" not in str(wrong.value)


@pytest.mark.asyncio
async def test_an_unreachable_broker_is_said(unused_tcp_port: int) -> None:
    settings = Settings(receivers=(OPS,), broker=f"127.0.0.1:{unused_tcp_port}")
    with pytest.raises(BrokerError, match=f"^127.0.0.1:{unused_tcp_port}: no Kafka broker answers .*; start one"):
        await notify(settings)


def test_every_outcome_of_a_receiver_is_a_series_from_the_start() -> None:
    registry = CollectorRegistry()
    Notifications(registry, lambda: 0).expect("ops")
    for outcome in Outcome:
        labels_ = {"receiver": "ops", "outcome": outcome.value}
        assert registry.get_sample_value("kpi_notifications_total", labels_) == 0
    for name in ("firing", "oldest_undelivered_seconds"):
        assert registry.get_sample_value(f"kpi_notifications_{name}", {"receiver": "ops"}) == 0


def test_the_age_of_what_waits_grows() -> None:
    registry, now_us = CollectorRegistry(), 90_000_000
    metrics = Notifications(registry, lambda: now_us)
    metrics.expect("ops")
    metrics.waiting("ops", 30_000_000)
    name = "kpi_notifications_oldest_undelivered_seconds"
    assert registry.get_sample_value(name, {"receiver": "ops"}) == 60
    now_us = 95_000_000
    assert registry.get_sample_value(name, {"receiver": "ops"}) == 65
    metrics.waiting("ops", None)
    assert registry.get_sample_value(name, {"receiver": "ops"}) == 0

from pathlib import Path

import pytest
from prometheus_client import CollectorRegistry

from models.errors import BrokerError, SettingsError
from models.settings import Receiver, Settings
from streams.delivering.metrics import Notifications, Outcome
from streams.delivering.notify import notify, receivers

OPS = Receiver("ops", "https://ops.example/hook")


def test_webhook_url_is_short_for_one_receiver() -> None:
    settings = Settings(receivers=(OPS,), webhook_url="http://127.0.0.1:9/hook")
    assert receivers(settings) == (OPS, Receiver("webhook", "http://127.0.0.1:9/hook"))


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        (Settings(), "receivers: nobody to notify; set KPI_WEBHOOK_URL or receivers in the settings file"),
        (Settings(receivers=(OPS, OPS)), "receivers ops: the name comes twice; give each its own"),
        (Settings(webhook_url="ops"), "receivers webhook.url: no HTTP address; begin it with https:// or http://"),
    ],
    ids=["none", "twice", "no address"],
)
def test_wrong_receivers_are_said(settings: Settings, message: str) -> None:
    with pytest.raises(SettingsError) as wrong:
        receivers(settings)
    assert message == str(wrong.value)


@pytest.mark.asyncio
async def test_a_secret_file_that_is_not_there_is_said(tmp_path: Path) -> None:
    missing = tmp_path / "key"
    settings = Settings(receivers=(Receiver("ops", OPS.url, secret_file=str(missing)),))
    with pytest.raises(SettingsError, match="cannot be read"):
        await notify(settings)


@pytest.mark.asyncio
async def test_an_unreachable_broker_is_said(unused_tcp_port: int) -> None:
    settings = Settings(receivers=(OPS,), broker=f"127.0.0.1:{unused_tcp_port}")
    with pytest.raises(BrokerError, match=f"^127.0.0.1:{unused_tcp_port}: no Kafka broker answers .*; start one"):
        await notify(settings)


def test_a_receiver_shows_zeros_before_its_first_notification() -> None:
    registry = CollectorRegistry()
    Notifications(registry).expect("ops")
    for outcome in Outcome:
        labels = {"receiver": "ops", "outcome": outcome.value}
        assert registry.get_sample_value("kpi_notifications_total", labels) == 0

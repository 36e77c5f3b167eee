from pathlib import Path

import pytest

from models.errors import DefinitionError, SettingsError
from models.receiver import AlertmanagerReceiver, PagerDutyReceiver, Receiver, SlackReceiver, WebhookReceiver
from streams.configuration import effective, load_settings

GOOD = """
receivers:
  - {type: alertmanager, name: am, urls: [http://am-1:9093, http://am-2:9093]}
  - {name: ops, url: https://ops.example/hook/s3cr3t, secret_file: /run/secrets/hook, allow_private: true}
  - {type: pagerduty, name: pager, routing_key_file: /run/secrets/pagerduty}
  - {type: slack, name: chat, url_file: /run/secrets/slack}
"""
READ: tuple[Receiver, ...] = (
    AlertmanagerReceiver("am", ("http://am-1:9093", "http://am-2:9093")),
    WebhookReceiver("ops", "https://ops.example/hook/s3cr3t", "/run/secrets/hook", allow_private=True),
    PagerDutyReceiver("pager", "/run/secrets/pagerduty"),
    SlackReceiver("chat", "/run/secrets/slack"),
)


def read(folder: Path, text: str) -> tuple[Receiver, ...]:
    file = folder / "kpi.yaml"
    file.write_text(text, encoding="utf-8")
    return load_settings({"KPI_CONFIG": str(file)}).receivers


def test_every_kind_is_read(tmp_path: Path) -> None:
    assert read(tmp_path, GOOD) == READ


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("{name: a}", "receivers[0]: `url` is missing; add `url:`"),
        ("{type: mail, name: a}", 'receivers[0].type: "mail" is not possible; write one of alertmanager pagerduty'),
        ("{type: alertmanager, name: a, url: http://a}", "receivers[0].url: unknown key; keys are allow_private name"),
        ("{type: alertmanager, name: a, urls: []}", "receivers[0].urls: an empty list; write at least one address"),
        ("{type: alertmanager, name: a, urls: [am]}", "receivers[0].urls[0]: no HTTP address; begin it with https://"),
        ("{type: slack, name: a, url: http://a}", "receivers[0].url: unknown key; keys are allow_private name type"),
        ("{type: pagerduty, name: a}", "receivers[0]: `routing_key_file` is missing; add `routing_key_file:`"),
        ("{name: a b, url: http://a}", 'receivers[0].name: "a b" is no name; write 1 to 64 letters'),
        ("{name: a, url: 'http://'}", "receivers[0].url: an address without host; write one like"),
        ("{name: a, url: 'http://a:b'}", "receivers[0].url: no address; write one like"),
        ("{name: a, url: 'http://u:p@a'}", "receivers[0].url: a password in an address; remove it"),
        ("{name: a, url: http://a, allow_private: yes}", 'receivers[0].allow_private: "yes" is not true or false'),
    ],
)
def test_a_mistake_is_said_with_its_place(tmp_path: Path, line: str, message: str) -> None:
    with pytest.raises(DefinitionError) as wrong:
        read(tmp_path, f"receivers:\n  - {line}\n")
    assert str(wrong.value).startswith(f"{tmp_path / 'kpi.yaml'}:2 {message}")


def test_a_name_that_comes_twice_is_said(tmp_path: Path) -> None:
    with pytest.raises(DefinitionError, match=r":3 receivers\[1\]: the name a comes twice"):
        read(tmp_path, "receivers:\n  - {name: a, url: http://a}\n  - {name: a, url: http://b}\n")


def test_addresses_of_webhooks_are_not_printed(tmp_path: Path) -> None:
    file = tmp_path / "kpi.yaml"
    file.write_text(GOOD, encoding="utf-8")
    shown = str(effective(load_settings({"KPI_CONFIG": str(file), "KPI_WEBHOOK_URL": "https://a.example/t0ken"})))
    assert "http://am-1:9093" in shown
    assert "s3cr3t" not in shown
    assert "t0ken" not in shown


def test_a_public_url_is_an_address() -> None:
    with pytest.raises(SettingsError, match=r"^public_url: no HTTP address"):
        load_settings({"KPI_PUBLIC_URL": "kpi.example"})

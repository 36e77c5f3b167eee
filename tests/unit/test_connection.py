"""From settings to what aiokafka and Faust take."""

import ssl
from pathlib import Path

import pytest

from models.errors import SettingsError
from models.settings import Settings
from streams.connection import client_options, faust_credentials


def test_a_plain_broker_needs_no_credentials() -> None:
    settings = Settings(broker="one:9092,two:9092")
    assert client_options(settings) == {
        "bootstrap_servers": "one:9092,two:9092",
        "security_protocol": "PLAINTEXT",
    }
    assert faust_credentials(settings) is None


def test_the_password_comes_from_its_file_without_the_line_end(tmp_path: Path) -> None:
    secret = tmp_path / "password"
    secret.write_text("pass word \n", encoding="utf-8")
    settings = Settings(
        kafka_security_protocol="SASL_PLAINTEXT",
        kafka_sasl_mechanism="SCRAM-SHA-512",
        kafka_username="shop",
        kafka_password_file=str(secret),
    )
    assert client_options(settings) == {
        "bootstrap_servers": "127.0.0.1:9092",
        "security_protocol": "SASL_PLAINTEXT",
        "sasl_mechanism": "SCRAM-SHA-512",
        "sasl_plain_username": "shop",
        "sasl_plain_password": "pass word ",
    }
    faust = faust_credentials(settings)
    assert (faust.username, faust.password, faust.protocol.value, faust.mechanism.value) == (
        "shop",
        "pass word ",
        "SASL_PLAINTEXT",
        "SCRAM-SHA-512",
    )


def test_tls_checks_the_brokers_certificate_and_name() -> None:
    settings = Settings(kafka_security_protocol="SSL")
    context = client_options(settings)["ssl_context"]
    assert (context.verify_mode, context.check_hostname) == (ssl.CERT_REQUIRED, True)
    assert faust_credentials(settings).context.verify_mode is ssl.CERT_REQUIRED


def test_sasl_over_tls_has_both() -> None:
    settings = Settings(kafka_security_protocol="SASL_SSL", kafka_username="shop", kafka_password="secret")  # noqa: S106
    assert {"ssl_context", "sasl_plain_username"} <= client_options(settings).keys()
    assert faust_credentials(settings).protocol.value == "SASL_SSL"


@pytest.mark.parametrize("setting", ["kafka_ca_file", "kafka_cert_file", "kafka_key_file"])
def test_a_missing_file_is_named_with_its_setting(setting: str, tmp_path: Path) -> None:
    missing = str(tmp_path / "missing.pem")
    settings = Settings(**{"kafka_security_protocol": "SSL", setting: missing})  # type: ignore[arg-type]  # one of three
    with pytest.raises(SettingsError) as error:
        client_options(settings)
    assert str(error.value) == (
        f"{setting} {missing}: cannot be read (No such file or directory); correct KPI_{setting.upper()} or the file"
    )


def test_a_file_that_is_no_certificate_is_named(tmp_path: Path) -> None:
    file = tmp_path / "ca.pem"
    file.write_text("not a certificate", encoding="utf-8")
    with pytest.raises(SettingsError, match=r"kafka_ca_file .*ca\.pem: OpenSSL cannot use it"):
        client_options(Settings(kafka_security_protocol="SSL", kafka_ca_file=str(file)))


def test_sasl_without_a_login_says_what_to_set() -> None:
    with pytest.raises(SettingsError, match="KPI_KAFKA_USERNAME and KPI_KAFKA_PASSWORD_FILE"):
        client_options(Settings(kafka_security_protocol="SASL_PLAINTEXT", kafka_username="shop"))

"""How to reach Kafka, from the settings: one place for aiokafka clients and for Faust."""

import ssl
from pathlib import Path
from typing import Any

from models.errors import BrokerError, SettingsError
from models.settings import Settings

CONNECT_TIMEOUT_S = 10.0
"""How long a command waits for a broker before it says that none answers."""


def unreachable(broker: str, error: Exception) -> BrokerError:
    """What a command says when it got no connection."""
    why = f" ({error})" if str(error) else ""
    return BrokerError(broker, f"no Kafka broker answers{why}", "start one (`kpi broker`) or set KPI_BROKER")


def client_options(settings: Settings) -> dict[str, Any]:
    """Keyword arguments for any aiokafka client; raises SettingsError for a file or a login that is missing."""
    options: dict[str, Any] = {
        "bootstrap_servers": settings.broker,
        "security_protocol": settings.kafka_security_protocol,
    }
    if settings.kafka_security_protocol.endswith("SSL"):
        options["ssl_context"] = _ssl_context(settings)
    if settings.kafka_security_protocol.startswith("SASL"):
        username, password = _login(settings)
        options |= {
            "sasl_mechanism": settings.kafka_sasl_mechanism,
            "sasl_plain_username": username,
            "sasl_plain_password": password,
        }
    return options


def faust_credentials(settings: Settings) -> Any:  # noqa: ANN401  Faust is untyped here and heavy to import
    """What Faust takes as `broker_credentials`, None for PLAINTEXT; raises as `client_options` does."""
    if settings.kafka_security_protocol == "PLAINTEXT":
        return None
    from faust.auth import SASLCredentials, SSLCredentials  # noqa: PLC0415  0.3 s, and only the worker pays it

    context = _ssl_context(settings) if settings.kafka_security_protocol.endswith("SSL") else None
    if settings.kafka_security_protocol == "SSL":
        return SSLCredentials(context)
    username, password = _login(settings)
    return SASLCredentials(
        username=username, password=password, ssl_context=context, mechanism=settings.kafka_sasl_mechanism
    )


def _login(settings: Settings) -> tuple[str, str]:
    password = settings.kafka_password
    if settings.kafka_password_file:
        password = _read("kafka_password_file", settings.kafka_password_file).rstrip("\r\n")
    if not settings.kafka_username or not password:
        raise SettingsError(
            "kafka_username, kafka_password",
            f"{settings.kafka_security_protocol} needs both",
            "set KPI_KAFKA_USERNAME and KPI_KAFKA_PASSWORD_FILE",
        )
    return settings.kafka_username, password


def _ssl_context(settings: Settings) -> ssl.SSLContext:
    names = ("kafka_ca_file", "kafka_cert_file", "kafka_key_file")
    files = {name: file for name in names if (file := getattr(settings, name))}
    for name, file in files.items():
        _read(name, file)
    try:
        context = ssl.create_default_context(cafile=settings.kafka_ca_file)
        if settings.kafka_cert_file:  # an encrypted key is an error: OpenSSL would ask for its password on the terminal
            context.load_cert_chain(settings.kafka_cert_file, settings.kafka_key_file, password="")
    except ssl.SSLError as error:
        raise SettingsError(
            ", ".join(f"{name} {file}" for name, file in files.items()),
            f"OpenSSL cannot use it ({error.reason or error})",
            "give PEM files, the certificate with its key, and that key without a password",
        ) from error
    return context


def _read(setting: str, file: str) -> str:
    try:
        return Path(file).read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not text"
        raise SettingsError(
            f"{setting} {file}", f"cannot be read ({reason})", f"correct KPI_{setting.upper()} or the file"
        ) from error

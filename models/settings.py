"""What a shop can set, with its defaults; read once by the command line from `KPI_*` and one YAML file."""

from typing import Annotated, Literal

import msgspec
from msgspec import Meta

from models.receiver import Receiver
from models.visitor import MAX_COUNT


class Settings(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """Every field is also an environment variable: `broker` is `KPI_BROKER`."""

    broker: str = "127.0.0.1:9092"
    """Bootstrap servers of Kafka, comma-separated host:port."""

    app_id: str = "kpi"
    """Consumer group, and prefix of transactional ids and changelog topics."""

    instance_id: str | None = None
    """Static group member id: a restarted worker with the same one rejoins at once."""

    kafka_security_protocol: Literal["PLAINTEXT", "SSL", "SASL_PLAINTEXT", "SASL_SSL"] = "PLAINTEXT"
    """How to talk to Kafka."""

    kafka_sasl_mechanism: Literal["PLAIN", "SCRAM-SHA-256", "SCRAM-SHA-512"] = "PLAIN"
    """SASL mechanism, with kafka_username and kafka_password or kafka_password_file."""

    kafka_username: str | None = None
    """SASL user."""

    kafka_password: str | None = None
    """SASL password (hidden by `kpi config`); better kafka_password_file."""

    kafka_password_file: str | None = None
    """File that holds the SASL password."""

    kafka_ca_file: str | None = None
    """PEM file of the certificate authority; absent: the system's."""

    kafka_cert_file: str | None = None
    """PEM file of the client certificate, for mutual TLS."""

    kafka_key_file: str | None = None
    """PEM file of the client key, for mutual TLS."""

    business_timezone: str = "UTC"
    """IANA zone of days and months."""

    reporting_currency: str = "GBP"
    """ISO 4217 currency all money is reported in."""

    kpis_file: str | None = None
    """KPI definitions; absent: deploy/kpis.yaml of the working folder, else the packaged one."""

    rules_file: str | None = None
    """Alert rules; absent: deploy/alerts.yaml of the working folder, else the packaged one."""

    out_of_orderness_s: float = 5.0
    """How far behind the newest event of a partition an event may be and still be on time."""

    allowed_lateness_s: float = 60.0
    """A window is final when the watermark has passed its end by this much."""

    idle_after_s: float = 10.0
    """A partition without lag whose watermark has not moved for this long holds nothing back. Wall clock."""

    max_lag_s: float = 60.0
    """While a record has been unread for longer than this, rules on open windows wait and `PipelineBehind` fires."""

    correction_horizon_clickstream_s: float = 3_600.0
    """Older clicks are `late`."""

    correction_horizon_social_s: float = 3_600.0
    """Older social events are `late`."""

    correction_horizon_orders_s: float = 7 * 86_400.0
    """Older order events are `late`."""

    session_retention_s: float = 86_400.0
    """A session and its visitor are kept this long after the last event, in event time; no less than a window in which
    visitors are counted."""

    order_retention_s: float | None = None
    """An order is known this long after its latest event, in event time; absent: for ever."""

    max_segments: int = 1_000
    """Of a dimension this many segments a day have series of their own; the rest is counted in `__other__`."""

    session_gap_s: float = 1_800.0
    """So long without an event ends a session whose events have no id; an order looks back no further for its own."""

    conversion_events: tuple[str, ...] = ("purchase",)
    """Types of clicks that are a conversion of their session (settings file only); a placed order always is."""

    bot_events_per_minute: Annotated[int, Meta(ge=1, le=MAX_COUNT)] = 120
    """What a visitor sends beyond this many clicks of a minute is a bot's."""

    commit_every_s: float = 0.2
    """A task of the first stages commits this often."""

    commit_every_records: int = 50_000
    """... or after this many records."""

    native: bool = True
    """Clicks are counted by the kernel in Rust where it is installed; false: by Python, slower, same figures."""

    contiguous_topics: tuple[str, ...] = ()
    """Input topics without transactions and compaction: a missing offset stops the worker (settings file only)."""

    stuck_after_s: float = 60.0
    """A worker with unread records that moves none for this long is not ready and exits for its supervisor."""

    metrics_host: str = "127.0.0.1"
    """Where /metrics, /livez and /readyz listen."""

    metrics_port: int = 6067
    """0 takes a free one."""

    web_host: str = "127.0.0.1"
    """Where the page and API of `kpi web` listen; beyond this machine only with one of the next three."""

    web_token_file: str | None = None
    """File that holds the token the page asks for: as Bearer, or once by opening `/?token=...`."""

    web_user_header: str | None = None
    """Header by which a reverse proxy says who is there; without it nobody is. The proxy drops what clients send."""

    web_open: bool = False
    """Whether the page may be open to everybody who reaches web_host."""

    web_port: int = 6066
    """0 takes a free one."""

    web_streams: Annotated[int, Meta(ge=1, le=10_000)] = 500
    """Live pages that may be open at once."""

    web_history_days: Annotated[float, Meta(ge=0, le=400)] = 70.0
    """How long ago values that `kpi web` reads were published; after a start the newest come first."""

    log_level: Literal["debug", "info", "warning", "error"] = "info"
    """Of the product's own log."""

    log_format: Literal["text", "json"] = "text"
    """One line a message."""

    alertmanager_url: str | None = None
    """Short for one receiver `alertmanager`; several URLs, comma-separated, are all sent everything."""

    webhook_url: str | None = None
    """Short for one receiver `webhook` with this URL (hidden by `kpi config`)."""

    webhook_allow_private: bool = False
    """Whether webhook_url may be on a private or loopback address."""

    public_url: str | None = None
    """Where a browser finds this monitor: the link in notifications."""

    receivers: tuple[Receiver, ...] = ()
    """Receivers of alerts (settings file only)."""


SECRETS = frozenset({"kafka_password", "webhook_url"})
"""Fields that `kpi config` never prints."""

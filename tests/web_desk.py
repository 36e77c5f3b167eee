"""A desk of `kpi web` with two KPIs, and records as the worker publishes them."""

from dataclasses import dataclass, field, replace
from functools import lru_cache

from alerting.rules_file import load
from life import lived, rule
from models.kpi import Catalogue
from models.kpi_value import KpiValue, Series, Status, Unit
from models.kpis_file import load_kpis
from models.settings import Settings
from models.status import MeasureStatus, status_record
from models.window_definition import shapes
from streams.publication import VALUES_TOPIC, value_record
from streams.publication_alerts import TOPIC as ALERTS_TOPIC
from streams.web.desk import Desk
from streams.web.server import desk_of

KPIS = """
kpis:
  conversion_rate:
    help: Converting sessions / sessions
    numerator: converting_sessions
    denominator: sessions
    proportion: true
    windows: [5m, 1h, 1d]
    by: [channel]
  revenue:
    help: Amounts of orders placed
    numerator: revenue
    windows: [1h, 1d]
    by: [channel]
    target: {1d: 1000}
"""
RULES = """
rules:
- name: ConversionRateLow
  kpi: conversion_rate
  window: 1h
  levels: {critical: {below: 0.02}}
  annotations: {summary: "low", runbook_url: https://shop.example/runbook}
"""
BOOT = "b0"
T0_S = 1_777_636_800  # 2026-05-01T12:00:00Z, a Friday
HOUR_S, DAY_S, WEEK_S = 3_600, 86_400, 7 * 86_400
NOW_US = (T0_S + HOUR_S) * 1_000_000
FIRED, RESOLVED = [told for _, told in lived(rule(below=2), "3113") if told]
LOW = replace(
    FIRED,
    rule="ConversionRateLow",
    kpi="conversion_rate",
    window="1h",
    dimension="all",
    segment="all",
    span_us=(T0_S * 1_000_000, (T0_S + HOUR_S) * 1_000_000),
    annotations={"runbook_url": "https://shop.example/runbook"},
)
"""An alert of a value at T0."""

Record = tuple[bytes | None, bytes | None]


@lru_cache
def catalogue() -> Catalogue:
    return load_kpis(KPIS, "kpis.yaml")


def value(
    kpi: str,
    start_s: int = T0_S,
    numerator: int = 0,
    denominator: int | None = None,
    *,
    window: str = "1h",
    segment: str | None = None,
    revision: int = 0,
    status: Status = Status.FINAL,
    definition: str = "abcdef012345",
) -> Record:
    """A record of `kpi-values`: of the total, or of a channel. Pence for money."""
    unit = {"conversion_rate": Unit.RATIO}.get(kpi, Unit.MONEY)
    length_s = {"5m": 300, "1h": HOUR_S}.get(window, DAY_S)
    known = catalogue().kpis.get(kpi)
    record = value_record(
        KpiValue(
            series=Series(kpi, window, "all" if segment is None else "channel", segment or "all"),
            start_us=start_s * 1_000_000,
            end_us=(start_s + length_s) * 1_000_000,
            unit=unit,
            exponent=2 if unit is Unit.MONEY else 0,
            numerator=numerator,
            denominator=denominator,
            interval=known.interval(numerator, denominator) if known else None,
            status=status,
            revision=revision,
            watermark_us=(start_s + length_s) * 1_000_000,
            definition=definition,
            emitted_us=NOW_US,
        ),
        {"all": 0, "channel": 0},
    )
    return record.key, record.value


def task(
    topic: str = "clickstream", *, emitted_us: int = NOW_US, received: int | None = None, **outcomes: int
) -> Record:
    """A record of `kpi-status`."""
    its = dict.fromkeys(("counted", "duplicate", "late", "bot", "invalid"), 0) | outcomes
    record = status_record(
        MeasureStatus(
            task=f"{topic}-0",
            topic=topic,
            partition=0,
            received=sum(its.values()) if received is None else received,
            **its,
            watermark_us=NOW_US,
            announced_us=NOW_US,
            promise_us=None,
            emitted_us=emitted_us,
        )
    )
    return record.key, record.value


@dataclass
class Shop:
    """`desk` has read everything unless told otherwise."""

    settings: Settings = field(default_factory=Settings)
    caught_up: bool = True
    desk: Desk = field(init=False)

    def __post_init__(self) -> None:
        known = catalogue()
        rules = load(RULES, "alerts.yaml", known.kpis, shapes(known.windows))
        self.desk, _ = desk_of(self.settings, known, rules, BOOT)
        self.desk.caught_up = self.caught_up

    def values(self, *records: Record) -> None:
        for key, raw in records:
            self.desk.take(VALUES_TOPIC, key, raw, NOW_US)

    def alert(self, raw: bytes) -> None:
        self.desk.take(ALERTS_TOPIC, b"fingerprint", raw, NOW_US)

    def statuses(self, *records: Record) -> None:
        for key, raw in records:
            self.desk.take("kpi-status", key, raw, NOW_US)

"""Records of `kpi-values`: the public form of a KPI value, and back."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from decimal import Context, Decimal
from functools import lru_cache

import msgspec

from models.kpi_value import MICROS, KpiValue, Series, Status, Unit
from models.stage import Outgoing

VALUES_TOPIC = "kpi-values"
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
SIGNIFICANT = Context(prec=20)
"""Digits of a ratio of money: the contract asks for at least 12."""


class KpiValueRecord(msgspec.Struct, frozen=True, gc=False):
    """A revision of a window of a series. Times are RFC 3339 UTC; money is decimal text in major units.

    `value` is null for a ratio over 0; `denominator` is null for a sum; `interval` is the 95 % Wilson interval.
    """

    kpi: str
    window: str
    start: str
    end: str
    dimension: str
    segment: str
    value: float | str | None
    unit: Unit
    numerator: int | float | str
    denominator: int | None
    interval: tuple[float, float] | None
    status: Status
    revision: int
    watermark: str
    definition: str
    emitted_at: str


_encode = msgspec.json.Encoder().encode
read_value = msgspec.json.Decoder(KpiValueRecord).decode


@lru_cache(maxsize=10_000)
def rfc3339(at_us: int) -> str:
    """UTC with a `Z`; the fraction only where there is one."""
    seconds, fraction = divmod(at_us, 1_000_000)
    text = datetime.fromtimestamp(seconds, UTC).strftime("%Y-%m-%dT%H:%M:%S")
    return f"{text}.{fraction:06d}Z" if fraction else f"{text}Z"


def value_record(value: KpiValue, partitions: Mapping[str, int]) -> Outgoing:
    """As it is written. Keyed by series and window start; `partitions`: the partition of each dimension.

    The segment comes last in the key: it alone may hold the separator.
    """
    kpi, window, dimension, segment = value.series
    start, unit = rfc3339(value.start_us), value.unit
    money = unit is Unit.MONEY
    record = KpiValueRecord(
        kpi,
        window,
        start,
        rfc3339(value.end_us),
        dimension,
        segment,
        _money(value) if money else value.value,
        unit,
        _numerator(value),
        value.denominator,
        value.interval,
        value.status,
        value.revision,
        rfc3339(value.watermark_us),
        value.definition,
        rfc3339(value.emitted_us),
    )
    key = f"{kpi}|{window}|{dimension}|{start}|{segment}"
    return Outgoing(VALUES_TOPIC, partitions[dimension], key.encode(), _encode(record))


def value_of(record: KpiValueRecord, currency_exponent: int) -> KpiValue:
    """The value that a record was made of; `currency_exponent`: digits of the minor unit of the reporting currency."""
    exponent = {Unit.MONEY: currency_exponent, Unit.SECONDS: MICROS}.get(record.unit, 0)
    return KpiValue(
        series=Series(record.kpi, record.window, record.dimension, record.segment),
        start_us=_us(record.start),
        end_us=_us(record.end),
        unit=record.unit,
        exponent=exponent,
        numerator=round(Decimal(str(record.numerator)).scaleb(exponent)),
        denominator=record.denominator,
        interval=record.interval,
        status=record.status,
        revision=record.revision,
        watermark_us=_us(record.watermark),
        definition=record.definition,
        emitted_us=_us(record.emitted_at),
    )


def _us(text: str) -> int:
    return (datetime.fromisoformat(text) - _EPOCH) // timedelta(microseconds=1)


def major(minor: int, exponent: int) -> str:
    """Minor units as exact decimal text of major units."""
    if exponent == 0:
        return str(minor)
    digits = str(abs(minor)).zfill(exponent + 1)
    text = f"{digits[:-exponent]}.{digits[-exponent:]}"
    return "-" + text if minor < 0 else text


def _numerator(value: KpiValue) -> int | float | str:
    """In the unit of the value."""
    match value.unit:
        case Unit.MONEY:
            return major(value.numerator, value.exponent)
        case Unit.SECONDS:
            return float(value.numerator / 10**value.exponent)
        case Unit.COUNT | Unit.RATIO:
            return value.numerator


def _money(value: KpiValue) -> str | None:
    """Exact for a sum, 20 significant digits for a ratio; never in exponent form."""
    if value.denominator is None:
        return major(value.numerator, value.exponent)
    if value.denominator == 0:
        return None
    return f"{SIGNIFICANT.divide(Decimal(value.numerator).scaleb(-value.exponent), Decimal(value.denominator)):f}"

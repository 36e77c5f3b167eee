"""A KPI value as a person reads it."""

from decimal import ROUND_HALF_EVEN, Decimal

from models import money
from models.kpi_value import Unit, is_share
from streams.publication import KpiValueRecord
from streams.tools import instant

ABSENT = "-"
_BLOCKS = "▁▂▃▄▅▆▇█"


def value_text(record: KpiValueRecord, currency: str) -> str:
    """With its interval, if it has one: `2.35 % (2.10 - 2.62)`."""
    interval = interval_text(record.interval)
    return plain_text(record, currency) + (f" ({interval})" if interval and record.value is not None else "")


def plain_text(record: KpiValueRecord, currency: str) -> str:
    """By unit: `2.35 %`, `1,234.50 GBP`, `1,234`, `12.3 s`, a ratio that is no share `2.81`; one over 0 is a dash."""
    if record.value is None:
        return ABSENT
    match record.unit:
        case Unit.MONEY:
            least = Decimal(1).scaleb(-(money.exponent(currency) or 0))
            return f"{Decimal(record.value).quantize(least, ROUND_HALF_EVEN):,f} {currency}"
        case Unit.RATIO:
            share = is_share(record.kpi, record.unit, proportion=record.interval is not None)
            return f"{float(record.value):.2%}".replace("%", " %") if share else f"{float(record.value):,.2f}"
        case Unit.SECONDS:
            return f"{float(record.value):,.1f} s"
        case Unit.COUNT:
            value = float(record.value)
            return f"{value:,.0f}" if value.is_integer() else f"{value:,.2f}"


def interval_text(interval: tuple[float, float] | None) -> str:
    """In percent: `2.10 - 2.62`; empty where there is none."""
    return f"{100 * interval[0]:.2f} - {100 * interval[1]:.2f}" if interval else ""


def age_text(at: str, now_us: int) -> str:
    """How long ago an RFC 3339 time was: `4 s`, `3 min`, `5 h`, `2 d`."""
    at_us = instant.parse(at)
    if at_us is None:
        return ABSENT
    return length_text(now_us - at_us)


def length_text(length_us: int) -> str:
    """A length of time: `4 s`, `3 min`, `5 h`, `2 d`; none is negative."""
    seconds = max(0, length_us) // 1_000_000
    for length, unit in ((86_400, "d"), (3_600, "h"), (60, "min")):
        if seconds >= 2 * length:
            return f"{seconds // length} {unit}"
    return f"{seconds} s"


def sparkline(values: list[float | None]) -> str:
    """A block a value, from the lowest to the highest of them; a blank where there is none."""
    known = [value for value in values if value is not None]
    low, span = min(known, default=0.0), max(known, default=0.0) - min(known, default=0.0)
    return "".join(" " if value is None else _block(value - low, span) for value in values)


def _block(above: float, span: float) -> str:
    """Values that are all the same are a line in the middle."""
    return _BLOCKS[round(above / span * (len(_BLOCKS) - 1))] if span else _BLOCKS[3]

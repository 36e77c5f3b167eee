"""Times as text: RFC 3339 to microseconds since 1970 UTC and back, at the speed of a replay."""

from datetime import UTC, datetime, timedelta
from functools import lru_cache

SECOND_US = 1_000_000
MINUTE_US = 60 * SECOND_US
HOUR_US = 60 * MINUTE_US
DAY_US = 24 * HOUR_US
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_DATE_LENGTH = len("2011-12-09T")


def parse(text: str) -> int | None:
    """Microseconds since 1970 UTC of an RFC 3339 time, None for anything else (a time without an offset too)."""
    if len(text) <= _DATE_LENGTH or text[10] not in "Tt ":
        return None
    try:
        return of(datetime.fromisoformat(text))
    except (ValueError, TypeError, OverflowError):
        return None


def of(moment: datetime) -> int:
    """Microseconds since 1970 UTC of an aware datetime; TypeError for a naive one."""
    return (moment - _EPOCH) // timedelta(microseconds=1)


def render(at_us: int) -> str:
    """RFC 3339 in UTC: whole seconds without a fraction, else milliseconds, else microseconds."""
    minutes, rest_us = divmod(at_us, MINUTE_US)
    seconds, fraction_us = divmod(rest_us, SECOND_US)
    return f"{_minute(minutes)}{seconds:02d}{_fraction(fraction_us)}Z"


def _fraction(fraction_us: int) -> str:
    if not fraction_us:
        return ""
    return f".{fraction_us:06d}" if fraction_us % 1000 else f".{fraction_us // 1000:03d}"


@lru_cache(maxsize=4096)  # neighbours share their minute: a third of the cost of rendering all of it
def _minute(minutes: int) -> str:
    return (_EPOCH + timedelta(minutes=minutes)).strftime("%Y-%m-%dT%H:%M:")

"""Moving a file in time by whole days, so that what happened years ago ends today and keeps its hours."""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from functools import lru_cache

import msgspec

from models import fx
from models.errors import InputFileError
from streams.tools.instant import DAY_US
from streams.tools.record import Record

MONEY_TOPICS = frozenset({"orders", "ad-spend"})
_DATE = slice(0, len("2011-12-09"))
_FIELDS = msgspec.json.Decoder(dict[str, msgspec.Raw])
_TEXT = msgspec.json.Decoder(str)


@dataclass(frozen=True, slots=True)
class Span:
    """What reading a file through has shown: its number of records, its first and latest time (None without any)."""

    topic: str
    records: int
    first_us: int | None
    last_us: int | None


def survey(topic: str, records: Iterable[Record]) -> Span:
    """Read all of a file, so that a malformed line is found before the first record is published."""
    count, first_us, last_us = 0, None, None
    for record in records:
        count += 1
        at_us = record.timestamp_us
        if at_us is None:
            continue
        first_us = at_us if first_us is None else first_us
        last_us = at_us if last_us is None or at_us > last_us else last_us
    return Span(topic, count, first_us, last_us)


def days_to_move(spans: Sequence[Span], now_us: int) -> tuple[int, ...]:
    """Whole days for each file (ahead or back) so that its last event is in the day before `now_us`.

    Rates move no further ahead than the files of money, or the first orders would come before the first rate.
    """
    alone = [0 if span.last_us is None else (now_us - span.last_us) // DAY_US for span in spans]
    money = [days for days, span in zip(alone, spans, strict=True) if span.topic in MONEY_TOPICS]
    return tuple(
        min(days, *money) if money and span.topic == fx.TOPIC else days for days, span in zip(alone, spans, strict=True)
    )


def moved(records: Iterable[Record], days: int) -> Iterator[Record]:
    """The records `days` later, also in the field `timestamp` of their values; every other byte of a field is kept.

    A record whose value names no time stays as it is. InputFileError when a time would leave the calendar.
    """
    return (_moved(record, days) for record in records)


def _moved(record: Record, days: int) -> Record:
    if not days or record.timestamp_us is None or record.value is None:
        return record
    fields = _FIELDS.decode(record.value)
    text = _TEXT.decode(fields["timestamp"])
    later = _date_after(text[_DATE], days) + text[_DATE.stop :]
    fields["timestamp"] = msgspec.Raw(msgspec.json.encode(later))
    return msgspec.structs.replace(
        record, value=msgspec.json.encode(fields), timestamp_us=record.timestamp_us + days * DAY_US
    )


@lru_cache(maxsize=4096)  # a year of events has 365 dates
def _date_after(text: str, days: int) -> str:
    try:
        return (date.fromisoformat(text) + timedelta(days=days)).isoformat()
    except OverflowError as error:
        raise InputFileError(text, f"cannot be moved by {days} days", "correct the file's dates") from error

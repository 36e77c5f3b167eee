"""The e-commerce clickstream of the wheel retentioneering 5.2.4 (synthetic, Apache-2.0): 31,106 events of 600 users.

The file lists user after user; as a stream it must come by time, or all but the first user would be late.
"""

import csv
import gzip
from collections.abc import Iterator
from pathlib import Path

import msgspec

from models.errors import InputFileError
from streams.tools import instant
from streams.tools.record import Record

NAME = "ecom.csv.gz"
TOPIC = "clickstream"

_EVENT_TYPES = {
    "product_view": "view_item",
    "shipping_details": "begin_checkout",
    "payment_details": "add_payment_info",
} | dict.fromkeys(("home", "catalog", "promo_page", "cart", "account_page", "review_page", "error_page"), "page_view")
_CHANNELS = {
    "organic": "Organic Search",
    "direct": "Direct",
    "email": "Email",
    "paid_search": "Paid Search",
    "social": "Organic Social",
}


class _Click(msgspec.Struct, frozen=True):
    event_id: str
    event_type: str
    timestamp: str
    visitor_id: str
    session_id: str
    channel: str
    device: str


def records(path: Path) -> Iterator[Record]:
    """The clicks by time, then row; `event_id` is file and row (1 = the first below the header); times are UTC.

    InputFileError when the file is not the data set.
    """
    try:
        with gzip.open(path, "rt", encoding="utf-8", newline="") as file:
            clicks = [_record(row, line) for row, line in enumerate(csv.DictReader(file), start=1)]
    except (OSError, EOFError, UnicodeError, csv.Error, KeyError, AttributeError) as error:
        what = f"not the e-commerce clickstream ({error!r})"
        raise InputFileError(str(path), what, "take the file from the wheel retentioneering 5.2.4") from error
    return iter(sorted(clicks, key=_time))  # stable: ties stay in file order


def _time(click: Record) -> int:
    assert click.timestamp_us is not None
    return click.timestamp_us


def _record(row: int, line: dict[str, str]) -> Record:
    timestamp = line["timestamp"].replace(" ", "T") + "Z"
    at_us = instant.parse(timestamp)
    if at_us is None:
        raise KeyError(timestamp)
    click = _Click(
        event_id=f"{NAME}:{row}",
        event_type=_EVENT_TYPES.get(line["event"], line["event"]),
        timestamp=timestamp,
        visitor_id=line["user_id"],
        session_id=line["session_id"],
        channel=_CHANNELS[line["acquisition_channel"]],
        device=line["platform"],
    )
    return Record(TOPIC, click.visitor_id.encode(), msgspec.json.encode(click), at_us)

"""CDNOW as orders: 69,659 purchases of the 23,570 customers who first bought in early 1997, until June 1998.

The file of Fader and Hardie as the wheel lifetimes 0.11.3 ships it. It knows days and no order numbers, so one event a
customer and day, the exact sum of its lines; 80 lines of 0.00 are orders too. Money is USD: KPI_REPORTING_CURRENCY=USD.

A time before 2000 is invalid (`ancient_timestamp`), so all of it comes 17 years later: 2014 and 2015 have the months
and the weekdays of 1997 and 1998.
"""

from collections.abc import Iterator
from datetime import date, timedelta
from decimal import Decimal, InvalidOperation
from pathlib import Path

import msgspec

from models.errors import InputFileError
from streams.tools import instant
from streams.tools.record import Record

NAME = "CDNOW_master.txt"
TOPIC = "orders"
_COLUMNS = ["customer_id", "date", "number_of_cds", "dollar_value"]
_LATER = timedelta(days=6_209)  # 17 years, 887 weeks
_NOON = "T12:00:00Z"  # the file has no hours; noon is of the same day in nearly every time zone

Purchase = tuple[date, str]
"""Day and customer."""


class _OrderEvent(msgspec.Struct, frozen=True):
    event_id: str
    timestamp: str
    order_id: str
    amount: str
    customer_id: str
    event_type: str = "order_placed"
    currency: str = "USD"


def records(path: Path) -> Iterator[Record]:
    """The order events by day, then customer, at noon UTC; InputFileError when the file is not the data set."""
    for (day, customer), dollars in sorted(_purchases(path).items()):
        yield _record(day, customer, dollars)


def _record(day: date, customer: str, dollars: Decimal) -> Record:
    timestamp = day.isoformat() + _NOON
    order = f"{customer}-{day:%Y%m%d}"
    event = _OrderEvent(f"cdnow:{order}", timestamp, order, str(dollars), customer)
    return Record(TOPIC, customer.encode(), msgspec.json.encode(event), instant.parse(timestamp))


def _purchases(path: Path) -> dict[Purchase, Decimal]:
    found: dict[Purchase, Decimal] = {}
    try:
        header, *lines = path.read_text(encoding="ascii").splitlines()
    except (OSError, ValueError) as error:
        raise _foreign(path, repr(error)) from error
    if header.split() != _COLUMNS:
        raise _foreign(path, f"line 1: {header[:60]}")
    for number, line in enumerate(lines, start=2):
        try:
            purchase, dollars = _parsed(line)
        except (ValueError, OverflowError, InvalidOperation) as error:
            raise _foreign(path, f"line {number}: {line[:60]}") from error
        found[purchase] = found.get(purchase, Decimal(0)) + dollars
    return found


def _parsed(line: str) -> tuple[Purchase, Decimal]:
    customer, day, _, dollars = line.split()
    return (date.fromisoformat(day) + _LATER, customer), Decimal(dollars)


def _foreign(path: Path, what: str) -> InputFileError:
    return InputFileError(
        str(path), f"not the CDNOW data set ({what})", "take the file from the wheel lifetimes 0.11.3"
    )

"""Makes deploy/demo: a few days of real orders and of the e-commerce clickstream, as NDJSON.

python -m streams.tools.demo_slice tests/data/online_retail.parquet path/to/ecom.csv.gz deploy/demo
"""

import gzip
import sys
from collections.abc import Iterable, Iterator
from pathlib import Path

from streams.tools import ecom, ndjson, online_retail
from streams.tools.instant import DAY_US, parse
from streams.tools.record import Record

ORDERS_FROM, ORDERS_DAYS = "2011-12-05T00:00:00Z", 4  # whole days: the 9th, the last, ends at noon
CLICKS_FROM, CLICKS_DAYS = "2024-06-24T00:00:00Z", 6  # to the end; every day more is 288 windows of an hour to close


def orders(path: Path) -> Iterator[bytes]:
    """The lines of orders.ndjson: all placed and refunded orders of the days."""
    return _lines(online_retail.records(path), ORDERS_FROM, ORDERS_DAYS)


def clicks(path: Path) -> Iterator[bytes]:
    """The lines of clickstream.ndjson: all clicks of the days."""
    return _lines(ecom.records(path), CLICKS_FROM, CLICKS_DAYS)


def write(lines: Iterable[bytes], path: Path) -> None:
    """Compressed without a name and a time, so the same lines make the same file."""
    with path.open("wb") as file, gzip.GzipFile(filename="", mode="wb", fileobj=file, mtime=0) as packed:
        packed.writelines(lines)


def _lines(records: Iterable[Record], start: str, days: int) -> Iterator[bytes]:
    start_us = parse(start)
    assert start_us is not None
    end_us = start_us + days * DAY_US
    for record in records:
        if record.timestamp_us is not None and start_us <= record.timestamp_us < end_us:
            yield ndjson.line_of(record)


def main(retail: str, clickstream: str, folder: str) -> None:
    """Write both files into `folder`."""
    write(orders(Path(retail)), Path(folder) / "orders.ndjson.gz")
    write(clicks(Path(clickstream)), Path(folder) / "clickstream.ndjson.gz")


if __name__ == "__main__":
    main(*sys.argv[1:])

"""CDNOW lines as orders: one a customer and day, in cents, by day."""

from datetime import UTC, datetime
from pathlib import Path

import pytest

from models.errors import InputFileError
from models.order import OrderPlaced, decode_order
from streams.tools import datasets
from streams.tools.record import Record

HEADER = " customer_id date number_of_cds  dollar_value \r\n"


def replayed(folder: Path, *lines: str) -> list[Record]:
    path = folder / "CDNOW_master.txt"
    path.write_text(HEADER + "".join(f" {line} \r\n" for line in lines), encoding="ascii", newline="")
    return list(datasets.source(path, None).read())


def test_purchases_of_a_day_are_one_order_and_days_come_in_their_order(tmp_path: Path) -> None:
    records = replayed(
        tmp_path,
        "00002 19970112 1   12.00",
        "00002 19970112 5   77.00",
        "00001 19970113 2 .10",
        "00001 19970101 1 0.00",
    )
    orders = [decode_order(record.key, record.value) for record in records]
    found = [(o.customer_id, o.order_id, str(o.amount)) for o in orders if isinstance(o, OrderPlaced)]
    assert found == [
        ("00001", "00001-20140101", "0.00"),
        ("00002", "00002-20140112", "89.00"),
        ("00001", "00001-20140113", "0.10"),
    ]


def test_days_keep_their_month_and_weekday(tmp_path: Path) -> None:
    lines = [f"00001 {1997 + month // 12}{month % 12 + 1:02d}{day} 1 1" for month in range(18) for day in ("01", "28")]
    times = [datetime.fromtimestamp((record.timestamp_us or 0) / 10**6, UTC) for record in replayed(tmp_path, *lines)]
    days = [datetime.strptime(line.split()[1], "%Y%m%d").replace(tzinfo=UTC) for line in lines]
    assert [(t.year, t.month, t.day, t.weekday()) for t in times] == [
        (d.year + 17, d.month, d.day, d.weekday()) for d in days
    ]


def test_an_order_as_it_is_published(tmp_path: Path) -> None:
    assert replayed(tmp_path, "00001 19970101  1   11.77") == [
        Record(
            "orders",
            b"00001",
            b'{"event_id":"cdnow:00001-20140101","timestamp":"2014-01-01T12:00:00Z","order_id":"00001-20140101",'
            b'"amount":"11.77","customer_id":"00001","event_type":"order_placed","currency":"USD"}',
            1_388_577_600_000_000,
        )
    ]


@pytest.mark.parametrize(
    "line", ["00001 19970101 1", "00001 19970132 1 1.00", "00001 19970101 1 $1", "00001 99991231 1 1", ""]
)
def test_a_line_of_another_kind_is_refused_with_its_number(tmp_path: Path, line: str) -> None:
    with pytest.raises(InputFileError, match=r"not the CDNOW data set \(line 3: .*lifetimes 0\.11\.3"):
        replayed(tmp_path, "00001 19970101  1   11.77", line)

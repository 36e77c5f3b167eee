"""CDNOW lines as orders: one a customer and day, in cents, by day."""

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
        ("00001", "00001-19970101", "0.00"),
        ("00002", "00002-19970112", "89.00"),
        ("00001", "00001-19970113", "0.10"),
    ]


def test_an_order_as_it_is_published(tmp_path: Path) -> None:
    assert replayed(tmp_path, "00001 19970101  1   11.77") == [
        Record(
            "orders",
            b"00001",
            b'{"event_id":"cdnow:00001-19970101","timestamp":"1997-01-01T12:00:00Z","order_id":"00001-19970101",'
            b'"amount":"11.77","customer_id":"00001","event_type":"order_placed","currency":"USD"}',
            852_120_000_000_000,
        )
    ]


@pytest.mark.parametrize("line", ["00001 19970101 1", "00001 19970132 1 1.00", "00001 19970101 1 $1", ""])
def test_a_line_of_another_kind_is_refused_with_its_number(tmp_path: Path, line: str) -> None:
    with pytest.raises(InputFileError, match=r"not the CDNOW data set \(line 3: .*lifetimes 0\.11\.3"):
        replayed(tmp_path, "00001 19970101  1   11.77", line)

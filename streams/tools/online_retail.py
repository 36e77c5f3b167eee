"""UCI Online Retail as orders: 541,909 invoice lines of a UK web shop, 2010-12-01 to 2011-12-09 (CC BY 4.0).

One event an invoice, at its first timestamp (43 invoices have several): the exact sum of its lines is an order placed
if positive, a refund under its own number if negative (so it matches no order), and nothing if zero.
"""

from collections.abc import Iterator
from decimal import ROUND_HALF_EVEN, Decimal
from pathlib import Path
from typing import Any

import msgspec

from models.errors import InputFileError
from streams.tools import instant
from streams.tools.record import Record

NAME = "online_retail.parquet"
TOPIC = "orders"
_CENT = Decimal("0.01")

# Sums of decimals read from the prices' shortest text, so no cent is lost to binary fractions.
_INVOICES = """
    SELECT InvoiceNo, epoch_us(min(InvoiceDate)), sum(Quantity * UnitPrice::VARCHAR::DECIMAL(18, 6)),
           min(CustomerID)::BIGINT, min(Country)
    FROM read_parquet(?, file_row_number = true)
    GROUP BY InvoiceNo ORDER BY min(InvoiceDate), min(file_row_number)
"""

# ISO 3166-1 alpha-2; European Community and Unspecified are no country.
COUNTRIES = {
    "Australia": "AU", "Austria": "AT", "Bahrain": "BH", "Belgium": "BE", "Brazil": "BR", "Canada": "CA",
    "Channel Islands": "JE", "Cyprus": "CY", "Czech Republic": "CZ", "Denmark": "DK", "EIRE": "IE",
    "Finland": "FI", "France": "FR", "Germany": "DE", "Greece": "GR", "Hong Kong": "HK", "Iceland": "IS",
    "Israel": "IL", "Italy": "IT", "Japan": "JP", "Lebanon": "LB", "Lithuania": "LT", "Malta": "MT",
    "Netherlands": "NL", "Norway": "NO", "Poland": "PL", "Portugal": "PT", "RSA": "ZA", "Saudi Arabia": "SA",
    "Singapore": "SG", "Spain": "ES", "Sweden": "SE", "Switzerland": "CH", "USA": "US",
    "United Arab Emirates": "AE", "United Kingdom": "GB",
}  # fmt: skip


class _OrderEvent(msgspec.Struct, frozen=True, omit_defaults=True):
    event_id: str
    event_type: str
    timestamp: str
    order_id: str
    amount: str
    currency: str
    customer_id: str | None = None
    country: str | None = None


def records(path: Path) -> Iterator[Record]:
    """The order events by time, then row; InputFileError without duckdb or when the file is not the data set."""
    for invoice, first_us, total, customer, country in _invoices(path):
        if total:
            yield _record(invoice, first_us, total, None if customer is None else str(customer), country)


def _record(invoice: str, first_us: int, total: Decimal, customer: str | None, country: str) -> Record:
    event = _OrderEvent(
        event_id=f"online_retail:{invoice}",
        event_type="order_placed" if total > 0 else "order_refunded",
        timestamp=instant.render(first_us),
        order_id=invoice,
        amount=str(abs(total).quantize(_CENT, ROUND_HALF_EVEN)),
        currency="GBP",
        customer_id=customer,
        country=COUNTRIES.get(country),
    )
    return Record(TOPIC, (customer or invoice).encode(), msgspec.json.encode(event), first_us)


def _invoices(path: Path) -> list[tuple[Any, ...]]:  # Any: what duckdb hands out, by the columns of _INVOICES
    try:
        import duckdb  # noqa: PLC0415  an extra: only this data set needs it
    except ImportError as error:
        raise InputFileError(
            str(path), "reading parquet needs duckdb", "pip install 'kpi-monitor[datasets]'"
        ) from error
    with duckdb.connect() as connection:
        try:
            rows: list[tuple[Any, ...]] = connection.execute(_INVOICES, [str(path)]).fetchall()
        except duckdb.Error as error:
            what = f"not the Online Retail data set ({str(error).splitlines()[0]})"
            raise InputFileError(str(path), what, "give the parquet file with its eight columns") from error
    return rows

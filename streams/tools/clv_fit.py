"""`kpi clv fit`: the model of customer lifetime value from the customers that are kept."""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

from models import clv_fit
from models.clv import Rfm
from models.clv_record import TOPIC, ClvRecord, clv_record, decode_clv, encode_clv
from models.customer import Customer
from models.errors import BrokerError, SettingsError
from models.outcome import Invalid
from models.settings import Settings
from models.window import DayGrid
from streams.clv_feed import reason_of
from streams.tools.kept_customers import STAGE, kept_customers
from streams.tools.publisher import Publisher
from streams.tools.record import Record
from streams.tools.terminal import note, write_lines
from streams.tools.topic_reader import last_by_key
from streams.topics import changelog


async def fit_clv(settings: Settings, *, dry_run: bool = False, as_json: bool = False) -> None:
    """Fit, print, and publish unless `dry_run`: what was found, or why there is no model.

    SettingsError without scipy, BrokerError, also as long as no day of orders has ended.
    """
    _check_extra()
    kept = await kept_customers(settings)
    if kept.through is None:
        where, what = (
            f"{settings.broker} {changelog(settings.app_id, STAGE)}",
            "no business day of orders has ended in all partitions",
        )
        raise BrokerError(where, what, "let a worker count them over a midnight, then fit")
    figures = rfm_figures(kept.rows, kept.through, settings.business_timezone)
    found, through = clv_fit.fit(figures), date.fromordinal(kept.through)
    record = clv_record(datetime.now(UTC), through, settings.reporting_currency, len(figures), found)
    if as_json:
        write_lines([encode_clv(record)])
    else:
        write_lines(line.encode() for line in told(record, sum(rfm.frequency > 0 for rfm in figures)))
    if dry_run:
        note("not published: a dry run")
        return
    async with Publisher(settings, [TOPIC]) as publisher:
        await publisher.put(Record(TOPIC, record.currency.encode(), encode_clv(record), None))
    note(f"published on {TOPIC}: in force from the next day that ends")


def _check_extra() -> None:
    try:
        import scipy.optimize  # noqa: F401, PLC0415  an extra
    except ImportError as error:
        what, remedy = f"scipy cannot be loaded ({error})", 'install the extra: pip install "kpi-monitor[clv]"'
        raise SettingsError("kpi clv fit", what, remedy) from error


def rfm_figures(rows: Mapping[str, Customer], through: int, timezone: str) -> list[Rfm]:
    """Of the customers with an order by the end of business day `through` (number of the DayGrid)."""
    end_us = DayGrid(ZoneInfo(timezone)).start_us(through + 1)
    found = (row.rfm(end_us, through) for row in rows.values())
    return [rfm for rfm in found if rfm is not None]


def told(record: ClvRecord, repeaters: int) -> list[str]:
    """For a person."""
    lines = [f"customers    {record.customers:,}, of whom {repeaters:,} bought again, up to {record.through}"]
    if record.reason is not None:
        return [*lines, f"no model     {record.reason.value}: {record.detail}; no customer is predicted"]
    if record.transactions is not None and record.values is not None:
        bought, worth = record.transactions, record.values
        lines.append(
            f"BG/NBD       r {bought.r:.4f}  alpha {bought.alpha:.4f} weeks  a {bought.a:.4f}  b {bought.b:.4f}"
        )
        lines.append(f"Gamma-Gamma  p {worth.p:.4f}  q {worth.q:.4f}  v {worth.v:.2f} minor units of {record.currency}")
    return lines


async def note_fit(settings: Settings) -> None:
    """Tell a person why customer lifetime value has a value, or none. BrokerError."""
    currency = settings.reporting_currency.encode()
    raw = (await last_by_key(settings, TOPIC)).get(currency)
    last = None if raw is None else decode_clv(currency, raw)
    if isinstance(last, Invalid):
        note(f"customer lifetime value: the record on {TOPIC} is not taken ({last.detail}); run `kpi clv fit`")
    elif last is None:
        note("customer lifetime value: not_fitted; run `kpi clv fit`")
    else:
        note(f"customer lifetime value: {reason_of(last)}, {last.detail or f'customers up to {last.through}'}")

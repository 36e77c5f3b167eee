"""`kpi values`: what is on `kpi-values`, as a table or as JSON lines."""

from collections.abc import Iterable
from itertools import islice

from rich.table import Table
from rich.text import Text

from models.settings import Settings
from streams.publication import VALUES_TOPIC, KpiValueRecord, read_value
from streams.tools.live_table import STYLES
from streams.tools.revisions import Choice, Revisions
from streams.tools.terminal import console, note, write_lines
from streams.tools.topic_reader import TopicReader, open_topic
from streams.tools.value_text import value_text

SHOWN = 40
"""Rows of the plain table; a topic holds millions."""


async def show_values(settings: Settings, choice: Choice, *, latest: bool = False, as_json: bool = False) -> None:
    """Print the last revision of every chosen window; `latest`: of the newest window of each series. BrokerError."""
    revisions = await last_revisions(settings, choice)
    if latest:
        revisions.keep_latest()
    if as_json:
        write_lines(revisions.by_key())
        return
    shown = [read_value(raw) for raw in islice(revisions.newest_first(), SHOWN)]
    console().print(values_table(shown, settings.reporting_currency))
    if len(revisions) > SHOWN:
        narrow = "narrow with --kpi, --window, --dimension, --segment, --latest; --json prints all"
        note(f"the newest {SHOWN} of {len(revisions):,} windows; {narrow}")
    elif not revisions:
        note("no such values yet")


async def last_revisions(settings: Settings, choice: Choice) -> Revisions:
    """What is on the topic now."""
    revisions = Revisions(choice)
    async with open_topic(settings, VALUES_TOPIC) as reader:
        await catch_up(reader, revisions)
    return revisions


def values_table(records: Iterable[KpiValueRecord], currency: str) -> Table:
    """A row a window."""
    table = Table()
    for name in ("kpi", "window", "start", "dimension", "segment"):
        table.add_column(name, no_wrap=name != "segment")
    table.add_column("value", justify="right", no_wrap=True)
    table.add_column("status")
    table.add_column("revision", justify="right")
    for record in records:
        named = (record.kpi, record.window, record.start, record.dimension, record.segment)
        value, status = value_text(record, currency), Text(record.status.value, STYLES[record.status])
        table.add_row(*(Text(name) for name in named), Text(value), status, str(record.revision))
    return table


async def catch_up(reader: TopicReader, revisions: Revisions) -> None:
    """Take what is on the topic now."""
    take = revisions.take
    async for batch in reader.to_end():
        for record in batch:
            take(record.key, record.value)

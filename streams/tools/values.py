"""`kpi values`: what is on `kpi-values`, as a table, as JSON lines, or moving."""

import asyncio
import signal
import time
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from itertools import islice

from rich.live import Live
from rich.table import Table
from rich.text import Text

from models.settings import Settings
from streams.publication import VALUES_TOPIC, KpiValueRecord, read_value
from streams.tools.live_table import STYLES, LiveTable
from streams.tools.revisions import Choice, Revisions
from streams.tools.terminal import console, note, write_lines
from streams.tools.topic_reader import TopicReader, open_topic
from streams.tools.value_text import value_text

SHOWN = 40
"""Rows of the plain table; a topic holds millions."""
REFRESH_PER_S = 4


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


async def follow_values(
    settings: Settings, choice: Choice, *, as_json: bool = False, stop: asyncio.Event | None = None
) -> None:
    """Go on until Ctrl-C or SIGTERM, or until `stop` is set: a live table of the totals unless slices are chosen.

    `as_json`: the last revision of every chosen window, then every new one, a line each. BrokerError.
    """
    with _until_interrupted(stop) as ended:
        async with open_topic(settings, VALUES_TOPIC) as reader:
            if as_json:
                await _follow_lines(reader, choice, ended)
            else:
                await _follow_table(reader, LiveTable(settings.reporting_currency, choice.totals), ended)


async def last_revisions(settings: Settings, choice: Choice) -> Revisions:
    """What is on the topic now."""
    revisions = Revisions(choice)
    async with open_topic(settings, VALUES_TOPIC) as reader:
        await _catch_up(reader, revisions)
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


async def _catch_up(reader: TopicReader, revisions: Revisions) -> None:
    take = revisions.take
    async for batch in reader.to_end():
        for record in batch:
            take(record.key, record.value)


async def _follow_lines(reader: TopicReader, choice: Choice, ended: asyncio.Event) -> None:
    revisions = Revisions(choice)
    await _catch_up(reader, revisions)
    write_lines(revisions.by_key())
    async for batch in reader.follow(1 / REFRESH_PER_S):
        write_lines(record.value for record in batch if record.value and revisions.wants(record.key, record.value))
        if ended.is_set():
            return


async def _follow_table(reader: TopicReader, table: LiveTable, ended: asyncio.Event) -> None:
    drawn_s = 0.0
    with Live(table, console=console(), auto_refresh=False) as live:  # rich's own thread would read a changing table
        async for batch in reader.follow(1 / REFRESH_PER_S):
            for record in batch:
                table.take(record.key, record.value)
            if ended.is_set():
                return
            if time.monotonic() - drawn_s >= 1 / REFRESH_PER_S:
                live.refresh()
                drawn_s = time.monotonic()


@contextmanager
def _until_interrupted(stop: asyncio.Event | None) -> Iterator[asyncio.Event]:
    """The event to end by; a signal sets it, where the caller gave none."""
    if stop is not None:
        yield stop
        return
    ended, loop = asyncio.Event(), asyncio.get_running_loop()
    signals = (signal.SIGINT, signal.SIGTERM)
    for number in signals:
        loop.add_signal_handler(number, ended.set)
    try:
        yield ended
    finally:
        for number in signals:
            loop.remove_signal_handler(number)

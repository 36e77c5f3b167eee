"""`kpi dead-letters list` and `replay`: look at what was not taken, and send it again."""

import heapq
from collections import Counter
from collections.abc import AsyncIterator, Callable, Iterable, Mapping
from dataclasses import dataclass

import msgspec
from rich.table import Table
from rich.text import Text

from models.settings import Settings
from streams.measuring import dead_letter
from streams.tools.letter import Letter, letter
from streams.tools.publisher import Publisher
from streams.tools.terminal import console, note, write_lines
from streams.tools.topic_reader import Ends, TopicReader, open_topic

SHOWN = 50
"""Rows of the table unless told otherwise."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which letters; None: all."""

    topic: str | None = None
    reason: str | None = None


async def list_letters(settings: Settings, wanted: Wanted, *, as_json: bool = False, limit: int | None = None) -> None:
    """Print letters: a line of JSON each, or a table. `limit`: only so many, the newest ones. BrokerError."""
    async with open_topic(settings, dead_letter.TOPIC) as reader:
        found = _letters(reader, await reader.ends(), wanted)
        if as_json and limit is None:  # as they are read: there may be many large ones
            async for one in found:
                write_lines([msgspec.json.encode(one.as_json())])
            return
        shown, all_of_them = await _newest(found, SHOWN if limit is None else limit)
    if as_json:
        write_lines(msgspec.json.encode(one.as_json()) for one in shown)
        return
    console().print(letters_table(shown))
    if all_of_them > len(shown):
        note(f"the newest {len(shown)} of {all_of_them:,} letters; --limit shows more, --json all")


async def replay_letters(settings: Settings, wanted: Wanted, confirm: Callable[[str], bool]) -> dict[str, int]:
    """Send the input letters that are there now to their topics again, once, and answer how many by topic.

    `confirm` is asked before, with what will be sent; False: nothing is. Letters of alert receivers, and records that
    are not ours, stay. The letters stay on their topic too: nothing remembers what was sent. BrokerError.
    """
    async with open_topic(settings, dead_letter.TOPIC) as reader:
        ends = await reader.ends()  # what is refused again comes after them
        sent, kept = await _survey(_letters(reader, ends, wanted))
        if kept:
            note(f"not inputs, left alone: {_counted(kept)}")
        if not sent:
            note("no letters to send")
            return {}
        if not confirm(f"send again {_counted(sent)}?"):
            return {}
        await reader.rewind()
        async with Publisher(settings, sent) as publisher:
            async for one in _letters(reader, ends, wanted):
                if one.is_input:
                    await publisher.put(one.record(publisher.partitions[one.topic]))
            await publisher.flush()
    note(f"sent again {_counted(publisher.counts)}; the letters stay, and another replay sends them once more")
    return dict(publisher.counts)


def letters_table(letters: Iterable[Letter]) -> Table:
    """A row a letter."""
    table = Table()
    for name in ("topic", "partition", "offset", "reason", "detail", "key", "size", "first bytes"):
        numbers = name in {"partition", "offset", "size"}
        table.add_column(name, justify="right" if numbers else "left", overflow="fold")
    for one in letters:
        table.add_row(*(Text(cell) for cell in one.as_row()))
    return table


async def _letters(reader: TopicReader, ends: Ends, wanted: Wanted) -> AsyncIterator[Letter]:
    async for batch in reader.to_end(ends):
        for record in batch:
            one = letter(record)
            if one.matches(wanted.topic, wanted.reason):
                yield one


async def _newest(letters: AsyncIterator[Letter], limit: int) -> tuple[list[Letter], int]:
    """The last `limit` by time, oldest first, and the number of all; no more are held."""
    heap: list[tuple[tuple[int, int, int], Letter]] = []
    seen = 0
    async for one in letters:
        seen += 1
        if len(heap) < limit:
            heapq.heappush(heap, (one.order, one))
        elif heap:
            heapq.heappushpop(heap, (one.order, one))
    return [one for _, one in sorted(heap, key=lambda entry: entry[0])], seen


async def _survey(letters: AsyncIterator[Letter]) -> tuple[Counter[str], Counter[str]]:
    """By topic: what can be sent again, and what cannot."""
    inputs: Counter[str] = Counter()
    others: Counter[str] = Counter()
    async for one in letters:
        if one.is_input:
            inputs[one.topic] += 1
        else:
            others[one.topic or "of no known topic"] += 1
    return inputs, others


def _counted(counts: Mapping[str, int]) -> str:
    return ", ".join(f"{topic} {number:,}" for topic, number in sorted(counts.items()))

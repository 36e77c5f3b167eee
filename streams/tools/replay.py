"""`kpi replay`: publishes files as if their events happened again, together and in their order."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from models import fx
from models.errors import SettingsError
from models.settings import Settings
from streams.measuring import heartbeat as heartbeat_record
from streams.tools import datasets, instant
from streams.tools.instant import DAY_US
from streams.tools.merge import BEFORE_ALL_US, Timed, merged
from streams.tools.pace import Pace, Turns
from streams.tools.publisher import Publisher
from streams.tools.record import Record
from streams.tools.shift import days_to_move, moved, survey

_BAR_EVERY = 1_000  # records between two looks at the progress bar


@dataclass(frozen=True, slots=True)
class Plan:
    """What will be published: the rates at once and first, then the events by their turn, from `first_us` on."""

    topics: tuple[str, ...]
    records: int
    first_us: int
    rates: Callable[[], Iterator[Timed]]
    events: Callable[[], Iterator[Timed]]


async def replay(
    settings: Settings,
    files: Sequence[Path],
    *,
    topic: str | None = None,
    speed: float,
    shift: bool,
    heartbeat: str | None,
    now_us: int,
) -> dict[str, int]:
    """Publish the files and wait for every acknowledgement; answers the records published by topic, heartbeats apart.

    `speed`: seconds of event time a second, math.inf for as fast as it goes. `shift`: every file moves by whole days to
    end before `now_us`. `heartbeat`: RFC 3339; afterwards every partition replayed to hears that this is the time.
    SettingsError, InputFileError or BrokerError before anything is published, unless the broker fails on the way.
    """
    heard = None if heartbeat is None else _heartbeat_time(heartbeat)
    what = plan([datasets.source(path, topic) for path in files], shift=shift, now_us=now_us)
    async with Publisher(settings, what.topics) as publisher:
        await _publish(publisher, what, speed)
        counts = dict(publisher.counts)
        if heard is not None:
            for record in heartbeats(publisher.partitions, heard):
                await publisher.put(record)
    return counts


def plan(sources: Sequence[datasets.Source], *, shift: bool, now_us: int) -> Plan:
    """Read all files once (InputFileError for the first that is malformed) and order them."""
    spans = [survey(source.topic, source.read()) for source in sources]
    days = days_to_move(spans, now_us) if shift else (0,) * len(spans)

    def turns(*, rates: bool) -> Iterator[Timed]:
        chosen = [
            moved(source.read(), by)
            for source, by in zip(sources, days, strict=True)
            if (source.topic == fx.TOPIC) == rates
        ]
        return merged(chosen)

    topics = tuple(dict.fromkeys(source.topic for source in sources))
    records = sum(span.records for span in spans)
    firsts = (
        span.first_us + by * DAY_US
        for span, by in zip(spans, days, strict=True)
        if span.first_us is not None and span.topic != fx.TOPIC
    )
    first_us = min(firsts, default=BEFORE_ALL_US)
    return Plan(topics, records, first_us, lambda: turns(rates=True), lambda: turns(rates=False))


def heartbeats(partitions: dict[str, tuple[int, ...]], time_text: str) -> Iterator[Record]:
    """One for each partition of each topic; rates have no watermark and hear none."""
    header = (heartbeat_record.HEADER, time_text.encode())
    for topic, numbers in partitions.items():
        if topic != fx.TOPIC:
            for number in numbers:
                yield Record(topic, None, b"", None, (header,), number)


def _heartbeat_time(text: str) -> str:
    at_us = instant.parse(text)
    if at_us is None:
        raise SettingsError("--heartbeat", f'"{text}" is no RFC 3339 time with an offset', "write 2011-12-10T00:00:00Z")
    return instant.render(at_us)


async def _publish(publisher: Publisher, what: Plan, speed: float) -> None:
    with _progress() as progress:
        bar = progress.add_task(" ".join(what.topics), total=what.records)
        published = 0
        for _, record in what.rates():
            await publisher.put(record)
            published += 1
        await publisher.flush()  # a rate is there before the first event that needs it
        turns = Turns(publisher.push, Pace(what.first_us, speed))
        for turn_us, record in what.events():
            await turns.wait(turn_us)
            await publisher.put(record)
            published += 1
            if published % _BAR_EVERY == 0:
                progress.update(bar, completed=published)
        await publisher.flush()
        progress.update(bar, completed=published)


def _progress() -> Progress:
    console = Console(stderr=True)
    columns = (TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    return Progress(*columns, console=console, disable=not console.is_terminal)

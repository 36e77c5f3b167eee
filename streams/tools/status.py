"""`kpi status`: how far the workers are, and whether they are caught up."""

import asyncio
import time
from collections.abc import Sequence

import msgspec
from rich.table import Table

from models import delta
from models.settings import Settings
from models.status import MonitorStatus
from streams.publication import rfc3339
from streams.tools.caught_up import Look, look
from streams.tools.group_lag import GroupLag, Offsets, behind, open_group
from streams.tools.ledger import task_statuses
from streams.tools.terminal import console, note, write_lines

APART_S = 2.0
"""Between the two looks that must agree: a record may be on its way from stage to stage during one."""


async def show_status(
    settings: Settings, inputs: Sequence[str], internal: Sequence[str], *, wait_s: float = 0.0, as_json: bool = False
) -> bool:
    """Print the state of the group and answer whether it is caught up, in two looks APART_S apart.

    `inputs` and `internal`: the topics that are read, as of topics.topics_read. Looks again until caught up, for at
    most `wait_s`. BrokerError.
    """
    async with open_group(settings, [*inputs, *internal]) as group:
        caught_up, last = await _wait(settings, group, inputs, internal, wait_s)
    if as_json:
        write_lines([status_json(last, caught_up=caught_up)])
    else:
        console().print(status_table(last))
        for reason in last.reasons:
            note(reason)
        note("caught up" if caught_up else "not caught up")
    return caught_up


def status_json(last: Look, *, caught_up: bool) -> bytes:
    """One JSON object."""
    return msgspec.json.encode(
        {
            "caught_up": caught_up,
            "lag": last.lag,
            "watermarks": {topic: rfc3339(at_us) for topic, at_us in last.watermarks_us.items()},
            "freshness_s": round(last.freshness_s, 3),
            "reasons": last.reasons,
        }
    )


def status_table(last: Look) -> Table:
    """A row a topic."""
    table = Table(caption=f"oldest unread record: {last.freshness_s:.1f} s" if last.freshness_s else None)
    table.add_column("topic")
    table.add_column("lag", justify="right")
    table.add_column("watermark")
    for topic, records in last.lag.items():
        at_us = last.watermarks_us.get(topic)
        table.add_row(topic, f"{records:,}", "" if at_us is None else rfc3339(at_us))
    return table


async def _wait(
    settings: Settings, group: GroupLag, inputs: Sequence[str], internal: Sequence[str], wait_s: float
) -> tuple[bool, Look]:
    deadline_s = time.monotonic() + wait_s
    before = False
    while True:
        last = await _look(settings, group, inputs, internal)
        if last.caught_up and before:
            return True, last
        if not last.caught_up and time.monotonic() >= deadline_s:
            return False, last
        before = last.caught_up
        await asyncio.sleep(APART_S)


async def _look(settings: Settings, group: GroupLag, inputs: Sequence[str], internal: Sequence[str]) -> Look:
    """In the order of the flow: what a stage committed after its look is in the look at the next one."""
    read, input_ends = await group.positions(inputs)
    announced = [task for task in await task_statuses(settings) if not isinstance(task, MonitorStatus)]
    folded, internal_ends = await group.positions(internal)
    applied = [task for task in await task_statuses(settings) if isinstance(task, MonitorStatus)]
    offsets, ends = read | folded, input_ends | internal_ends
    unread = behind(offsets, ends)
    counts = {topic: len(group.partitions[topic]) for topic in inputs}
    oldest_s = await freshness_s(group, {partition: offsets[partition] for partition in unread})
    return look(
        by_topic(unread, [*inputs, *internal]),
        oldest_s,
        [*announced, *applied],
        counts,
        len(group.partitions[delta.TOPIC]),
    )


def by_topic(unread: Offsets, topics: Sequence[str]) -> dict[str, int]:
    """Summed over partitions; topics without lag too."""
    lag = dict.fromkeys(topics, 0)
    for partition, records in unread.items():
        lag[partition.topic] += records
    return lag


async def freshness_s(group: GroupLag, unread: Offsets) -> float:
    """Age in seconds of the oldest record at these offsets, 0 without one."""
    oldest_ms = await group.oldest_unread_ms(unread) if unread else None
    return 0.0 if oldest_ms is None else max(0.0, time.time() - oldest_ms / 1_000)

"""`kpi generate`: publishes the life of a synthetic shop, on a schedule that never runs ahead of the wall clock."""

import asyncio
import math
from collections.abc import Iterator
from dataclasses import dataclass

from models.settings import Settings
from streams.tools.instant import HOUR_US, MINUTE_US, SECOND_US
from streams.tools.merge import Timed, running_maximum
from streams.tools.pace import LivePace, Turns
from streams.tools.publisher import Publisher
from streams.tools.shop import TOPICS, Shop
from streams.tools.visits import NO_OUTAGE, Outage

_CATCH_UP_US = HOUR_US  # how far back a run without an end begins, when it is faster than the clock
_INCIDENT_FROM, _INCIDENT_SHARE = 0.4, 0.25  # of the run's event time, unless told
_LIVE_INCIDENT = Outage(2 * MINUTE_US, 12 * MINUTE_US)  # after the start of a run without an end at speed 1


@dataclass(frozen=True, slots=True)
class Timetable:
    """Event time of a run, us since 1970 UTC: from `start_us` to before `end_us` (None: until stopped)."""

    start_us: int
    end_us: int | None
    outage: Outage


def timetable(
    *,
    now_us: int,
    speed: float,
    duration_s: float | None,
    start_us: int | None,
    incident: bool,
    incident_at_us: int | None,
    incident_for_s: float | None,
) -> Timetable:
    """When a run that begins at `now_us` (wall clock) has its events.

    With a duration and no start it ends at the wall clock of its end; at `max` the duration is one of event time.
    """
    length_us = _length_us(speed, duration_s)
    if start_us is None:
        start_us = _start_us(now_us, speed, duration_s, length_us)
    end_us = None if length_us is None else start_us + length_us
    if not incident:
        return Timetable(start_us, end_us, NO_OUTAGE)
    span_us = (now_us if end_us is None else end_us) - start_us
    return Timetable(start_us, end_us, _outage(start_us, span_us, incident_at_us, incident_for_s))


async def generate(
    settings: Settings,
    *,
    rate: float,
    speed: float,
    incident: bool,
    seed: int,
    duration_s: float | None,
    now_us: int,
    start_us: int | None = None,
    incident_at_us: int | None = None,
    incident_for_s: float | None = None,
    stop: asyncio.Event | None = None,
) -> dict[str, int]:
    """Publish until the end of the run, or until `stop` is set; answers the records published by topic.

    `rate`: events a second of event time, as Shop's. `speed`: seconds of event time a second, math.inf for as fast as
    it goes; a run that has caught up with the wall clock goes on at speed 1. BrokerError as Publisher's.
    """
    times = timetable(
        now_us=now_us,
        speed=speed,
        duration_s=duration_s,
        start_us=start_us,
        incident=incident,
        incident_at_us=incident_at_us,
        incident_for_s=incident_for_s,
    )
    shop = Shop(seed, times.start_us, rate, times.outage)
    async with Publisher(settings, TOPICS) as publisher:
        turns = Turns(publisher.push, LivePace(times.start_us, speed, now_us))
        for turn_us, record in until(shop, times.end_us):
            await turns.wait(turn_us)
            if stop is not None and stop.is_set():
                break
            await publisher.put(record)
        await publisher.flush()
        return {topic: publisher.counts[topic] for topic in TOPICS}


def until(shop: Shop, end_us: int | None) -> Iterator[Timed]:
    """The shop's records by their turn, as long as that is before `end_us`."""
    for turn_us, record in running_maximum(shop):
        if end_us is not None and turn_us >= end_us:
            return
        yield turn_us, record


def _length_us(speed: float, duration_s: float | None) -> int | None:
    if duration_s is None:
        return None
    return round(duration_s * SECOND_US * (1 if math.isinf(speed) else speed))


def _start_us(now_us: int, speed: float, duration_s: float | None, length_us: int | None) -> int:
    """So far back that no event is ahead of the clock, and the last one is not behind it."""
    if duration_s is None or length_us is None:
        return now_us - _CATCH_UP_US if speed > 1 else now_us
    if math.isinf(speed):
        return now_us - length_us
    return min(now_us, now_us + round(duration_s * SECOND_US) - length_us)


def _outage(start_us: int, span_us: int, at_us: int | None, for_s: float | None) -> Outage:
    if span_us <= 0:
        begin, length = _LIVE_INCIDENT.start_us, _LIVE_INCIDENT.end_us - _LIVE_INCIDENT.start_us
    else:
        begin, length = round(span_us * _INCIDENT_FROM), round(span_us * _INCIDENT_SHARE)
    begin_us = start_us + begin if at_us is None else at_us
    return Outage(begin_us, begin_us + (length if for_s is None else round(for_s * SECOND_US)))

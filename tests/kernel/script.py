"""What one task goes through: records, time that passes, commits and restarts, all drawn from a seed."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from flow import Sent
from kernel.chance import Chance
from kernel.clicks import HOUR, MINUTE, Clicks, S
from kernel.facts import Facts
from models import click
from models.order_fact import BY_VISITOR
from models.stage import Look, Tick

START_US = 1_772_452_800 * S  # 2026-03-02 12:00:00 UTC
REPLAY_US = 40 * 24 * HOUR


@dataclass(frozen=True, slots=True)
class Wait:
    """The wall clock goes on; what was read before is a batch. `tick` comes then."""

    now_us: int
    tick: Tick | None = None


@dataclass(frozen=True, slots=True)
class Commit:
    """Outputs and changes are written."""


@dataclass(frozen=True, slots=True)
class Restart:
    """What was not committed is lost, and read again. `tombstones`: whether the changelog still has them."""

    tombstones: bool


Turn = Sent | Wait | Commit | Restart
"""Neighbouring records of a topic are a batch. Any turns may be left out, and it is a script all the same."""


def script(seed: int, turns: int, *, orders: bool) -> list[Turn]:
    """See Turn. What has to come at its end is `ending`."""
    chance = Chance(seed)
    clicks = Clicks(chance, START_US)
    if chance.random() < 0.5:
        clicks.now_us += REPLAY_US
    facts = Facts(chance, clicks) if orders else None
    made: list[Turn] = [Wait(clicks.now_us)]
    for _ in range(turns):
        made += _turn(chance, clicks, facts)
    return made


def ending(turns: Sequence[Turn]) -> list[Turn]:
    """All is read and written, then restored, and what is past expires."""
    now_us = max((turn.now_us for turn in turns if isinstance(turn, Wait)), default=START_US)
    end = Wait(now_us, Tick({}))
    return [end, Commit(), Restart(tombstones=False), end, end, end, Commit()]


def _turn(chance: Chance, clicks: Clicks, facts: Facts | None) -> Iterator[Turn]:
    """Mostly a click; the wall clock follows that of the shop."""
    lot = chance.random()
    if lot < 0.05:
        yield Commit()
        if chance.does("restart"):
            yield Restart(tombstones=chance.random() < 0.5)
    elif lot < 0.13 or (clicks.at_us > clicks.now_us + 2 * MINUTE and not chance.does("clock that is ahead")):
        yield _wait(chance, clicks)
    elif lot < 0.2 and facts is not None:
        yield facts.next()
    else:
        yield from _clicks(chance, clicks)


def _clicks(chance: Chance, clicks: Clicks) -> Iterator[Sent]:
    lot = chance.random()
    if lot < 0.02:
        yield clicks.beat()
    elif lot < 0.04:
        yield from clicks.bridge()
    elif lot < 0.06 and chance.does("burst"):
        yield from clicks.burst()
    else:
        yield clicks.next()


def _wait(chance: Chance, clicks: Clicks) -> Wait:
    """Up to the clock of the shop, which the wall is far ahead of in a replay; it may run on alone."""
    clicks.now_us = max(clicks.now_us, clicks.at_us) + chance.choice((0, S, 3 * S))
    if chance.does("nothing comes"):
        clicks.now_us += chance.choice((11 * S, 2 * MINUTE, 2 * HOUR))
        clicks.at_us = max(clicks.at_us, clicks.now_us) if chance.random() < 0.5 else clicks.at_us
    if chance.random() < 0.3:
        return Wait(clicks.now_us)
    looks = {
        topic: Look(chance.choice((0, 0, 7, None)), clicks.now_us - chance.choice((0, S)))
        for topic in (click.TOPIC, BY_VISITOR)
        if chance.random() < 0.9
    }
    return Wait(clicks.now_us, Tick(looks))

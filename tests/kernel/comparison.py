"""Two implementations go through one script, and have to agree after every turn of it."""

from collections.abc import Sequence
from itertools import count
from typing import Any

from kernel.chance import Chance
from kernel.looks import Reader, plain
from kernel.script import START_US, Commit, Turn, script
from kernel.stages import Rules, some_rules, stage_of
from kernel.task import Task
from streams.measuring.visitor_stage import VisitorStage

MAX_TRIES = 400
"""Shorter scripts that are tried when one fails."""

Lanes = dict[str, Sequence[VisitorStage[Any]]]
"""The stages a task has in turn, by its name."""


def lanes(rules: Rules) -> Lanes:
    """The reference first; one goes from the one to the other at every restart."""
    python, native = stage_of(rules, native=False), stage_of(rules, native=True)
    return {"python": [python], "native": [native], "both in turn": [native, python]}


def failure_of(seed: int, turns: int) -> str | None:
    """What differs in the script of a seed, in the shortest script that was found to differ as well."""
    rules = some_rules(Chance(seed))
    its = lanes(rules)
    found = script(seed, turns, orders=rules.orders)
    if difference(its, found) is None:
        return None
    shortest = shortened(its, found)
    said = "\n".join(f"{number:4} {turn}" for number, turn in enumerate(shortest))
    return f"seed {seed}, turns {turns}, {rules}\n{said}\n{difference(its, shortest)}"


def difference(its: Lanes, turns: Sequence[Turn]) -> str | None:
    """The first one between the first task and another."""
    reference, *others = (Task(name, stages, START_US) for name, stages in its.items())
    reader = Reader(next(iter(its.values()))[0])
    for number, turn in enumerate(turns):
        for task in (reference, *others):
            _play(task, turn, number)
        for task in others:
            if (where := _apart(reader, reference, task, turn)) is not None:
                return f"turn {number} ({type(turn).__name__}): {reference.name} / {task.name}: {where}"
    ends = {task.name: task.rows for task in (reference, *others)}
    return next((f"rows: {ends}" for task in others if task.rows != reference.rows), None)


def shortened(its: Lanes, turns: Sequence[Turn]) -> Sequence[Turn]:
    """Parts are left out, smaller and smaller ones, as long as there is a difference."""
    tries, size = count(), len(turns) // 2
    while size and next(tries) < MAX_TRIES:
        at, before = 0, len(turns)
        while at < len(turns) and next(tries) < MAX_TRIES:
            fewer = [*turns[:at], *turns[at + size :]]
            if _differs(its, fewer):
                turns = fewer
            else:
                at += size
        size = size if len(turns) < before else size // 2
    return turns


def _differs(its: Lanes, turns: Sequence[Turn]) -> bool:
    """An exception is a difference too."""
    try:
        return difference(its, turns) is not None
    except Exception:  # noqa: BLE001  whatever an implementation raises
        return True


def _play(task: Task, turn: Turn, number: int) -> None:
    try:
        task.play(turn)
    except BaseException as error:
        error.add_note(f"{task.name}, turn {number}: {turn}")
        raise


def _apart(reader: Reader, one: Task, other: Task, turn: Turn) -> str | None:
    looks = [{"ledger": plain(task.ledger), "steps": task.steps} for task in (one, other)]
    if isinstance(turn, Commit):
        keys = {*one.changed, *other.changed}
        keys = {key for key in keys if key[0] == "seen" or one.changelog.get(key) != other.changelog.get(key)}
        looks = [
            look | reader.rows(task, keys) | reader.commit(task) for look, task in zip(looks, (one, other), strict=True)
        ]
    return first_difference(*looks)


def first_difference(one: Any, other: Any, path: str = "") -> str | None:
    """Where, and what each has there."""
    if one == other:
        return None
    if isinstance(one, dict) and isinstance(other, dict):
        keys = [*one, *(key for key in other if key not in one)]
        for key in sorted(keys, key=str) if isinstance(keys[0], tuple) else keys:
            if (found := first_difference(one.get(key), other.get(key), f"{path}/{key}")) is not None:
                return found
    if isinstance(one, list) and isinstance(other, list) and len(one) == len(other):
        for at, (left, right) in enumerate(zip(one, other, strict=True)):
            if (found := first_difference(left, right, f"{path}[{at}]")) is not None:
                return found
    return f"{path}: {one!r} / {other!r}"

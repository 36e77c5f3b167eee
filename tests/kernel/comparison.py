"""Two implementations go through one script, and have to agree after every turn of it."""

from collections.abc import Mapping, Sequence
from itertools import count
from traceback import format_exception
from typing import Any

from kernel.chance import Chance
from kernel.looks import SEEN, Reader, plain
from kernel.script import START_US, Commit, Turn, ending, script
from kernel.stages import Rules, some_rules, stage_of
from kernel.task import Key, Task
from streams.measuring.visitor_stage import VisitorStage

PANIC = "PanicException"  # of pyo3, which is no Exception
MAX_TRIES = 400
"""Shorter scripts that are tried when one fails."""

Lanes = Mapping[str, Sequence[VisitorStage[Any]]]
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
    for number, turn in enumerate([*turns, *ending(turns)]):
        for task in (reference, *others):
            if (error := _raised(task, turn)) is not None:
                return f"turn {number} ({type(turn).__name__}): {error}"
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
            if difference(its, fewer) is not None:
                turns = fewer
            else:
                at += size
        size = size if len(turns) < before else size // 2
    return turns


def _raised(task: Task, turn: Turn) -> str | None:
    """What a turn of a task ended with, if it was an error: one of only one implementation is a difference too."""
    try:
        task.play(turn)
    except BaseException as error:
        if not isinstance(error, Exception) and type(error).__name__ != PANIC:
            raise
        return f"{task.name} raised\n{''.join(format_exception(error))}"
    return None


def _apart(reader: Reader, one: Task, other: Task, turn: Turn) -> str | None:
    changed: set[Key] | None = None
    if isinstance(turn, Commit):
        keys = {*one.changed, *other.changed}
        changed = {key for key in keys if key[0] == SEEN or one.changelog.get(key) != other.changelog.get(key)}
    return first_difference(_look(reader, one, changed), _look(reader, other, changed))


def _look(reader: Reader, task: Task, changed: set[Key] | None) -> dict[str, Any]:
    """`changed`: keys of the changelog, at a commit."""
    look = {"ledger": plain(task.ledger), "steps": task.steps}
    return look if changed is None else look | reader.rows(task, changed) | reader.commit(task)


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

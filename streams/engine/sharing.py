"""Which worker has which task: evenly, and with as few moves as that allows."""

from collections.abc import Collection, Mapping
from itertools import islice

TaskName = tuple[str, int]
"""Stage and partition number."""
Stages = dict[str, set[str]]
"""Stages of each member."""

NOTHING = ""
"""In a swap: one task more or less in total."""


def share(tasks: Mapping[str, int], present: Mapping[str, Collection[TaskName]]) -> dict[str, set[TaskName]]:
    """The tasks of each member. `tasks`: partitions of each stage; `present`: what each member has now.

    Counts of two members differ by one at most, in every stage and in total. Of all such answers it is one that moves
    the fewest tasks; the order of the mappings does not change it.
    """
    least = {stage: count // len(present) for stage, count in tasks.items()}
    held = _held(tasks, present)
    wanted = {member: {s for s in tasks if len(held[member, s]) > least[s]} for member in present}
    extra = _one_more({stage: count % len(present) for stage, count in tasks.items()}, wanted)
    shared: dict[str, set[TaskName]] = {member: set() for member in present}
    for stage, count in tasks.items():
        target = {member: least[stage] + (stage in extra[member]) for member in sorted(present)}
        kept = {member: held[member, stage][:most] for member, most in target.items()}
        free = iter(sorted(set(range(count)).difference(*kept.values())))
        for member, most in target.items():
            got = (*kept[member], *islice(free, most - len(kept[member])))
            shared[member].update((stage, p) for p in got)
    return shared


def _held(tasks: Mapping[str, int], present: Mapping[str, Collection[TaskName]]) -> dict[tuple[str, str], list[int]]:
    """Partitions that a member has now of a stage.

    One that two claim is the last one's: who took over from a stalled worker has more than that one claims.
    """
    members = sorted(present, key=lambda member: (len(present[member]), member))
    owner = {name: member for member in members for name in present[member]}
    return {(m, s): [p for p in range(n) if owner.get((s, p)) == m] for m in members for s, n in tasks.items()}


def _one_more(left: Mapping[str, int], wanted: Stages) -> Stages:
    """Hand out what each stage has `left` over: to a member one at most, evenly in total, most where it is wanted.

    A flow of least cost: any answer will do to begin with, then the members swap until nothing is to be won.
    """
    extra: Stages = {member: set() for member in wanted}
    for stage, count in sorted(left.items()):
        turn = sorted(extra, key=lambda member: (len(extra[member]), stage not in wanted[member], member))
        for member in turn[:count]:
            extra[member].add(stage)
    while ring := _ring(_swaps(extra, wanted)):
        for member, gives, takes in ring:
            extra[member] = (extra[member] | {takes}) - {gives, NOTHING}
    return extra


def _swaps(extra: Stages, wanted: Stages) -> dict[tuple[str, str], tuple[int, str]]:
    """For each stage given for another one: the cheapest member to do it, with the wishes that it costs."""
    totals = [len(stages) for stages in extra.values()]
    stages = set().union(*extra.values())
    cheapest: dict[tuple[str, str], tuple[int, str]] = {}
    for member, has in extra.items():
        gives = has | ({NOTHING} if len(has) < max(totals) else set())
        takes = stages - has | ({NOTHING} if len(has) > min(totals) else set())
        for swap in ((one, other) for one in gives for other in takes):
            cost = (swap[0] in wanted[member]) - (swap[1] in wanted[member])
            cheapest[swap] = min(cheapest.get(swap, (cost, member)), (cost, member))
    return cheapest


def _ring(swaps: Mapping[tuple[str, str], tuple[int, str]]) -> list[tuple[str, str, str]]:
    """Swaps (member, gives, takes) that fit in a ring and win more wishes than they cost, if any (Bellman-Ford)."""
    costs = {stage: 0 for swap in swaps for stage in swap}
    came: dict[str, tuple[str, str, str]] = {}
    at = None
    for _ in costs:
        at = None
        for (gives, takes), (cost, member) in sorted(swaps.items()):
            if costs[gives] + cost < costs[takes]:
                costs[takes], came[takes], at = costs[gives] + cost, (member, gives, takes), takes
    if at is None:
        return []
    for _ in costs:
        at = came[at][1]
    ring = [came[at]]
    while ring[-1][1] != at:
        ring.append(came[ring[-1][1]])
    return ring

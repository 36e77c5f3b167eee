"""Tasks are shared evenly, and a task stays where it is unless evenness takes it away."""

from collections import Counter
from collections.abc import Collection, Mapping
from itertools import combinations, product
from math import ceil
from random import Random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from streams.engine.sharing import TaskName, share

Tasks = dict[str, int]
Present = dict[str, frozenset[TaskName]]

STAGES = st.dictionaries(st.sampled_from(["visitors", "orders", "social", "monitor"]), st.integers(0, 7), max_size=3)
MEMBERS = st.lists(st.sampled_from("abcde"), min_size=1, max_size=4, unique=True)


@st.composite
def groups(draw: st.DrawFn) -> tuple[Tasks, Present]:
    """Any stages and members, each task with one of the members or with nobody."""
    tasks, members = draw(STAGES), draw(MEMBERS)
    owner = {name: draw(st.sampled_from([*members, None])) for name in names(tasks)}
    return tasks, {member: frozenset(name for name in owner if owner[name] == member) for member in members}


@st.composite
def settled(draw: st.DrawFn) -> tuple[Tasks, Present]:
    """A group that has shared its tasks before."""
    tasks, present = draw(groups())
    return tasks, frozen(share(tasks, present))


def names(tasks: Tasks) -> list[TaskName]:
    return [(stage, p) for stage, count in tasks.items() for p in range(count)]


def frozen(shared: Mapping[str, Collection[TaskName]]) -> Present:
    return {member: frozenset(its) for member, its in shared.items()}


def sizes(shared: Mapping[str, Collection[TaskName]]) -> list[int]:
    return sorted(map(len, shared.values()), reverse=True)


def moved(present: Present, shared: Mapping[str, set[TaskName]]) -> int:
    """Tasks that a member of the new group had and has no more."""
    return sum(len(present[member] - its) for member, its in shared.items() if member in present)


def fewest_moves(tasks: Tasks, present: Present) -> int:
    """By trying every even way to place the remainders."""
    members, held = sorted(present), {m: Counter(stage for stage, _ in its) for m, its in present.items()}
    ways = [list(combinations(members, count % len(members))) for count in tasks.values()]
    kept = 0
    for way in product(*ways):
        more = Counter(member for extra in way for member in extra)
        if max(more[m] for m in members) - min(more[m] for m in members) <= 1:
            targets = [(s, n // len(members), extra) for (s, n), extra in zip(tasks.items(), way, strict=True)]
            kept = max(kept, sum(min(held[m][s], low + (m in extra)) for s, low, extra in targets for m in members))
    return sum(map(len, present.values())) - kept


@given(groups())
def test_every_task_has_one_owner(group: tuple[Tasks, Present]) -> None:
    tasks, present = group
    shared = share(tasks, present)
    assert sorted(name for its in shared.values() for name in its) == sorted(names(tasks))
    assert shared.keys() == present.keys()


@given(groups())
def test_members_are_even_in_every_stage_and_in_total(group: tuple[Tasks, Present]) -> None:
    tasks, present = group
    shared = share(tasks, present)
    for stage in tasks:
        of_stage = [sum(name == stage for name, _ in its) for its in shared.values()]
        assert max(of_stage) - min(of_stage) <= 1
    assert sizes(shared)[0] - sizes(shared)[-1] <= 1


@given(groups())
def test_no_even_answer_moves_fewer_tasks(group: tuple[Tasks, Present]) -> None:
    tasks, present = group
    assert moved(present, share(tasks, present)) == fewest_moves(tasks, present)


@given(groups(), st.randoms(use_true_random=False))
def test_the_order_of_what_is_given_does_not_matter(group: tuple[Tasks, Present], chance: Random) -> None:
    tasks, present = group
    mixed = [sorted(given, key=lambda _: chance.random()) for given in (tasks, present)]
    assert share({s: tasks[s] for s in mixed[0]}, {m: present[m] for m in mixed[1]}) == share(tasks, present)


@given(settled())
def test_an_even_group_stays_as_it_is(group: tuple[Tasks, Present]) -> None:
    tasks, present = group
    assert share(tasks, present) == present


@given(settled())
def test_who_stays_keeps_what_evenness_allows_when_a_member_leaves(group: tuple[Tasks, Present]) -> None:
    tasks, present = group
    for gone in present if len(present) > 1 else ():
        stay = {member: its for member, its in present.items() if member != gone}
        assert moved(stay, share(tasks, stay)) == fewest_moves(tasks, stay)


@given(st.integers(0, 50), st.integers(1, 9))
def test_who_joins_takes_its_share_and_nothing_else_moves(count: int, members: int) -> None:
    before = frozen(share({"orders": count}, {str(n): frozenset() for n in range(members)}))
    after = share({"orders": count}, {**before, "new": frozenset()})
    assert moved(before, after) == len(after["new"]) <= ceil(count / (members + 1))


@pytest.mark.parametrize("partitions", [1, 2, 4, 6, 8, 12])
def test_workers_of_the_product_join_one_by_one(partitions: int) -> None:
    tasks = dict.fromkeys(("visitors", "orders", "social", "monitor"), partitions)
    present: Present = {}
    for members in range(1, 10):
        shared = share(tasks, {**present, str(members): frozenset()})
        assert moved(present, shared) <= ceil(4 * partitions / members)
        present = frozen(shared)


def test_evenness_in_total_may_cost_a_move_more_than_the_share_of_who_joins() -> None:
    tasks = {"orders": 4, "social": 2, "visitors": 2}
    present = {
        "a": frozenset({("orders", 0), ("social", 0), ("visitors", 0)}),
        "b": frozenset({("orders", 1), ("social", 1), ("visitors", 1)}),
        "c": frozenset({("orders", 2), ("orders", 3)}),  # has to give one of these, and to get another
        "d": frozenset[TaskName](),
    }
    assert moved(present, share(tasks, present)) == fewest_moves(tasks, present) == 3


@pytest.mark.parametrize(
    ("members", "expected"),
    [
        pytest.param("a", [10], id="one worker has all"),
        pytest.param("ab", [5, 5], id="two workers: Faust's own gives 6 and 4"),
        pytest.param("abc", [4, 3, 3], id="three workers: Faust's own gives 5, 3 and 2"),
        pytest.param("abcd", [3, 3, 2, 2], id="four workers: Faust's own gives 4, 3, 2 and 1"),
        pytest.param("abcdefghijkl", [1] * 10 + [0, 0], id="more workers than tasks"),
    ],
)
def test_remainders_go_to_different_members(members: str, expected: list[int]) -> None:
    tasks = {"visitors": 4, "orders": 2, "social": 3, "monitor": 1}
    assert sizes(share(tasks, {member: frozenset() for member in members})) == expected


def test_a_task_that_two_claim_stays_with_the_one_that_took_over() -> None:
    stalled, took_over = frozenset({("orders", 0)}), frozenset({("orders", 0), ("orders", 1), ("orders", 2)})
    shared = share({"orders": 3}, {"a": stalled, "b": took_over})
    assert shared == {"a": {("orders", 2)}, "b": {("orders", 0), ("orders", 1)}}


def test_what_is_no_task_any_more_is_forgotten() -> None:
    present = {"a": frozenset({("orders", 0), ("orders", 7), ("gone", 0)}), "b": frozenset[TaskName]()}
    assert share({"orders": 2}, present) == {"a": {("orders", 0)}, "b": {("orders", 1)}}

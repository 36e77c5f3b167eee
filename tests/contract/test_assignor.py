"""Our assignor in Faust's protocol: what aiokafka does with it in a rebalance, in its wire format, without a broker."""

import asyncio
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import pytest
from aiokafka.cluster import ClusterMetadata
from aiokafka.coordinator.protocol import ConsumerProtocol
from aiokafka.protocol.metadata import MetadataResponse_v1
from faust.assignor.partition_assignor import PartitionAssignor
from faust.types import TP

from models.errors import EngineFault
from streams.engine.app import EngineApp, EngineSettings
from streams.engine.assignor import TaskAssignor
from streams.worker import Measurements

PARTITIONS = {"clicks": 4, "orders": 2, "visits": 2, "posts": 3, "deltas": 1}
SUBSCRIBED = frozenset(PARTITIONS)


@dataclass(frozen=True)
class Reading:
    """What an assignor knows of a stage."""

    name: str
    inputs: tuple[str, ...]


STAGES: list[Any] = [
    Reading("visitors", ("clicks",)),
    Reading("measure", ("orders", "visits")),
    Reading("social", ("posts",)),
    Reading("monitor", ("deltas",)),
]


class RaisingApp(EngineApp):
    """Raises where a worker would end."""

    def fail(self, error: BaseException) -> None:
        raise error


@pytest.fixture(scope="module")
def app() -> Iterator[EngineApp]:
    loop = asyncio.new_event_loop()
    asyncio.set_event_loop(loop)
    yield RaisingApp(EngineSettings("shop", "127.0.0.1:9", client={}), STAGES, Measurements())
    asyncio.set_event_loop(None)
    loop.close()


@dataclass
class Group:
    """A consumer group: its members by member id, and the topics of its cluster."""

    app: EngineApp
    partitions: Mapping[str, int] = field(default_factory=lambda: PARTITIONS)
    members: dict[str, PartitionAssignor] = field(default_factory=dict)
    subscribed: dict[str, frozenset[str]] = field(default_factory=dict)

    def join(self, *members: str, assignor: type[PartitionAssignor] = TaskAssignor) -> None:
        self.members |= {member: assignor(self.app) for member in members}

    def rebalance(self, leader: str) -> dict[str, set[TP]]:
        """Join, let the leader assign, sync; the partitions of each member."""
        joined = {}
        for member, assignor in self.members.items():
            sent = assignor.metadata(set(self.subscribed.get(member, SUBSCRIBED))).encode()
            joined[member] = ConsumerProtocol.METADATA.decode(sent)
        answers = self.members[leader].assign(self.cluster(), joined)
        assert answers.keys() == self.members.keys()
        got = {}
        for member, assignor in self.members.items():
            answer = ConsumerProtocol.ASSIGNMENT.decode(answers[member].encode())
            assignor.on_assignment(answer)
            got[member] = {TP(*tp) for tp in answer.partitions()}
            assert assignor.assigned_actives() == got[member]
            assert assignor.assigned_standbys() == set()
        return got

    def cluster(self) -> ClusterMetadata:
        topics = [
            (0, topic, False, [(0, p, 0, [0], [0]) for p in range(count)]) for topic, count in self.partitions.items()
        ]
        cluster = ClusterMetadata()
        cluster.update_metadata(MetadataResponse_v1([(0, "127.0.0.1", 9, None)], 0, topics))
        return cluster


def tasks(got: set[TP]) -> set[tuple[str, int]]:
    """Tasks of the partitions; fails if one is there in part only."""
    found = {(stage.name, tp.partition) for stage in STAGES for tp in got if tp.topic in stage.inputs}
    whole = {TP(topic, p) for stage in STAGES for name, p in found if name == stage.name for topic in stage.inputs}
    assert got == whole
    return found


def test_the_app_takes_it(app: EngineApp) -> None:
    assert type(app.assignor) is TaskAssignor


def test_workers_share_whole_tasks_evenly_and_keep_them(app: EngineApp) -> None:
    group = Group(app)
    group.join("a")
    assert len(tasks(group.rebalance("a")["a"])) == 10
    group.join("b")
    two = {member: tasks(got) for member, got in group.rebalance("a").items()}
    group.join("c")
    three = {member: tasks(got) for member, got in group.rebalance("b").items()}
    assert [len(two[member]) for member in "ab"] == [5, 5]
    assert sorted(len(three[member]) for member in "abc") == [3, 3, 4]
    assert three["a"] < two["a"]
    assert three["b"] < two["b"]
    assert set().union(*three.values()) == set().union(*two.values())
    assert three == {member: tasks(got) for member, got in group.rebalance("c").items()}
    del group.members["a"]
    left = {member: tasks(got) for member, got in group.rebalance("c").items()}
    assert three["b"] < left["b"]
    assert three["c"] < left["c"]


def test_a_static_member_that_was_restarted_gets_back_what_nobody_else_has(app: EngineApp) -> None:
    group = Group(app)
    group.join("w0-1", "w1-1", "w2-1")
    before = group.rebalance("w0-1")
    del group.members["w1-1"]
    group.join("w1-2")  # same instance id: the broker gives it a new member id, and it knows of no tasks
    after = group.rebalance("w2-1")
    assert after == {"w0-1": before["w0-1"], "w1-2": before["w1-1"], "w2-1": before["w2-1"]}


def test_more_workers_than_tasks_leave_some_idle(app: EngineApp) -> None:
    group = Group(app)
    group.join(*(f"m{number:02}" for number in range(12)))
    assert sorted(len(tasks(got)) for got in group.rebalance("m00").values()) == [0, 0] + [1] * 10


@pytest.mark.parametrize("leader", ["ours", "stock"])
def test_workers_with_the_assignor_of_faust_can_be_in_the_group(app: EngineApp, leader: str) -> None:
    group = Group(app)
    group.join("ours")
    group.join("stock", assignor=PartitionAssignor)
    first = group.rebalance(leader)
    assert len(tasks(first["ours"])) + len(tasks(first["stock"])) == 10
    group.rebalance(leader)
    assert {len(tasks(got)) for got in group.rebalance("ours").values()} == {5}


def test_a_stage_goes_to_the_members_that_subscribe_to_all_of_it(app: EngineApp) -> None:
    group = Group(app, subscribed={"old": SUBSCRIBED - {"visits"} | {"returns"}})
    group.join("new", "old")
    got = {member: tasks(its) for member, its in group.rebalance("new").items()}
    assert {("measure", 0), ("measure", 1)} <= got["new"]
    assert len(got["new"] | got["old"]) == 10
    assert {name for name, _ in got["old"]} <= {"visitors", "social", "monitor"}


def test_inputs_that_differ_in_their_partitions_are_refused(app: EngineApp) -> None:
    group = Group(app, PARTITIONS | {"orders": 6})
    group.join("a")
    with pytest.raises(EngineFault, match=r"stage measure: .* \{'orders': 6, 'visits': 2\}"):
        group.rebalance("a")


def test_a_stage_waits_for_the_metadata_of_all_its_inputs(app: EngineApp) -> None:
    group = Group(app, {topic: count for topic, count in PARTITIONS.items() if topic != "orders"})
    group.join("a")
    assert {name for name, _ in tasks(group.rebalance("a")["a"])} == {"visitors", "social", "monitor"}
    group.partitions = PARTITIONS
    assert len(tasks(group.rebalance("a")["a"])) == 10

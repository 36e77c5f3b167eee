"""Facts of orders between two commits, and the records they become on the way to the next stage."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from models.delta import Mark
from models.order_fact import VERSION, FactKind, FactRecord, OrderFact, encode_facts
from models.partition import partition_of_key
from models.stage import Outgoing
from streams.measuring.deltas import arrival_grains

MAX_BYTES = 400 * 1024
"""Of facts in one record; a fact alone may be more, as its event was."""


@dataclass(slots=True)
class Facts:
    """Since the last commit, in their order. `weight`: bytes that a commit of them will take, at most."""

    facts: list[OrderFact] = field(default_factory=list)
    arrivals: dict[int, int] = field(default_factory=dict)
    weight: int = 0

    def add(self, fact: OrderFact) -> None:
        """One more."""
        self.facts.append(fact)
        self.weight += fact.most_bytes


@dataclass(frozen=True, slots=True)
class FactSink:
    """See sink.Sink: to a `topic` of `targets` partitions, by the visitor."""

    topic: str
    targets: int

    def empty(self) -> Facts:
        """See Sink."""
        return Facts()

    def records(self, partition: int, sums: Facts, marks: Mapping[str, Mark]) -> Iterator[Outgoing]:
        """See Sink."""
        keyed = ((None if fact.kind is FactKind.ERASED else fact.key, fact) for fact in sums.facts)
        return fact_records(self.topic, partition, keyed, sums.arrivals, marks, self.targets)


def fact_records(
    topic: str,
    partition: int,
    keyed: Iterable[tuple[str | None, OrderFact]],
    arrivals: Mapping[int, int],
    marks: Mapping[str, Mark],
    targets: int,
) -> Iterator[Outgoing]:
    """The records of one commit: one a target, more only where there are very many facts.

    With `marks` every target gets a record, with or without facts, and only its last one carries them. `keyed`: facts
    with the key that decides on the target; without one it is for all of them.
    """
    by_target: dict[int, list[OrderFact]] = {target: [] for target in (range(targets) if marks else ())}
    for key, fact in keyed:
        for target in range(targets) if key is None else (partition_of_key(key.encode(), targets),):
            by_target.setdefault(target, []).append(fact)
    grains = arrival_grains(arrivals)
    for target, facts in by_target.items():
        *first, last = _cut(facts)
        for chunk in first:
            yield _outgoing(topic, target, FactRecord(VERSION, partition, chunk, {}, []))
        yield _outgoing(topic, target, FactRecord(VERSION, partition, last, dict(marks), grains))
        grains = []


def _cut(facts: Iterable[OrderFact]) -> list[list[OrderFact]]:
    """At least one chunk, each of at most MAX_BYTES or one fact."""
    chunks: list[list[OrderFact]] = [[]]
    room = MAX_BYTES
    for fact in facts:
        room -= fact.most_bytes
        if room < 0 and chunks[-1]:
            chunks.append([])
            room = MAX_BYTES - fact.most_bytes
        chunks[-1].append(fact)
    return chunks


def _outgoing(topic: str, target: int, record: FactRecord) -> Outgoing:
    return Outgoing(topic, target, None, encode_facts(record))

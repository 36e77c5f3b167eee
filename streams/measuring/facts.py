"""Facts of orders between two commits, and the records they become on the way to the next stage."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from models.delta import Mark
from models.order_fact import VERSION, FactRecord, OrderFact, encode_facts
from models.partition import partition_of_key
from models.stage import Outgoing
from streams.measuring.deltas import arrival_grains

FACT_BYTES = 300
"""Of a fact with its names and segments, roughly; they are long only where a client makes them so."""

MAX_FACTS = 500
"""Facts in one record: their texts are bounded, so it stays under half a MiB but for a client's worst."""


@dataclass(slots=True)
class Facts:
    """Since the last commit, in their order."""

    facts: list[OrderFact] = field(default_factory=list)
    arrivals: dict[int, int] = field(default_factory=dict)

    @property
    def weight(self) -> int:
        """Bytes that a commit of it will take, roughly."""
        return FACT_BYTES * len(self.facts)

    def add(self, fact: OrderFact) -> None:
        """One more."""
        self.facts.append(fact)


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
        keyed = ((fact.key, fact) for fact in sums.facts)
        return fact_records(self.topic, partition, keyed, sums.arrivals, marks, self.targets)


def fact_records(
    topic: str,
    partition: int,
    keyed: Iterable[tuple[str, OrderFact]],
    arrivals: Mapping[int, int],
    marks: Mapping[str, Mark],
    targets: int,
) -> Iterator[Outgoing]:
    """The records of one commit: one a target, more only where there are very many facts.

    With `marks` every target gets a record, with or without facts, and only its last one carries them. `keyed`: facts
    with the key that decides on the target.
    """
    by_target: dict[int, list[OrderFact]] = {target: [] for target in (range(targets) if marks else ())}
    for key, fact in keyed:
        by_target.setdefault(partition_of_key(key.encode(), targets), []).append(fact)
    grains = arrival_grains(arrivals)
    for target, facts in by_target.items():
        last = (len(facts) - 1) // MAX_FACTS * MAX_FACTS if facts else 0
        for start in range(0, last + 1, MAX_FACTS):
            its = dict(marks) if start == last else {}
            record = FactRecord(VERSION, partition, facts[start : start + MAX_FACTS], its, grains)
            yield Outgoing(topic, target, None, encode_facts(record))
            grains = []

"""An in-memory Kafka as the engine's spikes found the real one: transactions, their markers, fencing, stable offsets.

A commit is decided first and told to the partitions later, one marker at a time: so a partition may already show what
another one, or the group's offsets, still hides. A marker takes an offset, an aborted record keeps its own: a reader of
committed records finds holes, and the next offset to fetch is not the last record + 1.
"""

from collections import defaultdict
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from enum import Enum

from aiokafka import TopicPartition

from models.stage import Headers
from streams.engine.transaction import TIMEOUT_MS, Rows


class FencedError(Exception):
    """Another producer with the same transactional id has started, or the broker gave this one up."""


@dataclass(frozen=True, slots=True)
class Record:
    """See models.stage.Incoming."""

    offset: int
    timestamp: int
    key: bytes | None
    value: bytes | None
    headers: Headers = ()


class Fate(Enum):
    OPEN = "open"
    COMMITTED = "committed"
    ABORTED = "aborted"


@dataclass(eq=False, slots=True)
class Transaction:
    producer: str
    began_us: int
    fate: Fate = Fate.OPEN
    records: list[tuple[TopicPartition, Record]] = field(default_factory=list)
    offsets: dict[TopicPartition, int] = field(default_factory=dict)


@dataclass(slots=True)
class Partition:
    """Offsets are places in `entries`; an entry without a record is a marker, or was compacted away."""

    entries: list[tuple[Record | None, Transaction | None]] = field(default_factory=list)
    unmarked: dict[Transaction, int] = field(default_factory=dict)  # by their first offset here

    @property
    def stable_end(self) -> int:
        """What readers of committed records see ends here."""
        return min(self.unmarked.values(), default=len(self.entries))

    def append(self, record: Record, transaction: Transaction | None) -> None:
        if transaction is not None:
            self.unmarked.setdefault(transaction, record.offset)
        self.entries.append((record, transaction))

    def mark(self, transaction: Transaction) -> None:
        del self.unmarked[transaction]
        self.entries.append((None, None))

    def read(self, start: int, limit: int, *, committed: bool) -> tuple[list[Record], int]:
        """Records from `start` on, and the next offset to fetch."""
        end = min(start + limit, self.stable_end if committed else len(self.entries))
        found = [
            record
            for record, transaction in self.entries[start:end]
            if record is not None and not (committed and transaction and transaction.fate is Fate.ABORTED)
        ]
        return found, max(start, end)

    def compact(self) -> None:
        """Keep the last record of each key of what is stable; offsets stay."""
        last = {record.key: record.offset for record in self.read(0, len(self.entries), committed=True)[0]}
        for offset in range(self.stable_end):
            record, transaction = self.entries[offset]
            if record is not None and last.get(record.key) != offset:
                self.entries[offset] = (None, transaction)


class Log:
    """`on_decision` is told each transaction when it is decided, before anybody can read it."""

    def __init__(
        self, counts: Mapping[str, int], now_us: Callable[[], int], on_decision: Callable[[Transaction], None]
    ) -> None:
        self.partitions = {TopicPartition(topic, p): Partition() for topic, n in counts.items() for p in range(n)}
        self.offsets: dict[TopicPartition, int] = {}
        self.markers: list[tuple[TopicPartition | None, Transaction]] = []  # not written yet; None: the group's offsets
        self.epochs: defaultdict[str, int] = defaultdict(int)
        self._open: dict[str, Transaction] = {}
        self._now_us = now_us
        self._on_decision = on_decision

    def append(self, target: TopicPartition, key: bytes | None, value: bytes | None, headers: Headers = ()) -> Record:
        """A record of a producer without transactions."""
        return self._append(target, key, value, headers, None)

    def fence(self, producer: str) -> int:
        """Answer a new epoch once what the previous one had open is finished, in every partition."""
        self._give_up(producer)
        self.finish(producer)
        return self.epochs[producer]

    def send(self, producer: str, epoch: int, target: TopicPartition, rows: Rows) -> None:
        """Write in the producer's transaction."""
        transaction = self._transaction(producer, epoch)
        for key, value, headers in rows:
            record = self._append(target, key, value, headers, transaction)
            transaction.records.append((target, record))

    def send_offsets(self, producer: str, epoch: int, offsets: Mapping[TopicPartition, int]) -> None:
        """Commit positions in the producer's transaction."""
        self._transaction(producer, epoch).offsets.update(offsets)

    def commit_offsets(self, offsets: Mapping[TopicPartition, int]) -> None:
        """Outside of any transaction, as a plain consumer does."""
        self.offsets.update(offsets)
        self._on_decision(Transaction("", self._now_us(), Fate.COMMITTED, offsets=dict(offsets)))

    def commit(self, producer: str, epoch: int) -> None:
        """Decide the producer's transaction; who reads sees it when the markers are there."""
        self._check(producer, epoch)
        if transaction := self._open.get(producer):
            self._decide(transaction, Fate.COMMITTED)

    def open_producers(self) -> Iterator[str]:
        """Producers with a transaction that is not decided."""
        return iter(self._open)

    def write_marker(self, number: int) -> None:
        """One of `markers` arrives."""
        target, transaction = self.markers.pop(number)
        if target is not None:
            self.partitions[target].mark(transaction)
        elif transaction.fate is Fate.COMMITTED:
            self.offsets.update(transaction.offsets)

    def finish(self, producer: str) -> None:
        """All markers of a producer arrive."""
        while numbers := [n for n, (_, transaction) in enumerate(self.markers) if transaction.producer == producer]:
            self.write_marker(numbers[0])

    def time_out(self) -> None:
        """Give up what has been open for too long."""
        for producer, transaction in list(self._open.items()):
            if self._now_us() - transaction.began_us > TIMEOUT_MS * 1000:
                self._give_up(producer)

    def _give_up(self, producer: str) -> None:
        self.epochs[producer] += 1
        if transaction := self._open.get(producer):
            self._decide(transaction, Fate.ABORTED)

    def _decide(self, transaction: Transaction, fate: Fate) -> None:
        del self._open[transaction.producer]
        transaction.fate = fate
        self.markers += ((target, transaction) for target in dict.fromkeys(tp for tp, _ in transaction.records))
        self.markers.append((None, transaction))
        self._on_decision(transaction)

    def _check(self, producer: str, epoch: int) -> None:
        if epoch != self.epochs[producer]:
            raise FencedError(f"{producer}: epoch {epoch}, now {self.epochs[producer]}")

    def _transaction(self, producer: str, epoch: int) -> Transaction:
        self._check(producer, epoch)
        if producer not in self._open:
            self.finish(producer)  # the client tries again until its last transaction is finished
            self._open[producer] = Transaction(producer, self._now_us())
        return self._open[producer]

    def _append(
        self,
        target: TopicPartition,
        key: bytes | None,
        value: bytes | None,
        headers: Headers,
        transaction: Transaction | None,
    ) -> Record:
        partition = self.partitions[target]
        record = Record(len(partition.entries), self._now_us() // 1000, key, value, tuple(headers))
        partition.append(record, transaction)
        return record

"""What a stage is: the contract between the engine, which moves records, and the logic, which does not know it.

A task is a stage on one partition number of its input topics. The engine reads a batch, calls `step`, keeps the
output and, at a commit, writes in one transaction what the tables drained, what `outgoing` made of the outputs since
the last commit, and the positions. Worker, unit test and simulation call the same `step`.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol, TypeVar

from models.table import ChangeLogged

Headers = Sequence[tuple[str, bytes]]


class Incoming(Protocol):
    """A record as the consumer hands it over; `timestamp` is the broker's, ms since 1970."""

    @property
    def offset(self) -> int: ...  # noqa: D102
    @property
    def timestamp(self) -> int: ...  # noqa: D102
    @property
    def key(self) -> bytes | None: ...  # noqa: D102
    @property
    def value(self) -> bytes | None: ...  # noqa: D102
    @property
    def headers(self) -> Headers: ...  # noqa: D102


class Outgoing(NamedTuple):
    """A record to write; the partition is named, so two commits never disagree about it."""

    topic: str
    partition: int
    key: bytes | None
    value: bytes | None
    headers: Headers = ()


class Look(NamedTuple):
    """The last look at the broker for an input: records not handed over yet (None: not known) and when (us, wall)."""

    lag: int | None
    at_us: int


@dataclass(frozen=True, slots=True)
class Batch:
    """Records of one input partition, in offset order."""

    topic: str
    partition: int
    records: Sequence[Incoming]


@dataclass(frozen=True, slots=True)
class Tick:
    """Time has passed, about a second since the last one; `looks` by input topic."""

    looks: Mapping[str, Look]


class Tables(Protocol):
    """The state of one task."""

    def all(self) -> tuple[ChangeLogged, ...]:
        """Every table, for the changelog."""


class Output(Protocol):
    """What one step made, beside the changes of the tables."""

    @property
    def moved(self) -> bool:
        """Whether there is anything to commit."""

    @property
    def unfinished(self) -> bool:
        """Whether the step had more to do than one step may: the next tick comes at once."""

    @property
    def pending_bytes(self) -> int:
        """Memory the output holds until it is committed; a lot of it makes a commit due."""


IDLE = -1
"""See Stage.event_time_us."""

T = TypeVar("T", bound=Tables)
O = TypeVar("O", bound=Output)  # noqa: E741


class Stage(Protocol[T, O]):
    """Pure logic: no I/O, no clock."""

    @property
    def name(self) -> str:
        """Part of transactional ids and of the changelog's name."""

    @property
    def inputs(self) -> tuple[str, ...]:
        """Topics with equal partition counts; a task reads the same partition of each."""

    @property
    def eager(self) -> bool:
        """Commit shortly after input instead of by the timer: the last stage, so its results are seen at once."""

    def tables(self, partition: int) -> T:
        """The empty state of a task."""

    def opened(self, tables: T, now_us: int) -> None:
        """Called once after the tables are restored: make what is derived from them."""

    def step(self, tables: T, read: Batch | Tick, now_us: int) -> O:
        """Apply a batch or a tick to the tables. `now_us` is the wall clock, us since 1970 UTC."""

    def event_time_us(self, topic: str, record: Incoming) -> int | None:
        """Event time of a record, us since 1970 UTC, None if it has none; asked where a task has several inputs.

        IDLE if all it says is that the input has nothing more: then it holds no other one.
        """

    def outgoing(self, tables: T, outputs: Sequence[O], now_us: int) -> list[Outgoing]:
        """The records of a commit, from the outputs since the last one. May be called with no outputs."""

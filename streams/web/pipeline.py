"""The ledger, what is unread, and whether the pipeline is behind: from `kpi-status` and looks at the group. No I/O."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Final

from models.outcome import Ledger
from models.status import MeasureStatus, MonitorStatus, TaskStatus, read_status
from streams.publication import rfc3339
from streams.tools.caught_up import least_watermarks_us
from streams.tools.ledger import ledgers_by_topic
from streams.web.answers import Behind, LedgerAnswer, TopicAnswer

BEHIND_AFTER_S: Final = 5.0  # the oldest unread record; a commit takes 0.2 s, a rebalance some seconds
SILENT_AFTER_S: Final = 30.0  # a task tells of itself about every second, less often while it reads much
_S_US: Final = 1_000_000


@dataclass(frozen=True, slots=True)
class Shares:
    """Of the topics of a KPI. `unread` records, None before the first look; `late` and `invalid` of all received."""

    unread: int | None
    late: float
    invalid: float


@dataclass(slots=True)
class Pipeline:
    """`inputs`: topics that the workers read. Unread records and `freshness_s` are None before the first look."""

    inputs: tuple[str, ...]
    unread: Mapping[str, int] | None = None
    freshness_s: float | None = None
    _tasks: dict[bytes, TaskStatus] = field(default_factory=dict)

    def take(self, key: bytes | None, value: bytes | None) -> None:
        """A record of `kpi-status`; raises msgspec.DecodeError."""
        if key is None or value is None:
            self._tasks.pop(key or b"", None)
        else:
            self._tasks[key] = read_status(value)

    def looked(self, unread: Mapping[str, int] | None, freshness_s: float | None) -> None:
        """Records not read yet by topic, and the age of the oldest; None: not to be had."""
        self.unread, self.freshness_s = unread, freshness_s

    def shares(self, topics: Iterable[str]) -> Shares:
        """Of some inputs."""
        its, ledgers = list(topics), self._ledgers()
        total = Ledger()
        for topic in its:
            total.add(ledgers.get(topic, Ledger()))
        unread = None if self.unread is None else sum(self.unread.get(topic, 0) for topic in its)
        received = max(1, total.received)
        return Shares(unread, round(total.late / received, 6), round(total.invalid / received, 6))

    def answer(self, now_us: int, behind_s: float | None) -> LedgerAnswer:
        """`behind_s`: of the alert of the pipeline, None if it does not fire; `now_us`: wall clock."""
        ledgers, marks = self._ledgers(), self._watermarks_us()
        why = [*self._silent(now_us), *self._waiting(), *_unbalanced(ledgers)]
        if behind_s is not None:
            why.append(Behind("alert", None, round(behind_s)))
        return LedgerAnswer(
            topics=[self._topic(name, ledgers.get(name, Ledger()), marks.get(name)) for name in self.inputs],
            freshness_s=None if self.freshness_s is None else round(self.freshness_s, 3),
            behind=bool(why),
            why=why,
            emitted_at=rfc3339(now_us // 1_000 * 1_000),
        )

    def _ledgers(self) -> dict[str, Ledger]:
        return ledgers_by_topic(self._tasks.values())

    def _topic(self, name: str, ledger: Ledger, watermark_us: int | None) -> TopicAnswer:
        return TopicAnswer(
            name,
            ledger.received,
            ledger.counted,
            ledger.duplicate,
            ledger.late,
            ledger.bot,
            ledger.invalid,
            None if self.unread is None else self.unread.get(name, 0),
            None if watermark_us is None else rfc3339(watermark_us),
        )

    def _watermarks_us(self) -> dict[str, int]:
        return least_watermarks_us(task for task in self._tasks.values() if isinstance(task, MonitorStatus))

    def _silent(self, now_us: int) -> Iterator[Behind]:
        last_us: dict[str, int] = {}
        for task in self._tasks.values():
            if isinstance(task, MeasureStatus):
                last_us[task.topic] = max(task.emitted_us, last_us.get(task.topic, 0))
        if not self._tasks:
            yield Behind("no_worker", None, 0)
        for topic in self.inputs:
            silent_s = (now_us - last_us.get(topic, now_us)) / _S_US
            if silent_s > SILENT_AFTER_S:
                yield Behind("stopped", topic, round(silent_s))

    def _waiting(self) -> Iterator[Behind]:
        if self.unread is not None and (self.freshness_s or 0.0) > BEHIND_AFTER_S:
            for topic, records in self.unread.items():
                if records:
                    yield Behind("unread", topic, records)


def _unbalanced(ledgers: Mapping[str, Ledger]) -> Iterator[Behind]:
    for topic, of in ledgers.items():
        if not of.balanced:
            outcomes = of.counted + of.duplicate + of.late + of.bot + of.invalid
            yield Behind("unbalanced", topic, abs(of.received - outcomes))

"""What must hold after every step and for every commit; and the trace, one line a step."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field

from aiokafka import TopicPartition

from alerting.notification import Alert, read_notification
from models.kpi_value import Status
from models.outcome import Ledger
from models.status import TOPIC as STATUS_TOPIC
from models.status import FactStatus, MeasureStatus, MonitorStatus, TaskStatus, read_status
from simulation.alarms import gap
from simulation.log import Fate, Record, Transaction
from simulation.worker import Worker
from simulation.writer import LogWriter
from streams.engine.task import Task
from streams.engine.transaction import CommitStep
from streams.measuring import dead_letter
from streams.measuring.customer_stage import CustomerTables
from streams.measuring.visitor_stage import admitting
from streams.monitoring.tables import MonitorTables
from streams.publication import VALUES_TOPIC, read_value
from streams.publication_alerts import TOPIC as ALERTS_TOPIC

Heights = dict[str, int]
"""What never goes back, by name."""


@dataclass
class Watch:
    """`live`: no window may be corrected. `where` says the step and the time of a line."""

    live: bool
    where: Callable[[], str]
    echo: Callable[[str], None] | None = None
    lines: list[str] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)
    seen: Counter[str] = field(default_factory=Counter)
    statuses: dict[str, TaskStatus] = field(default_factory=dict)
    positions: dict[TopicPartition, int] = field(default_factory=dict)
    revisions: dict[bytes, int] = field(default_factory=dict)
    letters: dict[tuple[str, int, int], Record] = field(default_factory=dict)
    alerts: dict[str, Alert] = field(default_factory=dict)
    told: list[tuple[str, int, str, str]] = field(default_factory=list)
    _heights: dict[Task, Heights] = field(default_factory=dict)
    _steps: dict[tuple[Worker, str], CommitStep] = field(default_factory=dict)

    def note(self, what: str) -> None:
        """A line of the trace."""
        self.lines.append(f"{self.where()} {what}")
        if self.echo:
            self.echo(self.lines[-1])

    def says(self, worker: Worker, what: str) -> None:
        """See Told."""
        self.note(f"{worker.name}{'' if worker.member else ' (zombie)'} {what}")

    def ended(self, worker: Worker, error: BaseException) -> None:
        """See Told."""
        self.says(worker, f"ends: {error!r}")
        self.seen[type(error).__name__] += 1

    def faulty(self, worker: Worker, error: BaseException) -> None:
        """See Told."""
        self.failures.append(f"{worker.name}: {error!r}")

    def reached(self, worker: Worker, task: str, step: CommitStep) -> None:
        """See Told."""
        self.says(worker, f"{task} commits: {step.value}")
        self._steps[worker, task] = step

    def killed(self, worker: Worker) -> None:
        """Count in which steps of a commit kills have struck."""
        self.seen["kill"] += 1
        for (owner, task), step in self._steps.items():
            if owner is worker and step is not CommitStep.DONE:
                self.seen[f"kill before {step.value}"] += 1
                self.note(f"{task} was killed before {step.value}")

    def applied(self, task: Task) -> None:
        """See Told."""
        if its := admitting(task.tables):
            self._expect(its.ledger.row.balanced, f"{task.name}: the ledger does not balance: {its.ledger.row}")
        self._rises(task, dict(_heights(task)))

    def opened(self, worker: Worker, tasks: Iterable[Task]) -> None:
        """See Told: a task is restored to exactly its last commit, unless it was fenced again while it opened."""
        self.seen["assignment"] += 1
        for task in [task for task in tasks if not (isinstance(task.writer, LogWriter) and task.writer.fenced)]:
            self.says(worker, f"{task.name} opens at {sorted(task.positions.values())}")
            for tp, offset in task.positions.items():
                committed = self.positions.get(TopicPartition(*tp), 0)
                self._expect(offset == committed, f"{task.name}: opened at {offset}, committed is {committed}")
            restored, status = _summary(task), self.statuses.get(task.name)
            committed_state = restored if status is None else _told(status)
            self._expect(restored == committed_state, f"{task.name}: {restored} restored of {committed_state}")
            self._expect(status is not None or not any(_heights(task)), f"{task.name}: restored what nobody committed")
            self.applied(task)

    def decided(self, transaction: Transaction) -> None:
        """A transaction has its fate."""
        self.seen[transaction.fate.value] += 1
        if transaction.fate is not Fate.COMMITTED:
            return
        for source, offset in transaction.offsets.items():
            before = self.positions.get(source, 0)
            self._expect(offset >= before, f"{source}: committed {offset} after {before}")
            self.positions[source] = offset
        for target, record in transaction.records:
            match target.topic:
                case topic if topic == VALUES_TOPIC:
                    self._published(record)
                case topic if topic == STATUS_TOPIC:
                    self._reported(record)
                case topic if topic == ALERTS_TOPIC:
                    self._alerted(record)
                case dead_letter.TOPIC:
                    self._lettered(record)

    def _published(self, record: Record) -> None:
        key, value = record.key or b"", read_value(record.value or b"")
        before = self.revisions.get(key, 0)
        self._expect(value.revision == before + 1, f"{key.decode()}: revision {value.revision} after {before}")
        self._expect(not (self.live and value.status is Status.CORRECTED), f"{key.decode()}: closed too early")
        self.revisions[key] = value.revision
        self.seen[value.status.value] += 1

    def _alerted(self, record: Record) -> None:
        alert = read_notification(record.value or b"").alert
        wrong = gap(self.alerts.get(alert.fingerprint), alert)
        self._expect(wrong is None, f"{alert.rule} of {alert.segment}: {wrong}")
        self.alerts[alert.fingerprint] = alert
        self.told.append((alert.fingerprint, alert.sequence, alert.reason, alert.rule))
        self.seen[f"alert {alert.reason}"] += 1

    def _reported(self, record: Record) -> None:
        status = read_status(record.value or b"")
        before = self.statuses.get(status.task)
        if before is not None:
            self._not_back(status.task, _numbers(before), _numbers(status))
        self.statuses[status.task] = status

    def _lettered(self, record: Record) -> None:
        headers = {name: value.decode() for name, value in record.headers if name.startswith("kpi-")}
        place = (headers["kpi-topic"], int(headers["kpi-partition"]), int(headers["kpi-offset"]))
        self._expect(place not in self.letters, f"a second dead letter of {place}")
        self.letters[place] = record

    def _rises(self, task: Task, heights: Heights) -> None:
        self._not_back(task.name, self._heights.get(task, {}), heights)
        self._heights[task] = heights

    def _not_back(self, task: str, before: Mapping[str, int], after: Mapping[str, int]) -> None:
        for name, height in before.items():
            self._expect(after.get(name, -1) >= height, f"{task}: {name} goes back from {height} to {after.get(name)}")

    def _expect(self, holds: bool, else_: str) -> None:  # noqa: FBT001  it is the claim itself
        if not holds:
            self.failures.append(else_)


def _heights(task: Task) -> Iterator[tuple[str, int]]:
    yield from ((f"position of {tp.topic}", offset) for tp, offset in task.positions.items() if offset)
    tables = task.tables
    if isinstance(tables, MonitorTables):
        yield from ((f"watermark of {topic}", at_us) for topic, at_us in tables.marks.by_topic().items())
        yield from ((f"closed of {group}", at_us) for group, at_us in tables.groups.rows.items())
    elif isinstance(tables, CustomerTables):
        yield from _heard(tables.heard.at_us).items()
    elif (its := admitting(tables)) and its.ledger.row.received:
        yield "received", its.ledger.row.received
        yield "watermark", its.clock.row.at_us or 0


def _summary(task: Task) -> tuple[Ledger, int | None] | dict[str, int]:
    tables = task.tables
    if its := admitting(tables):
        return its.ledger.row, its.clock.row.at_us
    if isinstance(tables, CustomerTables):
        return _heard(tables.heard.at_us)
    assert isinstance(tables, MonitorTables)
    return tables.marks.by_topic()


def _told(status: TaskStatus) -> tuple[Ledger, int | None] | dict[str, int]:
    if isinstance(status, MeasureStatus):
        return status.ledger, status.watermark_us
    return _numbers(status)


def _numbers(status: TaskStatus) -> dict[str, int]:
    if isinstance(status, MonitorStatus):
        return status.watermarks_us
    if isinstance(status, FactStatus):
        return _heard(status.watermark_us)
    found = {name: getattr(status.ledger, name) for name in Ledger.__struct_fields__}
    return found if status.watermark_us is None else found | {"watermark": status.watermark_us}


def _heard(watermark_us: int | None) -> dict[str, int]:
    """Of a task that reads order facts."""
    return {} if watermark_us is None else {"watermark of orders": watermark_us}

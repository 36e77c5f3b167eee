"""Whether everything received is published: what a look at the group and at the tasks' own records says of it."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from models.status import FactStatus, MeasureStatus, MonitorStatus, TaskStatus


@dataclass(frozen=True, slots=True)
class Look:
    """One look. `freshness_s`: age of the oldest unread record; `reasons`: what is still to be done, none: nothing.

    `lag` is in records by topic, `watermarks_us` the least of what the monitor's tasks know (event time).
    """

    lag: Mapping[str, int]
    watermarks_us: Mapping[str, int]
    freshness_s: float
    reasons: tuple[str, ...]

    @property
    def caught_up(self) -> bool:
        """Nothing is unread, every watermark is announced, every monitor task has heard."""
        return not self.reasons


def look(
    lag: Mapping[str, int], freshness_s: float, statuses: Iterable[TaskStatus], inputs: Mapping[str, int], monitors: int
) -> Look:
    """`inputs`: the partition count of each input topic, `monitors`: that of `kpi-deltas`."""
    tasks = list(statuses)
    measured = (task for task in tasks if isinstance(task, MeasureStatus) and task.topic in inputs)
    measures = {(task.topic, task.partition): task for task in measured}  # a topic that was dropped holds nothing back
    monitor = {task.partition: task for task in tasks if isinstance(task, MonitorStatus) and task.partition < monitors}
    reasons = (
        *(f"{topic}: {records} records are not read" for topic, records in lag.items() if records),
        *_measure_reasons(measures, inputs),
        *_fact_reasons(task for task in tasks if isinstance(task, FactStatus)),
        *_monitor_reasons(measures, monitor, monitors),
    )
    return Look(lag, least_watermarks_us(monitor.values()), freshness_s, reasons)


def _measure_reasons(measures: Mapping[tuple[str, int], MeasureStatus], inputs: Mapping[str, int]) -> Iterator[str]:
    for topic, count in inputs.items():
        for partition in range(count):
            task = measures.get((topic, partition))
            if task is None:
                yield f"{topic}/{partition}: no task has told of it yet, is a worker running?"
            elif task.announced_us != task.watermark_us:
                yield f"{topic}/{partition}: its watermark is not announced yet"


def _fact_reasons(tasks: Iterable[FactStatus]) -> Iterator[str]:
    for task in tasks:
        if task.unfinished:
            yield f"{task.task}: orders that are due, or days that have ended, are still worked on"
        elif task.announced_us != task.watermark_us:
            yield f"{task.task}: the watermark of its orders is not announced yet"


def _monitor_reasons(
    measures: Mapping[tuple[str, int], MeasureStatus], monitor: Mapping[int, MonitorStatus], monitors: int
) -> Iterator[str]:
    moving = sorted({task.topic for task in measures.values() if task.watermark_us is not None})
    for partition in range(monitors):
        task = monitor.get(partition)
        if task is None:
            yield f"monitor-{partition}: the task has not told of itself yet, is a worker running?"
        elif unheard := [topic for topic in moving if topic not in task.watermarks_us]:
            yield f"monitor-{partition}: has no watermark of {', '.join(unheard)} yet"
        elif task.unfinished:
            yield f"monitor-{partition}: windows are still being published"


def least_watermarks_us(monitor: Iterable[MonitorStatus]) -> dict[str, int]:
    """By topic, event time that every task of the monitor has heard of."""
    least: dict[str, int] = {}
    for task in monitor:
        for topic, at_us in task.watermarks_us.items():
            least[topic] = min(at_us, least.get(topic, at_us))
    return dict(sorted(least.items()))

"""Records of `kpi-status`: what each task knows of itself at its last commit. Read by `kpi ledger` and `kpi status`."""

from typing import Self

import msgspec

from models.delta import Mark
from models.outcome import Ledger
from models.stage import Outgoing

TOPIC = "kpi-status"


class MeasureStatus(msgspec.Struct, tag="measure", tag_field="kind", frozen=True, kw_only=True):
    """A task of stage 1. Watermarks are event time, `promise_us` and `emitted_us` wall clock, us since 1970 UTC."""

    task: str
    topic: str
    partition: int
    received: int
    counted: int
    duplicate: int
    late: int
    bot: int
    invalid: int
    watermark_us: int | None
    announced_us: int | None
    promise_us: int | None
    emitted_us: int

    @classmethod
    def of(
        cls,
        stage: str,
        topic: str,
        partition: int,
        ledger: Ledger,
        watermark_us: int | None,
        told: Mark | None,
        now_us: int,
    ) -> Self:
        """The record of a task's ledger and clock."""
        return cls(
            task=f"{stage}-{partition}",
            topic=topic,
            partition=partition,
            **msgspec.structs.asdict(ledger),
            watermark_us=watermark_us,
            announced_us=told.at_us if told else None,
            promise_us=told.promise_us if told else None,
            emitted_us=now_us,
        )

    @property
    def ledger(self) -> Ledger:
        """The account of its partition."""
        return Ledger(**{name: getattr(self, name) for name in Ledger.__struct_fields__})


class FactStatus(msgspec.Struct, tag="facts", tag_field="kind", frozen=True, kw_only=True):
    """A task that reads order facts: the watermark of the orders it has heard, and what it announced of it.

    `unfinished`: orders that are due are still being fixed, or days that have ended predicted.
    """

    task: str
    partition: int
    watermark_us: int | None
    announced_us: int | None
    unfinished: bool
    emitted_us: int


class MonitorStatus(msgspec.Struct, tag="monitor", tag_field="kind", frozen=True, kw_only=True):
    """A task of the monitor: watermarks it has heard; `unfinished`: windows they close are still being published."""

    task: str
    partition: int
    watermarks_us: dict[str, int]
    unfinished: bool
    emitted_us: int


TaskStatus = MeasureStatus | FactStatus | MonitorStatus
_encode = msgspec.json.Encoder().encode
read_status = msgspec.json.Decoder(TaskStatus).decode


def status_record(status: TaskStatus) -> Outgoing:
    """As it is written: keyed by task, on the one partition of the topic."""
    return Outgoing(TOPIC, 0, status.task.encode(), _encode(status))

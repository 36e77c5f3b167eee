"""Facts of the stage before, as they are read, and the watermark that comes with them and is passed on."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import msgspec

from models import order
from models.delta import Mark
from models.errors import EngineFault
from models.order_fact import VERSION, FactKind, FactRecord, decode_facts
from models.session import NEVER_US
from models.stage import IDLE, Incoming, Outgoing
from models.status import FactStatus, status_record
from models.table import ChangeLogged, Single
from models.topic_watermark import Watermarks
from streams.measuring.tables import MeasureOutput
from streams.measuring.watermark import due


class Told(msgspec.Struct, array_like=True):
    """What was announced last of the topic, by where it was announced to."""

    marks: dict[str, Mark] = msgspec.field(default_factory=dict)


@dataclass(slots=True)
class HeardOrders:
    """State of a task that reads facts: what the tasks of the stage before announced, and what it told itself.

    `absent`: there is no stage before.
    """

    marks: Watermarks
    absent: bool = False
    told: Single[Told] = field(default_factory=lambda: Single("told", Told()))

    @classmethod
    def of(cls, partitions: int) -> "HeardOrders":
        """`partitions`: tasks of the stage before, all of which are heard."""
        return cls(Watermarks((order.TOPIC, partition) for partition in range(partitions)), absent=partitions == 0)

    def all(self) -> tuple[ChangeLogged, ...]:
        """See Tables."""
        return (self.marks.heard, self.marks.topics, self.told)

    @property
    def at_us(self) -> int | None:
        """The watermark of the orders, event time."""
        return self.marks.of((order.TOPIC,))

    @property
    def passed_us(self) -> int:
        """No order before this is to come: all may, while nothing is known of them; none, if there never was one."""
        topic = self.marks.topics.rows.get(order.TOPIC)
        at_us = self.at_us
        return at_us if at_us is not None else NEVER_US if self.absent or (topic and topic.idle) else 0

    @property
    def looked_us(self) -> int | None:
        """The last look at the broker that found no orders; None: they are not idle."""
        return self.marks.looked_us(order.TOPIC)

    def at_us_by(self, look_us: int) -> int | None:
        """The same as heard up to a moment of the wall clock."""
        return self.marks.at_us_by(order.TOPIC, look_us)

    def take(self, record: FactRecord) -> None:
        """Hear what a record announces, once its facts are booked."""
        for mark in record.marks.values():
            self.marks.hear(order.TOPIC, record.partition, mark)

    def announcement(
        self, to: str, now_us: int, hold_us: int | None = None, *, waiting: bool = False, at_tick: bool
    ) -> Mark | None:
        """What to announce to a target, if it is due; `hold_us` and `waiting` as of Watermarks.mark."""
        told, mark = self.told.row.marks, self.marks.mark(order.TOPIC, now_us, hold_us, waiting=waiting)
        before = told.get(to)
        if before is not None and before.at_us is not None and (mark.at_us is None or mark.at_us < before.at_us):
            mark = Mark(
                before.at_us, mark.promise_us, now_us, mark.fresh_us
            )  # an order may come later than it was promised
        if not due(mark, before, at_tick=at_tick):
            return None
        told[to] = mark
        self.told.touch()
        return mark


def fact_status(
    task: str, partition: int, heard: HeardOrders, to: str, outputs: Sequence[MeasureOutput], now_us: int
) -> Outgoing:
    """What a task tells of the facts it reads; `to`: the target it announces their watermark to."""
    told = heard.told.row.marks.get(to)
    status = FactStatus(
        task=task,
        partition=partition,
        watermark_us=heard.at_us,
        announced_us=told.at_us if told else None,
        unfinished=bool(outputs) and outputs[-1].unfinished,
        emitted_us=now_us,
    )
    return status_record(status)


def facts_of(records: Sequence[Incoming]) -> Iterator[FactRecord]:
    """Our own records: another format is a fault, never skipped."""
    for record in records:
        found = decode_facts(record.value or b"")
        if found.version != VERSION:
            raise EngineFault(f"order facts: record of format {found.version}, this program reads {VERSION}")
        yield found


def first_time_us(record: Incoming) -> int | None:
    """See Stage.event_time_us: of the first fact of a record, or what it announces where it has none."""
    found = decode_facts(record.value or b"")
    for fact in found.facts:
        if fact.kind is not FactKind.ERASED:
            return fact.at_us
    marks = found.marks.values()
    if any(mark.promise_us is not None for mark in marks):
        return IDLE
    return max((mark.at_us for mark in marks if mark.at_us is not None), default=None)

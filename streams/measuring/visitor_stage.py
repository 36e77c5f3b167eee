"""The visitors' stage: clicks, and the orders that belong to them. Its logic is in sessions and attribution."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from heapq import heapify, heappop, heappush
from typing import Any, Generic, TypeVar

from models import click, delta, order
from models.click import Click
from models.order_fact import BY_CUSTOMER, BY_VISITOR, FactKind, OrderFact
from models.stage import Batch, Incoming, Outgoing, Tick
from models.table import ChangeLogged
from streams.measuring.additions import Additions
from streams.measuring.attribution import Attribution, Attributions, attributions
from streams.measuring.facts import fact_records
from streams.measuring.hearing import HeardOrders, fact_status, facts_of, first_time_us
from streams.measuring.stage import MeasureStage
from streams.measuring.tables import MeasureOutput, MeasureTables

R = TypeVar("R")
MAX_FIXED = 500
"""Orders fixed in a step: they come due together when a replay's watermark jumps."""


@dataclass(slots=True)
class VisitorTables(Generic[R]):
    """The state of a task. Not stored: `waiting`, the orders to be fixed by the watermark at which they are.

    `before_look`: a moment of the wall clock, and the watermark of clicks then; `quiet_us`: that of an earlier moment,
    after which orders were looked for and none was there.
    """

    clicks: MeasureTables[R, Additions]
    heard: HeardOrders
    orders: Attributions = field(default_factory=attributions)
    waiting: list[tuple[int, str]] = field(default_factory=list)
    before_look: tuple[int, int] = (0, 0)
    quiet_us: int = 0

    @property
    def partition(self) -> int:
        """Number of the task."""
        return self.clicks.partition

    def all(self) -> tuple[ChangeLogged, ...]:
        """See Tables."""
        return (*self.clicks.all(), *self.heard.all(), self.orders)


def admitting(tables: object) -> MeasureTables[Any, Any] | None:
    """What a task keeps of the input topic that it admits events of; None where it reads no input."""
    its = tables.clicks if isinstance(tables, VisitorTables) else tables
    return its if isinstance(its, MeasureTables) else None


@dataclass(frozen=True)
class VisitorStage(Generic[R]):
    """See models.stage.Stage.

    `order_tasks`: partitions of `orders`; `customers`: of the topic of its facts. 0 where no KPI needs them.
    """

    clicks: MeasureStage[Click, R, Additions]
    attribution: Attribution[R]
    order_tasks: int
    customers: int
    name: str = "visitors"
    inputs: tuple[str, ...] = (click.TOPIC, BY_VISITOR)
    eager: bool = False

    def tables(self, partition: int) -> VisitorTables[R]:
        """See Stage."""
        heard = HeardOrders.of(self.order_tasks)
        return VisitorTables(self.clicks.tables(partition), heard, self.attribution.table())

    def opened(self, tables: VisitorTables[R], now_us: int) -> None:
        """See Stage."""
        self.clicks.opened(tables.clicks, now_us)
        rows = tables.orders.rows.items()
        tables.waiting = [(self.attribution.due_us(row), name) for name, row in rows if row.waiting]
        heapify(tables.waiting)

    def step(self, tables: VisitorTables[R], read: Batch | Tick, now_us: int) -> MeasureOutput:
        """See Stage."""
        self.attribution.passed(tables.clicks.rows, self._passed_us(tables, now_us))
        if isinstance(read, Batch) and read.topic == BY_VISITOR:
            output = MeasureOutput()
            self._book(tables, read.records, output)
        else:
            output = self.clicks.step(tables.clicks, read, now_us)
        self._fix(tables, output)
        if not output.unfinished:
            self.attribution.expire(tables.orders, self._watermark_us(tables))
        self._announce(tables, now_us, output, at_tick=isinstance(read, Tick))
        return output

    def event_time_us(self, topic: str, record: Incoming) -> int | None:
        """See Stage."""
        return first_time_us(record) if topic == BY_VISITOR else self.clicks.event_time_us(topic, record)

    def outgoing(self, tables: VisitorTables[R], outputs: Sequence[MeasureOutput], now_us: int) -> list[Outgoing]:
        """See Stage."""
        facts = ((fact.customer_id or "", fact) for output in outputs for fact in output.handed)
        mark = next((output.handed_mark for output in reversed(outputs) if output.handed_mark), None)
        marks = {order.TOPIC: mark} if mark else {}
        handed = fact_records(BY_CUSTOMER, tables.partition, facts, {}, marks, self.customers)
        status = fact_status(
            f"orders@visitors-{tables.partition}", tables.partition, tables.heard, delta.TOPIC, outputs, now_us
        )
        measured = self.clicks.outgoing(tables.clicks, outputs, now_us)
        return [*measured, *(handed if self.customers else ()), status]

    def _book(self, tables: VisitorTables[R], records: Sequence[Incoming], output: MeasureOutput) -> None:
        rows, sums = tables.clicks.rows, tables.clicks.sums
        weight = sums.weight
        output.booked = True
        for record in facts_of(records):
            for fact in record.facts:
                if fact.kind is FactKind.ERASED:
                    self._release(tables, fact, output)
                    continue
                handed = self.attribution.book(tables.orders, rows, fact, sums)
                if handed is not None:
                    _hand(handed, output)
                elif (its := tables.orders.rows[fact.order_id]).waiting == [fact]:
                    heappush(tables.waiting, (self.attribution.due_us(its), fact.order_id))
            for at_ms, n in record.arrivals:
                sums.arrivals[at_ms] = sums.arrivals.get(at_ms, 0) + n
            tables.heard.take(record)
        output.pending_bytes += sums.weight - weight

    def _release(self, tables: VisitorTables[R], erased: OrderFact, output: MeasureOutput) -> None:
        """The orders of a customer that is erased are fixed now, as they are attributed, and go ahead of it."""
        rows, whose = tables.orders.rows, erased.customer_id
        its = {name for _, name in tables.waiting if rows[name].waiting[0].customer_id == whose}
        if its:
            tables.waiting = [entry for entry in tables.waiting if entry[1] not in its]
            heapify(tables.waiting)
        for order_id in sorted(its):
            for fact in self.attribution.fix(tables.orders, tables.clicks.rows, order_id, tables.clicks.sums):
                _hand(fact, output)
        _hand(erased, output)

    @staticmethod
    def _passed_us(tables: VisitorTables[R], now_us: int) -> int:
        """No order before this is to come. Idle ones let it go up to where the clicks were before the last look.

        Or a replay of clicks that goes on after its orders keeps the visitors of months: orders have the wall's pace.
        """
        look_us, (moment_us, clicks_us) = tables.heard.looked_us, tables.before_look
        if look_us is None or look_us >= moment_us:
            tables.quiet_us = clicks_us if look_us is not None else 0
            tables.before_look = now_us, tables.clicks.clock.row.at_us or 0
        quiet_us = min(tables.quiet_us, tables.waiting[0][0]) if tables.waiting else tables.quiet_us
        return max(tables.heard.passed_us, quiet_us)

    def _fix(self, tables: VisitorTables[R], output: MeasureOutput) -> None:
        """Orders whose time, and the allowed lateness, the watermark has passed."""
        watermark_us, waiting = self._watermark_us(tables), tables.waiting
        for _ in range(MAX_FIXED):
            if watermark_us is None or not waiting or waiting[0][0] > watermark_us:
                return
            _, order_id = heappop(waiting)
            output.booked = True
            for fact in self.attribution.fix(tables.orders, tables.clicks.rows, order_id, tables.clicks.sums):
                _hand(fact, output)
        output.unfinished = True

    @staticmethod
    def _watermark_us(tables: VisitorTables[R]) -> int | None:
        """Of the task: the least of its inputs. Idle clicks let it go up to what was heard by the last look at them."""
        orders_us, clock = tables.heard.at_us, tables.clicks.clock.row
        clicks_us, look_us = clock.at_us, clock.told.promise_us if clock.told else None
        if look_us is not None and (by_then_us := tables.heard.at_us_by(look_us)) is not None:
            clicks_us = max(by_then_us, clicks_us or 0)
        return None if orders_us is None or clicks_us is None else min(orders_us, clicks_us)

    def _announce(self, tables: VisitorTables[R], now_us: int, output: MeasureOutput, *, at_tick: bool) -> None:
        mark = tables.heard.announcement(delta.TOPIC, now_us, at_tick=at_tick)
        if mark is not None:
            output.marks[order.TOPIC] = mark
        if not self.customers:
            return
        # They all wait equally long: the one that is fixed next is the oldest.
        hold_us = tables.waiting[0][0] - self.attribution.lateness_us - 1 if tables.waiting else None
        output.handed_mark = tables.heard.announcement(
            BY_CUSTOMER, now_us, hold_us, waiting=bool(tables.waiting), at_tick=at_tick
        )


def _hand(fact: OrderFact, output: MeasureOutput) -> None:
    """On to its customer; a guest has none."""
    if fact.customer_id is not None:
        output.handed.append(fact)
        output.pending_bytes += 300

"""Event files through all stages in memory, one task each: what a worker would have published, without a broker.

The wall clock is the events' own: a batch is what came within a grain of event time, or at most `MAX_BATCH`. Windows
that close do not depend on the grain; open ones are seen as often.
"""

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any

from models import delta, fx
from models.kpi import Catalogue
from models.kpi_value import KpiValue
from models.order_fact import BY_CUSTOMER, BY_VISITOR
from models.settings import Settings
from models.stage import Batch, Headers, Look, Outgoing, Stage, Tick
from models.window import MINUTE_US
from streams.app import measure_stages, monitor_stage
from streams.fx_feed import FxFeed
from streams.measuring import dead_letter
from streams.measuring.heartbeat import HEADER
from streams.publication import VALUES_TOPIC, rfc3339
from streams.publication_alerts import TOPIC as ALERTS_TOPIC
from streams.tools.merge import Timed
from streams.tools.record import Record
from streams.topics import INPUTS

MAX_BATCH = 1_000
TOPICS = (*INPUTS, fx.TOPIC, BY_VISITOR, BY_CUSTOMER, delta.TOPIC, dead_letter.TOPIC, VALUES_TOPIC, ALERTS_TOPIC)


@dataclass(frozen=True, slots=True)
class _Read:
    """A record as a consumer hands it over."""

    key: bytes | None
    value: bytes | None
    headers: Headers = ()
    offset: int = 0
    timestamp: int = 0


@dataclass(slots=True)
class Rehearsal:
    """Fed with records in the order of their turns; everything is counted once, nothing is kept on disk."""

    settings: Settings
    catalogue: Catalogue
    grain_us: int = MINUTE_US
    rates: FxFeed = field(init=False)
    now_us: int = 0
    _stages: list[Stage[Any, Any]] = field(init=False)
    _stage_of: dict[str, Stage[Any, Any]] = field(init=False)
    _tables: dict[str, Any] = field(init=False)
    _values: list[KpiValue] = field(default_factory=list)

    def __post_init__(self) -> None:
        partitions = dict.fromkeys(TOPICS, 1)
        self.rates = FxFeed(self.settings.reporting_currency)
        measuring = measure_stages(self.settings, self.catalogue, partitions, self.rates.rates, lambda: None)
        self._stages = [*measuring, monitor_stage(self.settings, self.catalogue, (), partitions)]
        self._stage_of = {topic: stage for stage in self._stages for topic in stage.inputs}
        self._tables = {stage.name: stage.tables(0) for stage in self._stages}

    def values(self, turns: Iterable[Timed], until_us: int | None = None) -> Iterator[KpiValue]:
        """What is published while the records are read; then every input hears that it is `until_us`."""
        for turn_us, records in batches(turns, self.grain_us):
            self._now(turn_us)
            for topic, its in _by_topic(records):
                self._take(topic, its)
            self._tick()
            yield from self._told()
        if until_us is not None and self.now_us:
            self._now(until_us)
            beat = _Read(None, b"", ((HEADER, rfc3339(until_us).encode()),))
            for topic in INPUTS:
                self._take(topic, [beat])
            self._tick()
            yield from self._told()

    def _now(self, turn_us: int) -> None:
        """A minute after the event: no watermark is held back, and nobody is idle or behind."""
        first = not self.now_us
        self.now_us = max(turn_us + MINUTE_US, self.now_us)
        if first:
            for stage in self._stages:
                stage.opened(self._tables[stage.name], self.now_us)

    def _told(self) -> Iterator[KpiValue]:
        values, self._values = self._values, []
        return iter(values)

    def _take(self, topic: str, records: Sequence[_Read]) -> None:
        if topic == fx.TOPIC:
            for record in records:
                self.rates.take(record)
        elif topic in self._stage_of:  # else no KPI needs it
            self._step(self._stage_of[topic], Batch(topic, 0, records))

    def _tick(self) -> None:
        for stage in self._stages:
            self._step(stage, Tick({topic: Look(0, self.now_us) for topic in stage.inputs}))

    def _step(self, stage: Stage[Any, Any], read: Batch | Tick) -> None:
        """A step, its commit and those of the stages behind it; again where it has more to do."""
        tables = self._tables[stage.name]
        output = stage.step(tables, read, self.now_us)
        if stage is self._stages[-1]:
            self._values += output.values
        else:
            self._pass_on(stage.outgoing(tables, [output], self.now_us))
        for table in tables.all():
            table.drain()
        if output.unfinished:
            self._step(stage, Tick({}))

    def _pass_on(self, records: Iterable[Outgoing]) -> None:
        for record in records:
            if record.topic in self._stage_of:
                self._take(record.topic, [_Read(record.key, record.value, record.headers)])


def batches(turns: Iterable[Timed], grain_us: int) -> Iterator[tuple[int, list[Record]]]:
    """The turn of the last and the records, of one grain of event time and at most MAX_BATCH."""
    batch: list[Record] = []
    grain, last_us = 0, 0
    for turn_us, record in turns:
        if batch and (turn_us // grain_us != grain or len(batch) >= MAX_BATCH):
            yield last_us, batch
            batch = []
        grain, last_us = turn_us // grain_us, turn_us
        batch.append(record)
    if batch:
        yield last_us, batch


def _by_topic(records: Iterable[Record]) -> Iterator[tuple[str, list[_Read]]]:
    """Rates first: an event needs the one of its time."""
    found: dict[str, list[_Read]] = {}
    for record in records:
        found.setdefault(record.topic, []).append(_Read(record.key, record.value, record.headers))
    if rates := found.pop(fx.TOPIC, None):
        yield fx.TOPIC, rates
    yield from found.items()

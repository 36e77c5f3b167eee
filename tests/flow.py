"""The whole flow in memory, for scenarios: events in, published values out, with the wall clock in the test's hand."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from alerting.rule import Rule
from models import delta
from models.clv import ClvParameters
from models.fx import Rates
from models.kpi import Catalogue
from models.kpi_value import KpiValue
from models.kpis_file import load_kpis
from models.order_fact import BY_CUSTOMER, BY_VISITOR
from models.outcome import Ledger
from models.partition import partition_of_key
from models.settings import Settings
from models.stage import Batch, Headers, Look, Outgoing, Stage, Tick
from streams.app import measure_stages, monitor_stage
from streams.measuring import dead_letter
from streams.measuring.visitor_stage import admitting
from streams.topics import INPUTS

KPIS = Path(__file__).parents[1] / "deploy" / "kpis.yaml"
DAY = datetime(2026, 3, 2, tzinfo=UTC)


def at(clock: str) -> int:
    """`12:00:20` of the scenarios' day, us since 1970 UTC."""
    hours, minutes, seconds = clock.split(":")
    return (
        round(DAY.timestamp() * 1e6) + (int(hours) * 3600 + int(minutes) * 60) * 1_000_000 + round(float(seconds) * 1e6)
    )


def text(clock: str) -> str:
    return datetime.fromtimestamp(at(clock) / 1e6, UTC).isoformat().replace("+00:00", "Z")


@dataclass(frozen=True)
class Sent:
    """A record as a consumer hands it over."""

    topic: str
    key: bytes | None
    value: bytes | None
    headers: Headers = ()
    offset: int = 0
    timestamp: int = 0


_ids = iter(range(10**9))


def sent(topic: str, key: str, clock: str, **fields: Any) -> Sent:
    event = {"event_id": f"e{next(_ids)}", "timestamp": text(clock), **fields}
    return Sent(topic, key.encode(), json.dumps({k: v for k, v in event.items() if v is not None}).encode())


def order(clock: str, amount: str, order_id: str | None = None, **fields: Any) -> Sent:
    name = order_id or f"o{next(_ids)}"
    fields = {"event_type": "order_placed", "currency": "GBP", "amount": amount, "order_id": name} | fields
    return sent("orders", fields.get("customer_id") or name, clock, **fields)


def click(clock: str, session: str | None, kind: str = "page_view", visitor: str = "v", **fields: Any) -> Sent:
    return sent("clickstream", visitor, clock, visitor_id=visitor, session_id=session, event_type=kind, **fields)


def social(clock: str, kind: str, platform: str = "instagram", **fields: Any) -> Sent:
    return sent("social", "p1", clock, event_type=kind, platform=platform, post_id="p1", **fields)


def heartbeat(topic: str, clock: str) -> Sent:
    return Sent(topic, None, None, (("kpi-heartbeat", text(clock).encode()),))


@dataclass
class Flow:
    """`partitions` tasks a stage, one of the monitor. `now_us`: the wall clock, a day after the events by itself."""

    settings: Settings = field(default_factory=Settings)
    partitions: int = 1
    rules: Iterable[Rule] = ()
    now_us: int = at("12:00:00") + 86_400_000_000
    values: list[KpiValue] = field(default_factory=list)
    dead_letters: list[Outgoing] = field(default_factory=list)
    transitions: list[Any] = field(default_factory=list)
    kpis: str = field(default_factory=KPIS.read_text)
    parameters: ClvParameters | None = None
    passed: list[Outgoing] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._build()
        self.tables = self._tables()
        self._open()

    @property
    def monitor_tables(self) -> Any:
        return self.tables["monitor"][0]

    def restart(self, kpis: str) -> None:
        """All workers stop and start with another kpis.yaml; what the tables hold stays."""
        self.kpis = kpis
        self._build()
        self.tables = self._tables() | self.tables
        self._open()

    def _build(self) -> None:
        self.catalogue: Catalogue = load_kpis(self.kpis, "kpis.yaml")
        topics = (*INPUTS, BY_VISITOR, BY_CUSTOMER, delta.TOPIC, dead_letter.TOPIC, "kpi-values", "kpi-alerts")
        partitions = dict.fromkeys(topics, 1) | dict.fromkeys((*INPUTS, BY_VISITOR, BY_CUSTOMER), self.partitions)
        self.rates = Rates(self.settings.reporting_currency)
        measuring = measure_stages(self.settings, self.catalogue, partitions, self.rates, lambda: self.parameters)
        self.monitor = monitor_stage(self.settings, self.catalogue, self.rules, partitions)
        self.stages: list[Stage[Any, Any]] = [*measuring, self.monitor]
        self.stage_of = {topic: stage for stage in self.stages for topic in stage.inputs}

    def _tables(self) -> dict[str, list[Any]]:
        """Of every task, by stage and partition."""
        tasks = {stage.name: 1 if stage is self.monitor else self.partitions for stage in self.stages}
        return {stage.name: [stage.tables(n) for n in range(tasks[stage.name])] for stage in self.stages}

    def _open(self) -> None:
        for stage in self.stages:
            for tables in self.tables[stage.name]:
                stage.opened(tables, self.now_us)
        self.tick()

    def read(self, *records: Sent) -> None:
        """Records of any topics, each a batch and a commit of its own."""
        for record in records:
            self.batch(record.topic, [record])

    def batch(self, topic: str, records: Sequence[Sent], partition: int | None = None) -> None:
        """Records of one topic in one batch, of the partition of the first one's key unless it is named."""
        if partition is None:
            partition = partition_of_key(records[0].key or b"", self.partitions)
        self._step(self.stage_of[topic], partition, Batch(topic, partition, records))

    def tick(self, lag: int = 0, only: str | None = None) -> None:
        """A second passes; `lag` of all inputs, or of one only."""
        self.now_us += 1_000_000
        for stage in self.stages:
            lags = {topic: lag if only in {None, topic} else 0 for topic in stage.inputs}
            looks = Tick({topic: Look(its, self.now_us) for topic, its in lags.items()})
            for partition in range(len(self.tables[stage.name])):
                self._step(stage, partition, looks)

    def ledger(self, topic: str, partition: int = 0) -> Ledger:
        its = admitting(self.tables[self.stage_of[topic].name][partition])
        assert its is not None
        return its.ledger.row

    def history(
        self, kpi: str, window: str, start: str, piece: tuple[str, str] = ("all", "all")
    ) -> list[tuple[Any, str]]:
        """What was published of one window, in its order: value and status."""
        return [
            (one.value, one.status.value)
            for one in self.values
            if one.series == (kpi, window, *piece) and one.start_us == at(start)
        ]

    def last(self, kpi: str, window: str, piece: tuple[str, str] = ("all", "all")) -> dict[int, Any]:
        """The last revision of every window, by start."""
        return {one.start_us: one.value for one in self.values if one.series == (kpi, window, *piece)}

    def _step(self, stage: Stage[Any, Any], partition: int, read: Batch | Tick) -> None:
        """A step and its commit, and those of the stages behind it; again where it has more to do."""
        tables = self.tables[stage.name][partition]
        output = stage.step(tables, read, self.now_us)
        if stage is self.monitor:
            self.values += output.values
            self.transitions += output.transitions
        else:
            self._pass_on(stage.outgoing(tables, [output], self.now_us))
        if output.unfinished:
            self._step(stage, partition, Tick({}))

    def _pass_on(self, records: Iterable[Outgoing]) -> None:
        for record in records:
            if record.topic == dead_letter.TOPIC:
                self.dead_letters.append(record)
            elif record.topic in self.stage_of:
                self.passed.append(record)
                self.batch(record.topic, [Sent(record.topic, record.key, record.value)], record.partition)

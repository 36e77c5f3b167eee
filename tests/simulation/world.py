"""One seed: a shop, workers on an in-memory log, and whatever goes wrong, in virtual time."""

import random
from collections.abc import Callable
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

from aiokafka import TopicPartition

from models import delta, status
from models.fx import Rates
from models.kpis_file import load_kpis
from models.settings import Settings
from models.stage import Stage
from simulation.alarms import rules
from simulation.formulas import KPIS
from simulation.group import Group
from simulation.log import Log
from simulation.shop import COUNTS, OUT_OF_ORDERNESS_S, START_US, TOPICS, Mode, S, Sending
from simulation.turns import Turns
from simulation.watch import Watch
from simulation.worker import APP, Engine, Worker
from simulation.writer import Faults, LogWriter
from streams.app import measure_stages, monitor_stage
from streams.engine.clock import Clock
from streams.measuring import dead_letter
from streams.publication import VALUES_TOPIC
from streams.publication_alerts import TOPIC as ALERTS_TOPIC

MODES = (Mode.LIVE, Mode.LIVE, Mode.LATE, Mode.DISORDER, Mode.BACKLOG)


@dataclass(frozen=True)
class Parts:
    """What a test breaks on purpose, and the kind of seeds that show it (`pace`: seconds between events)."""

    writer: type[LogWriter] = LogWriter
    committed: bool = True
    mode: Mode | None = None
    pace: float | None = None
    events: tuple[int, int] = (30, 90)


@lru_cache
def stages_of(
    delta_partitions: int, lateness_s: float, horizon_s: float
) -> tuple[dict[str, int], tuple[Stage[Any, Any], ...]]:
    """Partition counts of all topics, and the product's stages on them."""
    catalogue = load_kpis(KPIS, "kpis.yaml")
    settings = Settings(
        out_of_orderness_s=OUT_OF_ORDERNESS_S,
        allowed_lateness_s=lateness_s,
        idle_after_s=3.0,
        correction_horizon_clickstream_s=horizon_s,
        correction_horizon_orders_s=horizon_s,
        correction_horizon_social_s=horizon_s,
    )
    others = {VALUES_TOPIC: 2, ALERTS_TOPIC: 1, dead_letter.TOPIC: 2, status.TOPIC: 1}
    counts = COUNTS | {delta.TOPIC: delta_partitions} | others
    stages = (
        *measure_stages(settings, catalogue, counts, Rates("GBP"), lambda: None),
        monitor_stage(settings, catalogue, rules(), counts),
    )
    changelogs = {f"{APP}-{stage.name}-changelog": counts[stage.inputs[0]] for stage in stages}
    return counts | changelogs, stages


class World:
    """Everything of one run. Use `simulate`."""

    def __init__(self, seed: int, parts: Parts, echo: Callable[[str], None] | None) -> None:
        self.chance = random.Random(seed)
        self.mode = parts.mode or self.chance.choice(MODES)
        self.pace = parts.pace or self.chance.choice((1.0, 2.0, 4.0))
        self.now_us, self.step = START_US, 0
        self.events = self.chance.randint(*parts.events)
        self.watch = Watch(self.mode.live, self._where, echo)
        self.counts, stages = stages_of(
            self.chance.choice((2, 2, 3, 4)), self.chance.choice((0.0, 3.0)), self.mode.horizon_s
        )
        self.log = Log(self.counts, lambda: self.now_us, self.watch.decided)
        self.sent: dict[TopicPartition, list[Sending]] = {TopicPartition(t, p): [] for t in TOPICS for p in range(2)}
        self.turns = Turns(self.chance, self.chance.uniform(0.1, 0.6))
        self.faults = Faults(self.chance, self.chance.choice((0.0, 0.0, 0.002, 0.01)))
        self.engine = Engine(
            self.log,
            self.turns,
            Clock(self._read_clock_us, lambda: self.now_us / 1e6),
            self.chance,
            self.watch,
            stages,
            frozenset(TOPICS),
            self.faults,
            self.chance.choice((0.2, 1.0)),
            parts.writer,
            committed=parts.committed,
        )
        inputs = {stage.name: stage.inputs for stage in stages}
        self.group = Group({name: self.counts[its[0]] for name, its in inputs.items()}, inputs, self.chance)
        self.workers: list[Worker] = []
        self.tick_s = self.chance.uniform(1, 4)
        self.started = 0
        self.watch.note(f"seed {seed}: {self.mode.value}, {self.counts[delta.TOPIC]} partitions of kpi-deltas")

    def _where(self) -> str:
        return f"{self.step:5} {(self.now_us - START_US) / S:9.3f}s"

    def _read_clock_us(self) -> int:
        """No two readings are the same, as no two steps of a task are at the same time."""
        self.now_us += 1
        return self.now_us

    def start_worker(self) -> None:
        """A new process joins the group."""
        self.started += 1
        worker = Worker(f"w{self.started}", self.engine)
        self.watch.says(worker, "starts")
        self.workers.append(worker)
        self.group.join(worker)

    def send(self, sending: Sending) -> None:
        """The shop's producer."""
        target = sending.target
        record = self.log.append(target, sending.key, sending.value, sending.headers)
        self.sent[target].append(sending)
        self.watch.note(f"sent {target.topic}/{target.partition} {record.offset}: {_event(sending)}")

    def pass_time(self, seconds: float) -> None:
        """The virtual clock goes on."""
        self.now_us += round(seconds * S)
        self.log.time_out()

    def kill(self, worker: Worker) -> None:
        """SIGKILL: the group hears of it when the session times out, which may be at once."""
        self.watch.says(worker, "is killed")
        self.watch.killed(worker)
        worker.die()

    def miss(self) -> None:
        """The group finds out whose session has timed out."""
        for worker in [worker for worker in self.group.members if not worker.alive or worker.frozen]:
            self.watch.note(f"{worker.name} is missed")
            self.group.drop(worker)

    def leave(self, worker: Worker) -> None:
        """SIGTERM: it commits and leaves the group."""
        self.watch.says(worker, "leaves")
        worker.add_future(self._leave(worker))

    async def _leave(self, worker: Worker) -> None:
        await worker.leave_assignment(lambda _: None)
        worker.die()

    def freeze(self, worker: Worker) -> None:
        """SIGSTOP: it does nothing for a while; it may be missed meanwhile, and then does not know it."""
        self.watch.says(worker, "is frozen")
        worker.frozen = True

    def cut_off(self, worker: Worker) -> None:
        """The group does not hear of it any more, and it goes on as if nothing were."""
        self.watch.says(worker, "is cut off from the group")
        self.group.drop(worker)

    def wake(self, worker: Worker) -> None:
        """It goes on where it was frozen; who was missed joins again, unless it does not know of it yet."""
        self.watch.says(worker, "wakes up")
        self.watch.seen["wake"] += 1
        knows = not worker.frozen or self.chance.random() < 0.5
        worker.frozen = False
        if knows and not worker.member:
            self.group.join(worker)

    def compact(self) -> None:
        """The broker compacts the changelogs and the status."""
        self.watch.note("compacts")
        for target, partition in self.log.partitions.items():
            if target.topic.endswith("-changelog") or target.topic == status.TOPIC:
                partition.compact()

    def check(self) -> None:
        """Raises AssertionError if something has not held."""
        assert not self.watch.failures, "; ".join(self.watch.failures)


def _event(sending: Sending) -> str:
    if sending.fields:
        return f"{sending.fields['event_id']} {sending.fields['event_type']} {sending.fields['timestamp']}"
    if sending.erases:
        return f"erases {sending.erases}"
    return "a heartbeat" if sending.beat_us else f"broken, {sending.value!r:.40}"

"""The Faust app: agents that feed whole batches to tasks, a tick a second, commits, and a fast end on any fault."""

import asyncio
import os
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import faust
import structlog

from models.errors import KpiError
from models.stage import Stage
from streams.engine.assignor import TaskAssignor
from streams.engine.broadcast import Broadcast, BroadcastReader
from streams.engine.clock import SYSTEM
from streams.engine.commit_policy import CommitPolicy
from streams.engine.consumer import BatchTransport
from streams.engine.fetching import read_by_kernel
from streams.engine.health import Health
from streams.engine.observer import Observer
from streams.engine.scheduler import BatchScheduler
from streams.engine.task import Task
from streams.engine.tasks import Tasks
from streams.engine.transaction import TransactionalWriter
from streams.engine.watchdog import Progress

log = structlog.get_logger("engine")

EXIT_FAULT = 70
"""EX_SOFTWARE: the supervisor restarts from the last commit."""

TICK_S = 1.0
LOOK_S = 0.01
WATCH_S = 0.1
"""All positions and lags of two dozen tasks are more than a look a hundredth of a second is worth: 4 % of a worker."""
EAGER_S = 0.03
"""The last stage commits this long after input, so its results do not wait for a timer."""


@dataclass(frozen=True, slots=True)
class EngineSettings:
    """How the engine runs. `client`: keyword arguments of any aiokafka client.

    `ahead_s`: event time that an input of a task may be ahead of another one (more than idle_after and two ticks).
    `internal`: inputs that other stages of ours write; `contiguous`: external ones where no offset may be missing.
    `broadcasts`: read by every worker, to their end before a task opens. `chunk_bytes`: see BatchScheduler.
    `native`: what is fetched is read by the kernel. `outputs`: topics that stages write to, beside their changelogs.
    """

    app_id: str
    bootstrap: str
    client: Mapping[str, Any]
    credentials: Any = None
    instance_id: str | None = None
    commit_every_s: float = 0.2
    commit_every_records: int = 50_000
    stuck_after_s: float = 60.0
    ahead_s: float = 3600.0
    internal: frozenset[str] = frozenset()
    contiguous: frozenset[str] = frozenset()
    outputs: frozenset[str] = frozenset()
    broadcasts: tuple[Broadcast, ...] = ()
    native: bool = False
    chunk_bytes: Mapping[str, int] = field(default_factory=dict)


class EngineApp(faust.App):
    """One consumer group for all stages."""

    def __init__(self, settings: EngineSettings, stages: Sequence[Stage[Any, Any]], observer: Observer) -> None:
        self.engine = settings
        self.client = settings.client
        self.internal = settings.internal
        self.stages = tuple(stages)
        self.stage_named = {stage.name: stage for stage in stages}
        self.stage_of = {topic: stage for stage in stages for topic in stage.inputs}
        self.observer = observer
        self.broadcasts = BroadcastReader(settings.broadcasts, settings.client)
        self.health = Health()
        self._turn = asyncio.Lock()
        if settings.native:
            read_by_kernel()
        super().__init__(settings.app_id, **_faust_options(settings))
        for stage in stages:
            for topic in stage.inputs:
                self.agent(self.topic(topic, value_serializer="raw"), name=f"{stage.name}.{topic}")(self._feed)
        self.timer(TICK_S)(self._tick)
        self.task(self._commit)
        self.task(self._finish)

    def _new_transport(self) -> BatchTransport:
        return BatchTransport(self.conf.broker_consumer, self)

    def changelog_of(self, stage: Stage[Any, Any]) -> str:
        """The compacted topic of a stage's tables."""
        return f"{self.engine.app_id}-{stage.name}-changelog"

    def new_task(self, stage_name: str, partition: int) -> Task:
        """A task with its fenced producer, not opened yet."""
        stage, engine = self.stage_named[stage_name], self.engine
        every_s = EAGER_S if stage.eager else engine.commit_every_s
        return Task(
            stage,
            partition,
            policy=CommitPolicy(every_s, engine.commit_every_records, together=not stage.eager),
            writer=TransactionalWriter(
                f"{engine.app_id}-{stage_name}-{partition}",
                engine.app_id,
                engine.client,
                {self.changelog_of(stage), *engine.outputs},
                self.fail,
            ),
            changelog=self.changelog_of(stage),
            contiguous=engine.contiguous,
            ahead_us=round(engine.ahead_s * 1e6),
            clock=SYSTEM,
            observer=self.observer,
            turn=self._turn,
        )

    def fail(self, error: BaseException) -> None:
        """End the process now: state may be half-changed, and nothing of it may be committed."""
        ours = isinstance(error, KpiError)  # says all there is to say
        detail = str(error) if ours else repr(error)
        log.error("stopping, to be restarted from the last commit", error=detail, exc_info=None if ours else error)
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(EXIT_FAULT)

    async def _feed(self, stream: Any) -> None:  # noqa: ANN401  a Faust stream of Fetched
        """The agent of every input."""
        async for fetched in stream:
            if task := self.tables.of(fetched.tp):
                task.take(fetched)
                await self._advance(task)

    async def _advance(self, task: Task) -> None:
        while task.ready:
            if task.full:
                await self.tables.guarded(task.commit)
            await self._in_turn(task.advance)

    async def _tick(self) -> None:
        try:
            self.tables.tick()
        except BaseException as error:  # noqa: BLE001  as in _in_turn
            self.fail(error)

    async def _in_turn(self, step: Callable[[], None]) -> None:
        """One step a turn of the event loop.

        A transaction takes a dozen turns; with every task stepping in each of them, it ran into its time-out.
        """
        async with self._turn:
            try:
                step()
            except BaseException as error:  # noqa: BLE001  Faust would go on; a panic of the kernel is no Exception
                self.fail(error)
            await asyncio.sleep(0)

    async def _finish(self) -> None:
        """Go on with steps that had more to do than one step may, and with inputs that are held no more."""
        while not self.should_stop:
            await asyncio.sleep(LOOK_S)
            for task in list(self.tables.tasks.values()):
                if task.unfinished and not task.full:
                    await self._in_turn(task.tick)
                if task.ready:
                    await self._advance(task)

    async def _commit(self) -> None:
        now_s = watched_s = SYSTEM.monotonic_s()
        progress = Progress({}, now_s)
        while not self.should_stop:
            expected_s = now_s + LOOK_S
            await asyncio.sleep(LOOK_S)
            now_s = SYSTEM.monotonic_s()
            self.observer.stalled(now_s - expected_s)
            self.tables.commit_due(now_s)
            if now_s - watched_s >= WATCH_S:
                progress, watched_s = self._watch(progress, now_s), now_s

    def _watch(self, progress: Progress, now_s: float) -> Progress:
        """Health of this moment; a worker that stays stuck ends."""
        tables, health, limit_s = self.tables, self.health, self.engine.stuck_after_s
        health.joined = tables.generation is not None and all(t.generation is not None for t in tables.tasks.values())
        health.tasks = len(tables.tasks)
        health.heard_s, health.watched_s = tables.heard_s, now_s
        if not health.joined:  # nothing moves while state is restored
            return Progress({}, now_s)
        # A consumer that looks no more has no lag to tell: that is as bad as one that does not move.
        silent = bool(tables.tasks) and health.silent(now_s)
        progress = progress.seen(tables.positions(), resting=not silent and tables.lag() == 0, now_s=now_s)
        health.stuck = progress.stuck(limit_s / 2, now_s)
        if progress.stuck(limit_s, now_s):
            why = "the broker does not answer" if silent else "records are waiting"
            self.fail(KpiError(f"{why} and no position has moved for {limit_s:g} s"))
        return progress


def _faust_options(settings: EngineSettings) -> dict[str, Any]:
    """What Faust is told; the reasons are in docs/decisions."""
    return {
        "broker": ";".join(f"kafka://{server.strip()}" for server in settings.bootstrap.split(",")),
        "broker_credentials": settings.credentials,
        "consumer_group_instance_id": settings.instance_id,
        "store": "memory://",
        "table_standby_replicas": 0,  # TaskAssignor gives none
        "topic_disable_leader": True,
        "topic_allow_declare": False,  # `kpi topics create` does
        "stream_wait_empty": False,  # the tasks suspend and commit by themselves
        "stream_buffer_maxsize": 4,  # counts chunks
        "broker_max_poll_records": None,
        "consumer_max_fetch_size": 1024 * 1024,  # of a partition: more is out of the cache before it is unpacked
        "consumer_auto_offset_reset": "earliest",
        "broker_session_timeout": 6.0,  # a takeover fits in ten seconds
        "broker_heartbeat_interval": 1.0,
        "broker_rebalance_timeout": 30.0,
        "broker_max_poll_interval": 86_400.0,  # an idle worker would leave the group
        "broker_commit_livelock_soft_timeout": 1e9,  # offsets go with our transactions: Faust sees none, and says so
        "web_enabled": False,
        "worker_redirect_stdouts": False,
        "ConsumerScheduler": partial(BatchScheduler, settings.chunk_bytes),
        "TableManager": Tasks,
        "PartitionAssignor": TaskAssignor,
    }

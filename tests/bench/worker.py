"""One `kpi worker` process, and how far its group is."""

import re
import signal
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass

from bench.figures import Samples, samples
from bench.ground import Ground
from models import click, delta
from streams.tools.group_lag import GroupLag, open_group

_ADDRESS = re.compile(r"metrics=\S*?(http://[\d.:]+/metrics)")
_ASSIGNED = "assigned"
_STARTS_S = 60.0
_STOPS_S = 30.0


class WorkerEndedError(RuntimeError):
    """A worker ended that should run; its log says why."""


@dataclass(slots=True)
class Worker:
    """`began_s`: monotonic, when it was started."""

    name: str
    process: subprocess.Popen[bytes]
    ground: Ground
    began_s: float

    @property
    def pid(self) -> int:
        return self.process.pid

    def log(self) -> str:
        """What it has said."""
        return self.ground.log_file(self.name).read_text(encoding="utf-8")

    def check(self) -> None:
        """Raises WorkerEndedError if it does not run."""
        if self.process.poll() is not None:
            raise WorkerEndedError(f"{self.name} ended with {self.process.returncode}:\n{self.log()[-4000:]}")

    @property
    def assigned(self) -> bool:
        """Whether it has got tasks."""
        self.check()
        return _ASSIGNED in self.log()

    def page(self) -> Samples:
        """Its /metrics, once it answers."""
        deadline_s = time.monotonic() + _STARTS_S
        while True:
            self.check()
            try:
                if found := _ADDRESS.search(self.log()):
                    with urllib.request.urlopen(found[1], timeout=30) as answer:  # noqa: S310  its own address
                        return samples(answer.read().decode())
            except (urllib.error.URLError, TimeoutError):
                if time.monotonic() > deadline_s:
                    raise
            time.sleep(0.1)

    def stop(self) -> None:
        """SIGTERM, and wait until it has committed."""
        self.process.terminate()
        self.process.wait(_STOPS_S)

    def kill(self) -> None:
        """As a crash."""
        self.process.send_signal(signal.SIGKILL)
        self.process.wait()


@contextmanager
def worker(ground: Ground, app_id: str, name: str, **settings: str) -> Iterator[Worker]:
    """A worker of its own log; gone afterwards."""
    began_s = time.monotonic()
    with ground.running(name, "-m", "streams.cli", "worker", app_id=app_id, **settings) as process:
        yield Worker(name, process, ground, began_s)


@dataclass(frozen=True, slots=True)
class Progress:
    """Where the group of an application is."""

    group: GroupLag

    async def committed(self) -> int:
        """Clicks whose results are committed, over all partitions."""
        offsets = await self.group._committed()
        return sum(offsets.get(partition, 0) for partition in self.group.partitions[click.TOPIC])

    async def folded(self) -> bool:
        """Whether the deltas that are there are in the KPIs. The last offset is a marker, passed at the next tick."""
        ends = await self.group.consumer.end_offsets(self.group.partitions[delta.TOPIC])
        offsets = await self.group._committed()
        return all(offsets.get(partition, 0) >= end - 1 for partition, end in ends.items())

    async def sent(self) -> int:
        """Clicks in the topic."""
        return sum((await self.group.consumer.end_offsets(self.group.partitions[click.TOPIC])).values())


@asynccontextmanager
async def progress(ground: Ground, app_id: str) -> AsyncIterator[Progress]:
    """The view of a group, which need not exist yet."""
    async with open_group(ground.settings(app_id), [click.TOPIC, delta.TOPIC]) as group:
        yield Progress(group)

"""A whole shop for a test: its own broker with topics, workers as processes, and what they publish."""

import json
import os
import signal
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from streams.commands.topics import DEFAULT_PARTITIONS
from streams.tools.broker import EmbeddedKafka
from streams.tools.kafka_installation import Installation

ROOT = Path(__file__).parents[2]


@dataclass
class ShopFloor:
    """`kpi` in the environment of one broker; `folder` has the logs of its processes."""

    kafka: EmbeddedKafka
    folder: Path
    settings: Mapping[str, str] = field(default_factory=dict)
    workers: list[subprocess.Popen[bytes]] = field(default_factory=list)

    @property
    def environment(self) -> dict[str, str]:
        clean = {name: value for name, value in os.environ.items() if not name.startswith("KPI_")}
        file = self.folder / "settings.yaml"
        file.write_text("contiguous_topics: [clickstream, orders, social]\n")
        ours = {"KPI_BROKER": self.kafka.bootstrap, "KPI_METRICS_PORT": "0", "KPI_CONFIG": str(file)}
        return clean | ours | dict(self.settings)

    def kpi(self, *arguments: object, check: bool = True) -> subprocess.CompletedProcess[str]:
        """Run a command to its end."""
        command = [sys.executable, "-m", "streams.cli", *map(str, arguments)]
        done = subprocess.run(
            command, cwd=ROOT, env=self.environment, capture_output=True, text=True, check=False, timeout=300
        )
        assert not check or done.returncode == 0, done.stderr
        return done

    @contextmanager
    def started(self, *arguments: object) -> Iterator[subprocess.Popen[bytes]]:
        """Run a command in the background."""
        command = [sys.executable, "-m", "streams.cli", *map(str, arguments)]
        with subprocess.Popen(command, cwd=ROOT, env=self.environment, stdout=subprocess.DEVNULL) as process:
            try:
                yield process
            finally:
                process.kill()

    def start_worker(self) -> subprocess.Popen[bytes]:
        """A worker process; its log is worker-N.log."""
        with (self.folder / f"worker-{len(self.workers)}.log").open("wb") as log:
            command = [sys.executable, "-m", "streams.cli", "worker"]
            worker = subprocess.Popen(command, cwd=ROOT, env=self.environment, stdout=log, stderr=log)
        self.workers.append(worker)
        return worker

    def log_of(self, worker: subprocess.Popen[bytes]) -> str:
        return (self.folder / f"worker-{self.workers.index(worker)}.log").read_text()

    def address_of(self, worker: subprocess.Popen[bytes]) -> str:
        """host:port of a worker's metrics, once it has written it into its log."""
        for _ in within(30):
            for line in self.log_of(worker).splitlines():
                if "metrics=http://" in line:
                    return line.rpartition("http://")[2].removesuffix("/metrics")
            assert worker.poll() is None, self.log_of(worker)
        raise AssertionError(self.log_of(worker))

    def probe(self, worker: subprocess.Popen[bytes], path: str) -> tuple[int, str]:
        """Status and text of a page of a worker's metrics port; status 0: it listens no more, it is about to end."""
        try:
            with urllib.request.urlopen(f"http://{self.address_of(worker)}{path}", timeout=10) as answer:
                return answer.status, answer.read().decode()
        except urllib.error.HTTPError as error:
            with error:
                return error.code, error.read().decode()
        except OSError as error:
            return 0, str(error)

    def caught_up(self, seconds: float = 240) -> None:
        """Wait until everything sent is counted, closed and published."""
        done = self.kpi("status", "--json", "--wait", seconds, check=False)
        assert done.returncode == 0, done.stdout + done.stderr + "".join(map(self.log_of, self.workers))

    def ledger(self) -> dict[str, dict[str, int]]:
        found: dict[str, dict[str, int]] = json.loads(self.kpi("ledger", "--json").stdout)
        return found

    def values(self, *filters: str) -> list[dict[str, Any]]:
        """Last revisions, as `kpi values --json` prints them."""
        lines = self.kpi("values", "--json", *filters).stdout.splitlines()
        return [json.loads(line) for line in lines]


def within(seconds: float, every: float = 0.1) -> Iterator[None]:
    """Turns of a loop that waits for other processes, until the deadline."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        yield
        time.sleep(every)


@contextmanager
def shop_floor(
    installation: Installation, folder: Path, partitions: int = DEFAULT_PARTITIONS, **settings: str
) -> Iterator[ShopFloor]:
    """A broker of its own with the topics; every process is gone afterwards."""
    with EmbeddedKafka(installation, folder / "kafka") as kafka:
        floor = ShopFloor(kafka, folder, settings)
        floor.kpi("topics", "create", "--partitions", partitions)
        try:
            yield floor
        finally:
            for worker in floor.workers:
                if worker.poll() is None:
                    worker.send_signal(signal.SIGKILL)
                worker.wait()

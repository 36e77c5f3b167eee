"""Where a run takes place: one broker, one folder, and processes that end with it."""

import asyncio
import json
import os
import subprocess
import sys
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from aiokafka.admin import AIOKafkaAdminClient

from models.settings import Settings
from streams.tools.broker import EmbeddedKafka
from streams.tools.child import kill_child, start_child
from streams.topics import INPUTS

ROOT = Path(__file__).parents[2]
_TOPICS_GONE_S = 30.0


@dataclass(frozen=True, slots=True)
class Ground:
    """`folder` has the log of every process, and is where it runs: Faust leaves a folder of data there."""

    kafka: EmbeddedKafka
    folder: Path

    @property
    def broker_pid(self) -> int:
        """Of the Java process."""
        assert self.kafka.pid is not None
        return self.kafka.pid

    def settings(self, app_id: str) -> Settings:
        """As the processes of `app_id` have them."""
        return Settings(broker=self.kafka.bootstrap, app_id=app_id)

    def environment(self, app_id: str, **more: str) -> dict[str, str]:
        """Of a process: the settings of a shop in production, the shipped KPIs and rules, a free metrics port."""
        clean = {name: value for name, value in os.environ.items() if not name.startswith("KPI_")}
        ours = {"KPI_BROKER": self.kafka.bootstrap, "KPI_APP_ID": app_id, "KPI_METRICS_PORT": "0"}
        return clean | ours | {"PYTHONPATH": f"{ROOT}:{ROOT / 'tests'}"} | more

    def kpi(self, app_id: str, *arguments: str) -> str:
        """The standard output of a command of the product that has to succeed."""
        return self._finished(app_id, "streams.cli", *arguments)

    def figures(self, module: str, *arguments: object, app_id: str = "bench") -> dict[str, Any]:
        """Run a process of this folder to its end; its last line is JSON."""
        said = self._finished(app_id, f"bench.{module}", *arguments)
        found: dict[str, Any] = json.loads(said.splitlines()[-1])
        return found

    @contextmanager
    def running(
        self, name: str, *command: str, app_id: str = "bench", **more: str
    ) -> Iterator[subprocess.Popen[bytes]]:
        """A process of ours by its arguments to Python, killed afterwards; it says what it says in NAME.log."""
        arguments = [sys.executable, *command]
        environment = self.environment(app_id, **more)
        process = start_child(arguments, self.log_file(name), directory=self.folder, environment=environment)
        try:
            yield process
        finally:
            kill_child(process)

    def log_file(self, name: str) -> Path:
        """Of the process of that name."""
        return self.folder / f"{name}.log"

    def renew(self, app_id: str, keep: Collection[str] = INPUTS) -> None:
        """Topics for an application that starts anew; only those of `keep` stay as they are."""
        asyncio.run(self._drop_all_but(keep))
        self.kpi(app_id, "topics", "create")

    async def _drop_all_but(self, keep: Collection[str]) -> None:
        """Deltas and values name no application: the next one would count those of the last one."""
        admin = AIOKafkaAdminClient(bootstrap_servers=self.kafka.bootstrap)
        await admin.start()
        try:
            if names := await _others(admin, keep):
                await admin.delete_topics(names)
            async with asyncio.timeout(_TOPICS_GONE_S):
                while await _others(admin, keep):
                    await asyncio.sleep(0.1)
        finally:
            await admin.close()

    def _finished(self, app_id: str, module: str, *arguments: object) -> str:
        command = [sys.executable, "-m", module, *map(str, arguments)]
        done = subprocess.run(
            command, cwd=self.folder, env=self.environment(app_id), stdout=subprocess.PIPE, text=True, check=False
        )
        if done.returncode:
            raise RuntimeError(f"{module} {' '.join(command[3:])} ended with {done.returncode}: {done.stdout}")
        return done.stdout


async def _others(admin: AIOKafkaAdminClient, keep: Collection[str]) -> list[str]:
    return [name for name in await admin.list_topics() if name not in keep and not name.startswith("__")]

"""A real Alertmanager on this machine; Debian has it as prometheus-alertmanager."""

import asyncio
import json
import shutil
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import pytest

WAIT_S = 20

needs_alertmanager = pytest.mark.skipif(
    shutil.which("prometheus-alertmanager") is None or shutil.which("amtool") is None,
    reason="comes with Debian's prometheus-alertmanager, which CI installs",
)


def configuration(hook: str) -> str:
    """Groups by rule, waits for nobody, tells a webhook."""
    return json.dumps(  # which is YAML
        {
            "route": {"receiver": "hook", "group_by": ["alertname"], "group_wait": "1s", "group_interval": "1s"},
            "receivers": [{"name": "hook", "webhook_configs": [{"url": hook}]}],
        }
    )


@dataclass(slots=True)
class Process:
    """One that can be stopped and started again on its port."""

    folder: Path
    port: int
    hook: str
    _process: asyncio.subprocess.Process | None = field(default=None)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    async def start(self) -> None:
        """Returns when it is ready."""
        file = self.folder / "alertmanager.yml"
        file.write_text(configuration(self.hook), encoding="utf-8")
        with (self.folder / "alertmanager.log").open("a") as log:
            self._process = await asyncio.create_subprocess_exec(
                "prometheus-alertmanager",
                f"--config.file={file}",
                f"--storage.path={self.folder / 'state'}",
                f"--web.listen-address=127.0.0.1:{self.port}",
                "--cluster.listen-address=",
                stdout=log,
                stderr=log,
            )
        await self._until_ready()

    async def _until_ready(self) -> None:
        async with asyncio.timeout(WAIT_S), aiohttp.ClientSession() as session:
            while True:
                try:
                    async with session.get(f"{self.url}/-/ready") as answer:
                        if answer.status == 200:
                            return
                except aiohttp.ClientConnectionError:
                    await asyncio.sleep(0.05)

    async def kill(self) -> None:
        if self._process is not None and self._process.returncode is None:
            self._process.kill()
            await self._process.wait()

    async def wipe(self) -> None:
        """Killed, and all it knew is gone."""
        await self.kill()
        shutil.rmtree(self.folder / "state", ignore_errors=True)

    async def alerts(self) -> list[dict[str, Any]]:
        """Those that fire, silenced ones too."""
        async with aiohttp.ClientSession() as session, session.get(f"{self.url}/api/v2/alerts") as answer:
            found: list[dict[str, Any]] = await answer.json()
            return found

    async def until(self, wanted: Callable[[list[dict[str, Any]]], bool]) -> list[dict[str, Any]]:
        """The alerts once they are as wanted."""
        async with asyncio.timeout(WAIT_S):
            while not wanted(found := await self.alerts()):
                await asyncio.sleep(0.05)
            return found

    async def amtool(self, *arguments: str) -> str:
        """What it prints."""
        process = await asyncio.create_subprocess_exec(
            "amtool", f"--alertmanager.url={self.url}", *arguments, stdout=asyncio.subprocess.PIPE
        )
        printed, _ = await process.communicate()
        assert process.returncode == 0
        return printed.decode()


@asynccontextmanager
async def alertmanager(folder: Path, port: int, hook: str) -> AsyncIterator[Process]:
    process = Process(folder, port, hook)
    try:
        await process.start()
        yield process
    finally:
        await process.kill()

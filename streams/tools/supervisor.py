"""Keeps a process running: started again with back-off when it fails, ended in order with its supervisor."""

import asyncio
import subprocess
import time
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from models.errors import OutsideError
from streams.tools.child import start_child, stop_child

EXIT_OUTSIDE = 2
"""Of every command of `kpi` that was given something wrong: to start it again would not help."""

_STOP_TIMEOUT_S = 12.0  # a commit on its way takes at most a transaction timeout, 10 s
_LOOK_EVERY_S = 0.1
_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 0.5, 30.0
_STEADY_S = 30.0  # after so long a life a failure is a new one

Command = Sequence[str]


class ChildError(OutsideError):
    """A process that refused to start; its own words."""

    def __str__(self) -> str:
        return self.what


@dataclass(slots=True)
class Supervised:
    """A command of ours, its environment, and the file its log is appended to. `starts`: so far."""

    name: str
    command: Command
    environment: Mapping[str, str]
    log_file: Path
    starts: int = 0

    async def run(self) -> None:
        """Until it is cancelled, which ends the process with SIGTERM, or the process ends with 0.

        ChildError when the first start ends with 2: something given to us is wrong.
        """
        failures = 0
        while True:
            began_s = time.monotonic()
            code = await self.once()
            if code == 0:
                return
            if code == EXIT_OUTSIDE and self.starts == 1:
                raise ChildError(f"kpi {self.name}", last_line(self.log_file), f"see {self.log_file}")
            failures = 1 if time.monotonic() - began_s >= _STEADY_S else failures + 1
            await asyncio.sleep(pause_s(failures))

    async def once(self) -> int:
        """One life of the process; its exit code. Cancelled, it ends the process."""
        self.starts += 1
        process = start_child(self.command, self.log_file, environment=self.environment)
        try:
            return await _ended(process)
        finally:
            await asyncio.to_thread(stop_child, process, _STOP_TIMEOUT_S)


@asynccontextmanager
async def supervised(processes: Iterable[Supervised]) -> AsyncIterator[None]:
    """Run them during the body; a ChildError of one cancels the body and is raised in its place."""
    try:
        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(process.run()) for process in processes]
            yield
            for task in tasks:
                task.cancel()
    except BaseExceptionGroup as failed:
        raise failed.exceptions[0] from None


def pause_s(failures: int) -> float:
    """Before the next start, after so many failures in a row: 0.5 s, doubled up to 30 s."""
    return min(_LONGEST_PAUSE_S, _FIRST_PAUSE_S * 2.0 ** (failures - 1))


def last_line(log_file: Path) -> str:
    """Of what a command said, without its name in front."""
    lines = [line for line in log_file.read_text(encoding="utf-8", errors="replace").splitlines() if line.strip()]
    return lines[-1].strip().removeprefix("kpi: ") if lines else "it said nothing"


async def _ended(process: subprocess.Popen[bytes]) -> int:
    while (code := process.poll()) is None:  # noqa: ASYNC110  a process tells nobody
        await asyncio.sleep(_LOOK_EVERY_S)
    return code

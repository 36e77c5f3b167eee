"""The workers of a run and their supervisor: what ends is started again, as a deployment does it."""

import os
import random
import signal
import subprocess
import sys
import threading
import time
from collections import Counter, deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

from broker.shop_floor import ROOT, within
from chaos.blow import Blow
from streams.tools.child import kill_child, start_child

LOOK_S = 0.05
PAUSE_S = (0.3, 1.0)
"""Before a killed worker is back."""

LONGEST_PAUSE_S = 5.0
STEADY_S = 10.0


@dataclass
class Member:
    """A worker that is started again whenever it ends. `blows`: still to be made by itself, one a life."""

    name: str
    environment: Mapping[str, str]
    blows: deque[Blow]
    lives: int = 0
    failures: int = 0
    born_s: float = 0.0
    next_s: float = 0.0
    process: subprocess.Popen[bytes] | None = None

    @property
    def life(self) -> str:
        return f"{self.name}.{self.lives}"


@dataclass
class Crew:
    """Members by name. `exits`: how often a life ended with each code (-9: killed)."""

    folder: Path
    environment: Mapping[str, str]
    seed: int
    members: dict[str, Member] = field(default_factory=dict)
    exits: Counter[int] = field(default_factory=Counter)

    def __post_init__(self) -> None:
        self._lock = threading.RLock()
        self._end = threading.Event()
        self._random = random.Random(self.seed)
        self._thread = threading.Thread(target=self._tend, name="crew", daemon=True)
        self.done_file = self.folder / "blows.log"
        self.done_file.touch()
        settings = self.folder / "worker.yaml"  # the floor writes its own anew for every command
        settings.write_text("contiguous_topics: [clickstream, orders, social]\n")
        self.environment = dict(self.environment) | {"KPI_CONFIG": str(settings), "CHAOS_DONE": str(self.done_file)}
        self.environment |= {"PYTHONPATH": f"{ROOT}{os.pathsep}{ROOT / 'tests'}"}
        self._thread.start()

    def add(self, name: str, blows: Iterable[Blow] = (), *, static: bool = True, **settings: str) -> Member:
        """A worker; a static one is the same member of the group when it comes back."""
        own = {"KPI_INSTANCE_ID": name} if static else {}
        member = Member(name, {**self.environment, **own, **settings}, deque(blows))
        with self._lock:
            self.members[name] = member
        return member

    def signal(self, name: str, number: signal.Signals) -> bool:
        """Whether there was a process to send it to."""
        with self._lock:
            process = self.members[name].process
            if process is None or process.poll() is not None:
                return False
            process.send_signal(number)
            return True

    def joined(self, name: str) -> bool:
        """Whether a worker, in its present life, has been told its tasks."""
        with self._lock:
            member = self.members[name]
            return member.process is not None and "assigned" in self._log(member).read_text()

    def leave(self, name: str) -> None:
        """End one in order: it commits and ends with 0, unless it had not even begun to work."""
        with self._lock:
            began, member = self.joined(name), self.members.pop(name)
        if member.process is None:
            return
        member.process.terminate()
        code = member.process.wait(30)
        kill_child(member.process)
        self.exits[code] += 1
        assert code == 0 or (code == -signal.SIGTERM and not began), f"{name} ended with {code}\n{self.logs()}"

    def done(self) -> list[str]:
        """Blows that members have made, in their order: `life blow task`."""
        return self.done_file.read_text(encoding="utf-8").splitlines()

    def finish_blows(self, seconds: float) -> None:
        """Wait until every ordered blow was made."""
        for _ in within(seconds):
            if not any(member.blows for member in self.members.values()):
                return
        raise AssertionError(f"not made: {[str(b) for m in self.members.values() for b in m.blows]}\n{self.logs()}")

    def logs(self, characters: int = 3_000) -> str:
        """The end of the logs of the present lives."""
        files = [self._log(member) for member in self.members.values()]
        texts = {file.name: file.read_text(errors="replace") for file in files if file.exists()}
        return "\n".join(f"--- {name}\n{text[-characters:]}" for name, text in texts.items())

    def count(self, words: str) -> int:
        """How often the workers have said something."""
        return sum(file.read_text(errors="replace").count(words) for file in self.folder.glob("worker-*.log"))

    def close(self) -> None:
        """End all by force."""
        self._end.set()
        self._thread.join()
        for member in self.members.values():
            if member.process is not None:
                kill_child(member.process)

    def _log(self, member: Member) -> Path:
        return self.folder / f"worker-{member.life}.log"

    def _tend(self) -> None:
        while not self._end.wait(LOOK_S):
            with self._lock:
                for member in self.members.values():
                    self._look(member, time.monotonic())

    def _look(self, member: Member, now_s: float) -> None:
        if member.process is not None and member.process.poll() is not None:
            self._bury(member, member.process, now_s)
        if member.process is None and now_s >= member.next_s:
            self._start(member, now_s)

    def _bury(self, member: Member, process: subprocess.Popen[bytes], now_s: float) -> None:
        kill_child(process)
        self.exits[process.returncode] += 1
        if member.blows and any(line.startswith(f"{member.life} ") for line in self.done()):
            member.blows.popleft()
        killed = process.returncode == -signal.SIGKILL
        member.failures = 0 if killed or now_s - member.born_s >= STEADY_S else member.failures + 1
        pause_s = self._random.uniform(*PAUSE_S) * 2.0**member.failures
        member.next_s, member.process = now_s + min(pause_s, LONGEST_PAUSE_S), None

    def _start(self, member: Member, now_s: float) -> None:
        member.lives, member.born_s = member.lives + 1, now_s
        blow = {"CHAOS_BLOW": str(member.blows[0])} if member.blows else {}
        environment = {**member.environment, **blow, "CHAOS_LIFE": member.life}
        command = [sys.executable, "-m", "chaos.worker"]
        member.process = start_child(command, self._log(member), directory=ROOT, environment=environment)

"""What the figures were measured on, and what a process has used, from /proc; Linux only."""

import os
import platform
import re
from dataclasses import dataclass
from pathlib import Path

from streams.native import INSTALLED

_TICKS_S = os.sysconf("SC_CLK_TCK")
_UTIME, _STIME = 11, 12  # fields of /proc/PID/stat after the program's name
_WAITED_NS = 1  # field of schedstat


def machine() -> dict[str, object]:
    """CPU, cores, memory and Python, and which code does the clicks."""
    lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    model = next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "unknown")
    memory_bytes = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    return {
        "cpu_model": model,
        "cores": os.cpu_count(),
        "memory_gib": round(memory_bytes / 2**30, 1),
        "python": platform.python_version(),
        "kernel": platform.release(),
        "clicks_by": "rust" if INSTALLED else "python",
    }


def cpu_s(pid: int) -> float:
    """CPU seconds of all threads of a running process, user and system."""
    return cpu_s_of(Path(f"/proc/{pid}/stat").read_text(encoding="utf-8"))


def cpu_s_of(stat: str) -> float:
    """From the text of /proc/PID/stat; the program's name may hold anything but ends at the last bracket."""
    fields = stat.rpartition(")")[2].split()
    return (int(fields[_UTIME]) + int(fields[_STIME])) / _TICKS_S


def memory_mib(pid: int) -> tuple[float, float]:
    """Resident memory of a running process: now and at its peak."""
    return memory_mib_of(Path(f"/proc/{pid}/status").read_text(encoding="utf-8"))


def memory_mib_of(status: str) -> tuple[float, float]:
    """From the text of /proc/PID/status."""
    kib = dict(re.findall(r"^(Vm\w+):\s+(\d+) kB$", status, re.MULTILINE))
    return round(int(kib["VmRSS"]) / 1024, 1), round(int(kib["VmHWM"]) / 1024, 1)


def waited_s(pid: int) -> float:
    """Seconds in which the threads of a process could have run and had no CPU; 0 where the kernel does not tell."""
    files = Path(f"/proc/{pid}/task").glob("*/schedstat")
    return sum(int(file.read_text(encoding="utf-8").split()[_WAITED_NS]) for file in files) / 1e9


@dataclass(frozen=True, slots=True)
class Usage:
    """CPU seconds of some processes up to a moment (monotonic), and the seconds they waited for a CPU."""

    at_s: float
    cpu_s: dict[str, float]
    waited_s: dict[str, float]

    @classmethod
    def of(cls, at_s: float, **pids: int) -> "Usage":
        """Of processes by name."""
        return cls(
            at_s,
            {name: cpu_s(pid) for name, pid in pids.items()},
            {name: waited_s(pid) for name, pid in pids.items()},
        )

    def cores_since(self, before: "Usage") -> dict[str, float]:
        """Cores each has used on average since."""
        return self._since(self.cpu_s, before.cpu_s, self.at_s - before.at_s)

    def cores_missed_since(self, before: "Usage") -> dict[str, float]:
        """Cores each would have used more on average, had there been a free one: a share of it is a loaded machine."""
        return self._since(self.waited_s, before.waited_s, self.at_s - before.at_s)

    @staticmethod
    def _since(now: dict[str, float], before: dict[str, float], took_s: float) -> dict[str, float]:
        return {name: round((used - before[name]) / took_s, 3) for name, used in now.items()}

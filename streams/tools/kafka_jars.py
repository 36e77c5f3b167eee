"""The jars of Apache Kafka: fetched once by Maven, kept in a cache folder, shared by every start."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path

from models.errors import BrokerError

KAFKA_VERSION = "4.3.1"  # as in deploy/kafka/pom.xml and docker-compose.yml; tests/contract holds them together
_MAVEN_TIMEOUT_S = 600.0  # 54 MB; takes 4 to 30 s on a good line
_LONGEST_QUOTE = 300  # characters of Maven's error that are shown

_OTHER_BROKER = "or point KPI_BROKER at a running Kafka"


def cache_folder(environment: Mapping[str, str]) -> Path:
    """Where the jars of this version are kept: below XDG_CACHE_HOME, else ~/.cache."""
    root = environment.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(root, "kpi", f"kafka-{KAFKA_VERSION}")


def pom_file() -> Path:
    """The packaged pom.xml, or the one of the repository when run from it."""
    repository = Path(__file__).parents[2] / "deploy" / "kafka" / "pom.xml"
    return repository if repository.exists() else Path(str(files("streams"))) / "deploy" / "kafka" / "pom.xml"


def fetch_jars(pom: Path, cache: Path, environment: Mapping[str, str]) -> Path:
    """Return `cache`, filled by Maven when it is not there yet; safe when several start at once.

    `environment` is Maven's; its PATH is searched. Raises BrokerError without Maven or when it fails.
    """
    if cache.is_dir():
        return cache
    maven = shutil.which("mvn", path=environment.get("PATH", os.defpath))
    if maven is None:
        raise BrokerError(
            "embedded Kafka",
            "no Maven (mvn) on PATH to fetch it",
            f"install it (Debian: apt-get install maven), {_OTHER_BROKER}",
        )
    cache.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=cache.parent, prefix=".fetching-") as fetching:
        jars = Path(fetching, "jars")
        _copy_dependencies(maven, pom, jars, environment)
        try:
            jars.rename(cache)
        except OSError:  # another start was faster: its folder is as whole as ours
            if not cache.is_dir():
                raise
    return cache


def _copy_dependencies(maven: str, pom: Path, jars: Path, environment: Mapping[str, str]) -> None:
    goal = ["dependency:copy-dependencies", f"-DoutputDirectory={jars}"]
    try:
        answer = subprocess.run(
            [maven, "--quiet", "--batch-mode", "--file", pom, *goal],
            env=environment,
            capture_output=True,
            text=True,
            check=False,
            timeout=_MAVEN_TIMEOUT_S,
        )
    except subprocess.TimeoutExpired as error:
        raise _failure(maven, f"no end after {_MAVEN_TIMEOUT_S:.0f} s") from error
    if answer.returncode != 0:
        raise _failure(maven, _first_error(answer.stdout + answer.stderr))
    if not any(jars.glob("*.jar")):
        raise _failure(maven, "it copied no jar")


def _first_error(output: str) -> str:
    """The line that tells the cause; Maven's later ones only point at its web site."""
    lines = [line.strip() for line in output.splitlines() if line.strip()]
    errors = [line.partition("]")[2].strip() for line in lines if line.startswith("[ERROR]")]
    return next(iter(errors), lines[-1] if lines else "no output")[:_LONGEST_QUOTE]


def _failure(maven: str, cause: str) -> BrokerError:
    return BrokerError(
        "embedded Kafka",
        f"Maven ({maven}) could not fetch the jars: {cause}",
        f"check the network and Maven's settings.xml, {_OTHER_BROKER}",
    )

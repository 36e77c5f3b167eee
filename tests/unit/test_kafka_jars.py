"""Fetching Kafka's jars. Maven is a shell script here; tests/broker runs the real one."""

import threading
from pathlib import Path

import pytest

from models.errors import BrokerError
from streams.tools.kafka_jars import KAFKA_VERSION, cache_folder, fetch_jars, pom_file

COPIES = """
for argument; do case "$argument" in -DoutputDirectory=*) out="${argument#*=}";; esac; done
mkdir -p "$out"; echo "$$" >> "$COUNT"; echo jar > "$out/kafka.jar"
"""
FAILS = """
echo "[ERROR] Failed to execute goal: Could not transfer artifact kafka_2.13: Connection refused"
echo "[ERROR] To see the full stack trace of the errors, re-run Maven with the -e switch."
exit 1
"""


def maven(folder: Path, script: str) -> dict[str, str]:
    """An environment whose `mvn` is `script`."""
    folder.mkdir()
    program = folder / "mvn"
    program.write_text(f"#!/bin/sh\n{script}", encoding="utf-8")
    program.chmod(0o755)
    return {"PATH": f"{folder}:/usr/bin:/bin", "COUNT": str(folder / "count")}


def test_the_jars_are_fetched_once(tmp_path: Path) -> None:
    environment = maven(tmp_path / "bin", COPIES)
    cache = tmp_path / "cache" / "kafka"
    for _ in range(2):
        assert fetch_jars(pom_file(), cache, environment) == cache
    assert [file.name for file in cache.iterdir()] == ["kafka.jar"]
    assert len((tmp_path / "bin" / "count").read_text(encoding="utf-8").splitlines()) == 1


def test_several_first_starts_leave_one_whole_folder(tmp_path: Path) -> None:
    environment = maven(tmp_path / "bin", COPIES)
    cache = tmp_path / "cache" / "kafka"
    starts = [threading.Thread(target=fetch_jars, args=(pom_file(), cache, environment)) for _ in range(4)]
    for start in starts:
        start.start()
    for start in starts:
        start.join()
    assert [path.relative_to(tmp_path / "cache") for path in (tmp_path / "cache").rglob("*.jar")] == [
        Path("kafka", "kafka.jar")
    ]


def test_without_maven_the_error_says_what_to_install(tmp_path: Path) -> None:
    with pytest.raises(BrokerError, match=r"no Maven.*apt-get install maven.*KPI_BROKER"):
        fetch_jars(pom_file(), tmp_path / "kafka", {"PATH": str(tmp_path)})


def test_the_error_quotes_mavens_cause_and_leaves_no_folder(tmp_path: Path) -> None:
    environment = maven(tmp_path / "bin", FAILS)
    with pytest.raises(BrokerError, match=r"could not fetch the jars: Failed to execute goal.*refused;"):
        fetch_jars(pom_file(), tmp_path / "cache" / "kafka", environment)
    assert list((tmp_path / "cache").iterdir()) == []


def test_a_maven_that_copies_nothing_is_no_success(tmp_path: Path) -> None:
    environment = maven(tmp_path / "bin", "exit 0")
    with pytest.raises(BrokerError, match="it copied no jar"):
        fetch_jars(pom_file(), tmp_path / "cache" / "kafka", environment)


def test_the_cache_is_named_after_the_version(tmp_path: Path) -> None:
    assert cache_folder({"XDG_CACHE_HOME": str(tmp_path)}) == tmp_path / "kpi" / f"kafka-{KAFKA_VERSION}"
    assert cache_folder({}).relative_to(Path.home()) == Path(".cache", "kpi", f"kafka-{KAFKA_VERSION}")

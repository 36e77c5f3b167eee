"""What it takes to run Apache Kafka on this machine: a Java and the jars."""

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from streams.tools.java import bundled_java, find_java
from streams.tools.kafka_jars import cache_folder, fetch_jars, pom_file

_HEAP = ("-Xms64m", "-Xmx512m", "-XX:+UseSerialGC")
_DATED_LOG = tuple(
    f"-Dorg.slf4j.simpleLogger.{name}" for name in ("showDateTime=true", "dateTimeFormat=yyyy-MM-dd'T'HH:mm:ss.SSS")
)


@dataclass(frozen=True, slots=True)
class Installation:
    """What it takes to run Kafka: an executable `java` and the folder of the jars."""

    java: Path
    jars: Path

    @classmethod
    def find(cls, environment: Mapping[str, str]) -> Self:
        """Find Java and the jars, fetching these the first time (about 10 s); raises BrokerError."""
        java = find_java(environment.get("JAVA_HOME"), environment.get("PATH", os.defpath), bundled_java())
        mavens = dict(environment)
        if java.executable == bundled_java():  # Maven is a Java program too
            mavens["JAVA_HOME"] = str(java.executable.parents[1])
        return cls(java.executable, fetch_jars(pom_file(), cache_folder(environment), mavens))

    def command(self, main_class: str, *arguments: str) -> list[str]:
        """The command line of one of Kafka's programs."""
        return [str(self.java), *_HEAP, *_DATED_LOG, "-cp", f"{self.jars}/*", main_class, *arguments]

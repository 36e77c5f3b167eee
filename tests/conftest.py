"""A real Apache Kafka for the tests that carry the marker `broker`."""

import os
import signal
from collections.abc import Iterator
from typing import Any

import hypothesis
import pytest
from xdist.scheduler import LoadFileScheduling

from streams.tools.broker import EmbeddedKafka
from streams.tools.kafka_installation import Installation
from streams.tools.kafka_jars import cache_folder
from wheels import alone

BROWSER = "tests/browser/"


class Together(LoadFileScheduling):  # type: ignore[misc]
    """Side by side, the tests of a file stay together, as topics have fixed names; those of the page share one shop.

    Not by `xdist_group`: pytest 9.2 keeps ids of tests where pytest-xdist 3.8 does not look, and groups were ignored.
    """

    def _split_scope(self, nodeid: str) -> str:
        file: str = super()._split_scope(nodeid)
        return BROWSER if file.startswith(BROWSER) else file


def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Together | None:
    """Of `--dist loadfile`."""
    return Together(config, log) if config.getvalue("dist") == "loadfile" else None


@pytest.fixture(scope="session")
def installation() -> Installation:
    """The jars are fetched once, by whichever process of the tests is first."""
    jars = cache_folder(os.environ)
    with alone(jars.with_name(f"{jars.name}.lock")):
        return Installation.find(os.environ)


@pytest.fixture(scope="session")
def broker(installation: Installation, tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedKafka]:
    """One broker for the session, of which there are as many as processes that test side by side.

    `.bootstrap`, `.stop()`, `.start()` (same port, same data), `.kill()`.
    """
    with EmbeddedKafka(installation, tmp_path_factory.mktemp("kafka")) as kafka:
        yield kafka


def pytest_configure(config: pytest.Config) -> None:
    """What programs that tests start inherit."""
    # Half of the CPU of a Kafka that lives for seconds goes into compiling what runs once, to the last level
    os.environ.setdefault("JDK_JAVA_OPTIONS", "-XX:TieredStopAtLevel=1")
    hypothesis.settings.register_profile("house", deadline=None)  # how fast it is, `make bench` says
    hypothesis.settings.load_profile("house")
    # A shell that starts the tests in the background has them ignore SIGINT, and so would the programs they start
    signal.signal(signal.SIGINT, signal.default_int_handler)

"""A real Apache Kafka for every test of this folder; all of them carry the marker `broker`."""

import os
from collections.abc import Iterator
from pathlib import Path

import pytest

from streams.tools.broker import EmbeddedKafka
from streams.tools.kafka_installation import Installation

HERE = Path(__file__).parent


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if HERE in item.path.parents:
            item.add_marker(pytest.mark.broker)


@pytest.fixture(scope="session")
def installation() -> Installation:
    return Installation.find(os.environ)


@pytest.fixture(scope="session")
def broker(installation: Installation, tmp_path_factory: pytest.TempPathFactory) -> Iterator[EmbeddedKafka]:
    """One broker for the session: `.bootstrap`, `.stop()`, `.start()` (same port, same data), `.kill()`."""
    with EmbeddedKafka(installation, tmp_path_factory.mktemp("kafka")) as kafka:
        yield kafka

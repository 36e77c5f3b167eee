"""The embedded Kafka itself: it answers, keeps its data, and leaves nothing behind."""

import os
import signal
import socket
import subprocess
import sys
import time
from contextlib import closing
from pathlib import Path

import pytest
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.admin import AIOKafkaAdminClient, NewTopic

from models.errors import BrokerError
from streams.tools.broker import EmbeddedKafka
from streams.tools.kafka_installation import Installation

PARENT = """
import os, sys
from pathlib import Path
from streams.tools.broker import EmbeddedKafka
from streams.tools.kafka_installation import Installation
kafka = EmbeddedKafka(Installation.find(os.environ), Path(sys.argv[1]))
kafka.start()
print(kafka.pid, flush=True)
sys.stdin.read()
"""
FOREGROUND = """
import os, sys
from pathlib import Path
from streams.tools.broker import run_broker
run_broker(0, Path(sys.argv[1]), os.environ)
"""


def spawn(program: str, directory: Path) -> subprocess.Popen[str]:
    command = [sys.executable, "-c", program, str(directory)]
    return subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)


def first_line(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def runs(pid: int) -> bool:
    """Whether there is such a process that is not a zombie nobody has waited for yet."""
    state = subprocess.run(["ps", "-o", "stat=", "-p", str(pid)], capture_output=True, text=True, check=False)
    return state.stdout.strip() not in {"", "Z", "Zs", "Zl"}


def ends_within(pid: int, timeout_s: float) -> bool:
    deadline = time.monotonic() + timeout_s
    while runs(pid) and time.monotonic() < deadline:
        time.sleep(0.05)
    return not runs(pid)


async def create_topic(bootstrap: str, topic: str) -> None:
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap)
    await admin.start()
    try:
        await admin.create_topics([NewTopic(topic, num_partitions=1, replication_factor=1)])
    finally:
        await admin.close()


async def send(bootstrap: str, topic: str, value: bytes) -> None:
    async with AIOKafkaProducer(bootstrap_servers=bootstrap) as producer:
        await producer.send_and_wait(topic, value)


async def receive(bootstrap: str, topic: str, count: int) -> list[bytes]:
    async with AIOKafkaConsumer(topic, bootstrap_servers=bootstrap, auto_offset_reset="earliest") as consumer:
        return [(await consumer.getone()).value for _ in range(count)]


@pytest.mark.asyncio
async def test_a_record_comes_back(broker: EmbeddedKafka) -> None:
    await create_topic(broker.bootstrap, "round-trip")
    await send(broker.bootstrap, "round-trip", b"one")
    assert await receive(broker.bootstrap, "round-trip", 1) == [b"one"]


@pytest.mark.asyncio
async def test_data_and_port_survive_stop_and_kill(installation: Installation, tmp_path: Path) -> None:
    async with EmbeddedKafka(installation, tmp_path) as kafka:
        bootstrap = kafka.bootstrap
        await create_topic(bootstrap, "kept")
        await send(bootstrap, "kept", b"before the stop")
        kafka.stop()
        async with kafka:
            assert kafka.bootstrap == bootstrap
            await send(bootstrap, "kept", b"before the kill")
            kafka.kill()
        async with kafka:
            assert await receive(bootstrap, "kept", 2) == [b"before the stop", b"before the kill"]


def test_it_dies_with_its_parent(tmp_path: Path) -> None:
    with spawn(PARENT, tmp_path) as parent:
        java = int(first_line(parent))
        assert runs(java)
        parent.send_signal(signal.SIGKILL)
    assert ends_within(java, timeout_s=5)


@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGTERM])
def test_in_the_foreground_it_says_where_and_ends_by_a_signal(end: signal.Signals, tmp_path: Path) -> None:
    with spawn(FOREGROUND, tmp_path) as foreground:
        line = first_line(foreground)
        foreground.send_signal(end)
        assert foreground.wait(timeout=10) == 0
    assert line.startswith("Kafka 4.3.1 on 127.0.0.1:")
    assert line.endswith(f", data in {tmp_path}; Ctrl-C stops it")


def test_a_port_in_use_is_said_before_anything_starts(installation: Installation, tmp_path: Path) -> None:
    with closing(socket.create_server(("127.0.0.1", 0))) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(BrokerError) as error:
            EmbeddedKafka(installation, tmp_path, port).start()
    assert str(error.value) == (
        f"127.0.0.1:{port}: cannot listen for Kafka (Address already in use); "
        "stop what runs there, choose another --port, or, if it is a Kafka, point KPI_BROKER at it"
    )


def test_a_kafka_that_dies_at_its_start_is_quoted(installation: Installation, tmp_path: Path) -> None:
    with EmbeddedKafka(installation, tmp_path) as kafka:
        second = EmbeddedKafka(installation, tmp_path)
        with pytest.raises(BrokerError, match="another Kafka runs on this folder"):
            second.start()
        assert second.pid is None
        kafka.stop()
        kafka.overrides = {"log.dirs": str(tmp_path / "never formatted")}
        with pytest.raises(BrokerError, match=r"died at its start: .*meta\.properties"):
            kafka.start()


def test_ending_by_itself_is_an_error(installation: Installation, tmp_path: Path) -> None:
    with EmbeddedKafka(installation, tmp_path) as kafka:
        assert kafka.pid is not None
        os.kill(kafka.pid, signal.SIGKILL)
        with pytest.raises(BrokerError, match="ended with code -9"):
            kafka.wait()

"""An Apache Kafka of our own, as a child process: for `kpi broker`, the demo and the tests."""

import asyncio
import base64
import fcntl
import signal
import socket
import subprocess
import time
import uuid
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import IO, Self

import typer
from aiokafka.admin import AIOKafkaAdminClient
from aiokafka.errors import KafkaError

from models.errors import BrokerError
from streams.tools.child import kill_child, start_child, stop_child
from streams.tools.kafka_installation import Installation
from streams.tools.kafka_jars import KAFKA_VERSION
from streams.tools.kafka_properties import server_properties

_START_TIMEOUT_S = 60.0  # ready after 3 to 5 s, 7 s after a SIGKILL; the rest is for a loaded machine
_STOP_TIMEOUT_S = 15.0


@dataclass(slots=True)
class EmbeddedKafka:
    """One Kafka node; its data, settings and log live in `directory` and survive a restart, as does its port.

    Blocking; in a coroutine use `async with`. Dies with this process. Port 0 takes a free one at the first
    start. `overrides` are entries of server.properties.
    """

    installation: Installation
    directory: Path
    port: int = 0
    overrides: Mapping[str, str] = field(default_factory=dict)
    _controller_port: int = 0
    _process: subprocess.Popen[bytes] | None = None
    _lock: IO[bytes] | None = None

    @property
    def bootstrap(self) -> str:
        """host:port for clients; known after the first start."""
        return f"127.0.0.1:{self.port}"

    @property
    def pid(self) -> int | None:
        """Of the running Java process."""
        return self._process.pid if self._process else None

    @property
    def log_file(self) -> Path:
        """What Kafka says, over all starts."""
        return self.directory / "kafka.log"

    def start(self) -> None:
        """Start and return once Kafka answers as this cluster; after an error (BrokerError) none is running."""
        assert self._process is None, "already started"
        self.directory = self.directory.absolute()
        self.directory.mkdir(parents=True, exist_ok=True)
        self._lock = _lock(self.directory)
        try:
            self._start()
        except BaseException:  # Ctrl-C too: a start leaves a Kafka that works, or none
            self.kill()
            raise

    def _start(self) -> None:
        self.port = _claim(self.port)
        self._controller_port = self._controller_port or _free_port()
        properties = self.directory / "server.properties"
        text = server_properties(self.directory / "data", self.port, self._controller_port, self.overrides)
        properties.write_text(text, encoding="utf-8")
        cluster = self._format(properties)
        said = self.log_file.stat().st_size if self.log_file.exists() else 0
        self._process = self._spawn(properties)
        self._wait_until_ready(cluster, said)

    def stop(self) -> None:
        """End it in order (about 1 s), by force after 15 s; nothing happens when it does not run."""
        if self._process is not None:
            stop_child(self._process, _STOP_TIMEOUT_S)
        self.kill()

    def kill(self) -> None:
        """SIGKILL, as a crash of the machine would end it; nothing happens when it does not run."""
        if self._process is not None:
            kill_child(self._process)
        if self._lock is not None:
            self._lock.close()
        self._process = self._lock = None

    def wait(self) -> None:
        """Block while it runs; raises BrokerError when it ends without `stop`."""
        assert self._process is not None, "not started"
        code = self._process.wait()
        raise self._fault(f"ended with code {code}: {_last_words(self.log_file, 0)}")

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    async def __aenter__(self) -> Self:
        await asyncio.to_thread(self.start)
        return self

    async def __aexit__(self, *_: object) -> None:
        await asyncio.to_thread(self.stop)

    def _format(self, properties: Path) -> str:
        """Give the data folder a cluster id, once; the id."""
        known = self.directory / "cluster-id"
        if not known.exists():
            cluster = base64.urlsafe_b64encode(uuid.uuid4().bytes).decode().rstrip("=")
            tool = ["format", f"--cluster-id={cluster}", "--config", str(properties)]  # an id may begin with -
            command = self.installation.command("kafka.tools.StorageTool", *tool)
            answer = subprocess.run(command, capture_output=True, text=True, check=False)
            if answer.returncode != 0:
                raise self._fault(f"cannot format {self.directory}: {answer.stderr.strip()[-300:]}")
            known.write_text(cluster, encoding="ascii")
        return known.read_text(encoding="ascii")

    def _spawn(self, properties: Path) -> subprocess.Popen[bytes]:
        java = self.installation.command("kafka.Kafka", str(properties))
        return start_child(java, self.log_file, directory=self.directory)

    def _wait_until_ready(self, cluster: str, said: int) -> None:
        deadline = time.monotonic() + _START_TIMEOUT_S
        while not (_listens(self.port) and asyncio.run(_cluster_id(self.bootstrap)) == cluster):
            assert self._process is not None
            if self._process.poll() is not None:
                raise self._fault(f"died at its start: {_last_words(self.log_file, said)}")
            if time.monotonic() > deadline:
                raise self._fault(f"no answer after {_START_TIMEOUT_S:.0f} s: {_last_words(self.log_file, said)}")
            time.sleep(0.1)

    def _fault(self, what: str) -> BrokerError:
        remedy = f"see {self.log_file}, or point KPI_BROKER at a running Kafka"
        return BrokerError(f"embedded Kafka on {self.bootstrap}", what, remedy)


def run_broker(port: int, directory: Path | None, environment: Mapping[str, str]) -> None:
    """`kpi broker`: run in the foreground until SIGINT or SIGTERM; `directory` absent: .kpi/kafka.

    Raises BrokerError when Kafka cannot be found, does not start, or ends by itself.
    """
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with suppress(KeyboardInterrupt):
        installation = Installation.find(environment)
        with EmbeddedKafka(installation, directory or Path(".kpi", "kafka"), port) as kafka:
            place = f"{kafka.bootstrap}, data in {kafka.directory}"
            typer.echo(f"Kafka {KAFKA_VERSION} on {place}; Ctrl-C stops it")
            kafka.wait()


def _lock(directory: Path) -> IO[bytes]:
    """Keep others out of `directory` until the file is closed: a second Kafka ruins the first one's metadata."""
    lock = (directory / "lock").open("wb")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        lock.close()
        raise BrokerError(
            str(directory), "another Kafka runs on this folder", "stop it, or choose another --dir"
        ) from error
    return lock


def _claim(port: int) -> int:
    """`port` if nothing listens on it, a free one for 0; raises BrokerError."""
    if port == 0:
        return _free_port()
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # connections of the last run may linger
        try:
            probe.bind(("127.0.0.1", port))
        except OSError as error:
            raise BrokerError(
                f"127.0.0.1:{port}",
                f"cannot listen for Kafka ({error.strerror})",
                "stop what runs there, choose another --port, or, if it is a Kafka, point KPI_BROKER at it",
            ) from error
    return port


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1.0)
        return probe.connect_ex(("127.0.0.1", port)) == 0


async def _cluster_id(bootstrap: str) -> str | None:
    """The id the broker answers with once it knows itself as a broker; None before."""
    admin = AIOKafkaAdminClient(bootstrap_servers=bootstrap, request_timeout_ms=5_000)
    try:
        await admin.start()
        answer = await admin.describe_cluster()
    except (KafkaError, OSError):
        return None
    finally:
        await admin.close()
    return str(answer["cluster_id"]) if answer["brokers"] else None


def _last_words(log_file: Path, said: int) -> str:
    """The first error after `said` bytes of the log, as later ones follow from it; else the last line."""
    lines = [line for line in log_file.read_bytes()[said:].decode(errors="replace").splitlines() if line.strip()]
    for line, following in pairwise([*lines, ""]):
        if " ERROR " in line:
            return (following if "Exception: " in following else line).strip()[:300]
    return lines[-1].strip()[:300] if lines else "it said nothing"

"""`kpi demo`: the whole product on this machine, with a Kafka of its own and a folder that is gone afterwards."""

import asyncio
import shutil
import signal
import socket
import sys
import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from msgspec.structs import replace

from models.errors import SettingsError
from models.settings import Settings
from streams.tools.broker import EmbeddedKafka
from streams.tools.demo_course import Course
from streams.tools.demo_schedule import SHORTEST_S
from streams.tools.demo_summary import Summary
from streams.tools.kafka_installation import Installation
from streams.tools.kafka_jars import KAFKA_VERSION
from streams.tools.terminal import note

EXIT_MISSING = 1
EXIT_INTERRUPTED = 130
"""Before there was anything to sum up; a shop that is closed by Ctrl-C ends with 0."""


@dataclass(slots=True)
class Folder:
    """Of logs and data; `kept`: somebody will want to read them."""

    path: Path
    kept: bool = False


def run_demo(settings: Settings, duration_s: float | None, environment: Mapping[str, str]) -> int:
    """Run for `duration_s` (None: until Ctrl-C or SIGTERM) and print the summary to stdout; the exit code.

    1: no alert fired and resolved, or the ledger does not add up. OutsideError when it cannot run at all.
    """
    began_s = time.monotonic()
    if duration_s is not None and not duration_s >= SHORTEST_S:
        remedy = f"give it at least {SHORTEST_S:.0f}"
        raise SettingsError(f"--duration {duration_s:g}", "too short for an alert to fire and resolve", remedy)
    settings = replace(
        settings,
        metrics_port=_free_port(settings.metrics_host, settings.metrics_port),
        web_port=_port_of_page(settings.web_host, settings.web_port),
    )
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    with _folder() as folder:
        try:
            with _kafka(settings, environment, folder.path) as broker:
                note(f"{time.monotonic() - began_s:4.0f} s  Kafka on {broker}")
                settings = replace(settings, broker=broker)
                course = Course(settings, environment, folder.path, _slices(), duration_s, began_s)
                summary = asyncio.run(_interruptible(course))
        except (KeyboardInterrupt, asyncio.CancelledError):
            note("interrupted")
            return EXIT_INTERRUPTED
        return _told(summary, folder, excused=course.interrupts.closing.is_set())


def _told(summary: Summary, folder: Folder, *, excused: bool) -> int:
    """The last words: what is missing to stderr, the summary to stdout. `excused`: it was cut short."""
    missing = list(summary.missing())
    for what in missing:
        note(f"kpi demo: {what}")
    sys.stdout.write(f"{summary.line()}\n")
    sys.stdout.flush()
    folder.kept = bool(missing) and not excused
    return EXIT_MISSING if folder.kept else 0


async def _interruptible(course: Course) -> Summary:
    task = asyncio.ensure_future(course.run())
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, course.interrupts.take, task)
    return await task


@contextmanager
def _kafka(settings: Settings, environment: Mapping[str, str], folder: Path) -> Iterator[str]:
    """Where the broker is: the one of KPI_BROKER, else one of our own."""
    if environment.get("KPI_BROKER"):
        yield settings.broker
        return
    note(f"        starting Apache Kafka {KAFKA_VERSION}")
    with EmbeddedKafka(Installation.find(environment), folder / "kafka") as kafka:
        yield kafka.bootstrap


@contextmanager
def _folder() -> Iterator[Folder]:
    """A temporary folder; after a fault it stays, and a line says where."""
    folder = Folder(Path(tempfile.mkdtemp(prefix="kpi-demo-")))
    try:
        yield folder
    except BaseException:
        folder.kept = any(folder.path.iterdir())  # nothing has run yet: nothing to read
        raise
    finally:
        if folder.kept:
            note(f"kpi demo: logs and data are in {folder.path}")
        else:
            shutil.rmtree(folder.path, ignore_errors=True)


def _slices() -> Path:
    """The real data of the repository when run from it, else the packaged."""
    repository = Path(__file__).parents[2] / "deploy" / "demo"
    return repository if repository.exists() else Path(str(files("streams"))) / "deploy" / "demo"


def _port_of_page(host: str, port: int) -> int:
    """`port`, or a free one if something listens on it: where the page is, the demo says. SettingsError."""
    try:
        return _free_port(host, port)
    except SettingsError:
        return _free_port(host, 0)


def _free_port(host: str, port: int) -> int:
    """`port` if nothing listens on it, a free one for 0; known before the worker takes it. SettingsError."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)  # connections of the last run may linger
        try:
            probe.bind((host, port))
        except OSError as error:
            where = f"KPI_METRICS_PORT {host}:{port}"
            raise SettingsError(
                where, f"cannot listen ({error.strerror})", "set another, or 0 for a free one"
            ) from error
        return int(probe.getsockname()[1])

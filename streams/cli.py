"""`kpi`: reads files and environment once, calls what does the work, and turns errors into one line and a code.

Exit codes: 0 done, 1 a question answered with no (`kpi status`), 2 something given to us is wrong, 70 a fault.
"""

import asyncio
import json
import math
import os
import sys
import time
from pathlib import Path
from typing import Annotated, NoReturn

import typer

from models.errors import OutsideError, SettingsError
from models.settings import Settings

EXIT_OUTSIDE = 2
DEFAULT_PARTITIONS = 4

app = typer.Typer(
    help="A streaming monitor of a shop's KPIs.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
topics_app = typer.Typer(help="The topics on the broker.", no_args_is_help=True)
app.add_typer(topics_app, name="topics")

DEPLOY = (Path("deploy"), Path(__file__).parent / "deploy", Path(__file__).parent.parent / "deploy")
"""Where kpis.yaml and alerts.yaml are looked for: the working folder, the wheel, the source tree."""


def main() -> NoReturn:
    """Entry point."""
    try:
        app()
    except OutsideError as error:
        sys.stderr.write(f"kpi: {error}\n")
        raise SystemExit(EXIT_OUTSIDE) from None
    raise SystemExit(0)


def settings() -> Settings:
    """The effective settings of this process."""
    from streams.configuration import load_settings

    return load_settings(os.environ)


@app.command()
def config() -> None:
    """Print the effective settings, secrets hidden."""
    from streams.configuration import effective

    for name, value in effective(settings()).items():
        typer.echo(f"{name}: {json.dumps(value)}")


@app.command()
def broker(
    port: Annotated[int, typer.Option(help="0 takes a free one.")] = 9092,
    directory: Annotated[Path | None, typer.Option("--dir", help="Data folder; absent: .kpi/kafka.")] = None,
) -> None:
    """Run an embedded Apache Kafka in the foreground."""
    from streams.tools.broker import run_broker

    run_broker(port, directory, os.environ)


@topics_app.command("create")
def topics_create(partitions: Annotated[int, typer.Option(min=1)] = DEFAULT_PARTITIONS) -> None:
    """Create the topics that are missing, then check all."""
    from streams.tools import topics

    created = asyncio.run(topics.create(settings(), partitions))
    typer.echo(f"created {', '.join(created)}" if created else "all topics are there")


@topics_app.command("check")
def topics_check() -> None:
    """Verify partitions, compaction and record limits."""
    from streams.tools import topics

    counts = asyncio.run(topics.check(settings()))
    for name, count in sorted(counts.items()):
        typer.echo(f"{name}: {count} partitions")


@app.command()
def worker() -> None:
    """Consume events, publish KPIs and alerts. Ends with 70 on a fault, for its supervisor to restart."""
    from streams import logs
    from streams.configuration import load_definitions
    from streams.tools import topics
    from streams.worker import run_worker

    effective = settings()
    logs.configure(effective)
    definitions = load_definitions(effective, DEPLOY)
    partitions = asyncio.run(topics.check(effective))
    run_worker(effective, definitions.catalogue, definitions.rules, partitions)


@app.command()
def notify() -> None:
    """Deliver alerts to the receivers."""
    from streams import logs
    from streams.delivering.notify import notify as deliver

    effective = settings()
    logs.configure(effective)
    asyncio.run(deliver(effective))


@app.command()
def replay(
    files: list[Path],
    *,
    topic: Annotated[str | None, typer.Option(help="Absent: from the file's name.")] = None,
    speed: Annotated[str, typer.Option(help="Seconds of event time a second, or max.")] = "max",
    shift: Annotated[bool, typer.Option("--shift", help="Move each file by whole days to end before now.")] = False,
    heartbeat: Annotated[str | None, typer.Option(help="RFC 3339: afterwards tell every partition this time.")] = None,
) -> None:
    """Publish files of events: NDJSON(.gz) and known data sets."""
    from streams.tools.replay import replay as publish

    counts = asyncio.run(
        publish(
            settings(),
            files,
            topic=topic,
            speed=_speed(speed),
            shift=shift,
            heartbeat=heartbeat,
            now_us=time.time_ns() // 1000,
        )
    )
    typer.echo(json.dumps(counts))


@app.command()
def generate(
    *,
    rate: Annotated[float, typer.Option(help="Events a second of event time.")] = 50,
    speed: Annotated[str, typer.Option(help="Seconds of event time a second, or max.")] = "1",
    incident: Annotated[bool, typer.Option("--incident", help="Payments fail for a while.")] = False,
    seed: int = 1,
    duration: Annotated[float | None, typer.Option(help="Seconds; absent: until Ctrl-C.")] = None,
) -> None:
    """Publish the life of a synthetic shop."""
    from streams.tools.generate import generate as publish

    counts = asyncio.run(
        publish(
            settings(),
            rate=rate,
            speed=_speed(speed),
            incident=incident,
            seed=seed,
            duration_s=duration,
            now_us=time.time_ns() // 1000,
        )
    )
    typer.echo(json.dumps(counts))


def _speed(text: str) -> float:
    try:
        speed = math.inf if text == "max" else float(text)
    except ValueError:
        speed = 0
    if not speed > 0:
        raise SettingsError(f"--speed {text}", "no speed", "write a number above 0, or max")
    return speed


if __name__ == "__main__":
    main()

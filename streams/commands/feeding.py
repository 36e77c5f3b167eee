"""Events into the input topics."""

import asyncio
import json
import time
from pathlib import Path
from typing import Annotated

import typer

from streams.commands.environment import settings

app = typer.Typer()


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
    from streams.tools.pace import parse_speed
    from streams.tools.replay import replay as publish

    counts = asyncio.run(
        publish(
            settings(),
            files,
            topic=topic,
            speed=parse_speed(speed),
            shift=shift,
            heartbeat=heartbeat,
            now_us=time.time_ns() // 1000,
        )
    )
    typer.echo(json.dumps(counts))


@app.command()
def generate(
    *,
    rate: Annotated[float, typer.Option(help="Events a second of event time.", min=0.001, max=1e6)] = 50,
    speed: Annotated[str, typer.Option(help="Seconds of event time a second, or max.")] = "1",
    incident: Annotated[bool, typer.Option("--incident", help="Payments fail for a while.")] = False,
    seed: int = 1,
    duration: Annotated[float | None, typer.Option(help="Seconds; absent: until Ctrl-C.", min=1, max=1e7)] = None,
) -> None:
    """Publish the life of a synthetic shop."""
    from streams.tools.generate import generate as publish
    from streams.tools.pace import parse_speed

    counts = asyncio.run(
        publish(
            settings(),
            rate=rate,
            speed=parse_speed(speed),
            incident=incident,
            seed=seed,
            duration_s=duration,
            now_us=time.time_ns() // 1000,
        )
    )
    typer.echo(json.dumps(counts))

"""Processes, and the settings they run with."""

import asyncio
import json
from pathlib import Path
from typing import Annotated

import typer

from streams.commands.environment import catalogue, definitions, environment, rules_path, settings

app = typer.Typer()


@app.command()
def config() -> None:
    """Print the effective settings, secrets hidden."""
    from streams.configuration import effective

    for name, value in effective(settings()).items():
        typer.echo(f"{name}: {json.dumps(value)}")


@app.command()
def broker(
    port: Annotated[int, typer.Option(help="0 takes a free one.", min=0, max=65_535)] = 9092,
    directory: Annotated[Path | None, typer.Option("--dir", help="Data folder; absent: .kpi/kafka.")] = None,
) -> None:
    """Run an embedded Apache Kafka in the foreground."""
    from streams.tools.broker import run_broker

    run_broker(port, directory, environment())


@app.command()
def worker() -> None:
    """Consume events, publish KPIs and alerts. Ends with 70 on a fault, for its supervisor to restart."""
    from streams import logs
    from streams.configuration import load_rules
    from streams.tools import topics
    from streams.worker import Measurements, RulesFile, run_worker

    effective = settings()
    logs.configure(effective)
    defined = definitions(effective)
    partitions = asyncio.run(topics.check(effective))
    rules = RulesFile(defined.rules_path, lambda: load_rules(defined.rules_path, defined.catalogue))
    run_worker(effective, defined.catalogue, rules, partitions, Measurements())


@app.command()
def notify() -> None:
    """Deliver alerts to the receivers."""
    import structlog

    from models.errors import OutsideError
    from streams import logs
    from streams.configuration import load_rules
    from streams.notifier import explains, run_notify

    effective = settings()
    logs.configure(effective)
    try:
        known, path = catalogue(effective), rules_path(effective)
        explaining = explains(effective, known, path, lambda: load_rules(path, known))
    except OutsideError as wrong:  # pages go out all the same
        structlog.get_logger("notify").error("nothing is explained", error=str(wrong))
        explaining = None
    asyncio.run(run_notify(effective, explaining))


@app.command()
def web() -> None:
    """Serve the live page and its JSON API."""
    from streams import logs
    from streams.configuration import load_rules
    from streams.web.server import run_web

    effective = settings()
    logs.configure(effective)
    known, path = catalogue(effective), rules_path(effective)
    asyncio.run(run_web(effective, known, path, lambda: load_rules(path, known)))


@app.command()
def demo(duration: Annotated[float | None, typer.Option(help="Seconds; absent: until Ctrl-C.")] = None) -> None:
    """Show it all: a broker, a worker, a shop with an incident, an alert; ends with a summary."""
    from streams.tools.demo import run_demo

    raise SystemExit(run_demo(settings(), duration, environment()))

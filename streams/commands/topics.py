"""`kpi topics`."""

import asyncio
from typing import Annotated

import typer

from streams.commands.environment import settings

DEFAULT_PARTITIONS = 4

app = typer.Typer(help="The topics on the broker.", no_args_is_help=True)


@app.command("create")
def topics_create(partitions: Annotated[int, typer.Option(min=1)] = DEFAULT_PARTITIONS) -> None:
    """Create the topics that are missing, then check all."""
    from streams.tools import topics

    created = asyncio.run(topics.create(settings(), partitions))
    typer.echo(f"created {', '.join(created)}" if created else "all topics are there")


@app.command("check")
def topics_check() -> None:
    """Verify partitions, compaction and record limits."""
    from streams.tools import topics

    counts = asyncio.run(topics.check(settings()))
    for name, count in sorted(counts.items()):
        typer.echo(f"{name}: {count} partitions")

"""`kpi dead-letters`."""

import asyncio
import json
from typing import Annotated

import typer

from streams.commands.environment import settings

app = typer.Typer(help="Records that could not be counted.", no_args_is_help=True)


@app.command("list")
def letters_list(
    *,
    topic: str | None = None,
    reason: str | None = None,
    limit: Annotated[int | None, typer.Option(min=1)] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One letter a line, with all bytes.")] = False,
) -> None:
    """Show dead letters."""
    from streams.tools.dead_letters import Wanted, list_letters

    asyncio.run(list_letters(settings(), Wanted(topic, reason), as_json=as_json, limit=limit))


@app.command("replay")
def letters_replay(
    *,
    topic: str | None = None,
    reason: str | None = None,
    yes: Annotated[bool, typer.Option("--yes", help="Do not ask.")] = False,
) -> None:
    """Send dead letters to their topics again."""
    from streams.tools.dead_letters import Wanted, replay_letters

    def confirm(question: str) -> bool:
        return yes or typer.confirm(question, err=True)

    typer.echo(json.dumps(asyncio.run(replay_letters(settings(), Wanted(topic, reason), confirm))))

"""What was published."""

import asyncio
from typing import Annotated

import typer

from streams.commands.environment import definitions, settings

EXIT_NO = 1

app = typer.Typer()


@app.command()
def values(
    *,
    kpi: str | None = None,
    window: str | None = None,
    dimension: str | None = None,
    segment: str | None = None,
    final: Annotated[bool, typer.Option("--final", help="No provisional values.")] = False,
    latest: Annotated[bool, typer.Option("--latest", help="Only the newest window of each series.")] = False,
    follow: Annotated[bool, typer.Option("--follow", help="Live, with goals and alerts, until Ctrl-C.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="One record a line.")] = False,
) -> None:
    """Show the last revision of every window."""
    from streams.tools.following import Known, follow_lines, follow_view, view_of
    from streams.tools.revisions import Choice
    from streams.tools.values import show_values

    effective, choice = settings(), Choice(kpi, window, dimension, segment, final)
    if not follow:
        asyncio.run(show_values(effective, choice, latest=latest, as_json=as_json))
    elif as_json:
        asyncio.run(follow_lines(effective, choice))
    else:
        defined = definitions(effective)
        known = Known.of(defined.catalogue, defined.rules, effective.business_timezone)
        asyncio.run(follow_view(effective, view_of(effective, choice, known), known))


@app.command()
def alerts(
    *,
    history: Annotated[bool, typer.Option("--history", help="All that was told, not only what fires.")] = False,
    why: Annotated[str | None, typer.Option(help="A fingerprint or a rule: explain the last time it fired.")] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One record a line.")] = False,
) -> None:
    """Show what fires now, what was told, or why."""
    from streams.tools.alert_list import active, show_alerts, show_why, transitions

    effective = settings()
    if why is not None:
        known = definitions(effective)
        asyncio.run(show_why(effective, known.catalogue, known.rules, why, as_json=as_json))
        return
    told = asyncio.run(transitions(effective))
    show_alerts(told if history else active(told), as_json=as_json)


@app.command()
def ledger(*, as_json: Annotated[bool, typer.Option("--json")] = False) -> None:
    """Show what became of every event, by topic."""
    from streams.tools.ledger import show_ledger

    asyncio.run(show_ledger(settings(), as_json=as_json))


@app.command()
def status(
    *,
    as_json: Annotated[bool, typer.Option("--json")] = False,
    wait: Annotated[float, typer.Option(help="Look again for up to so many seconds.", min=0, max=1e6)] = 0,
) -> None:
    """Show lag, watermarks and freshness; exit code 0 when everything received is published, else 1."""
    from models.measure import PREDICTED_VALUE
    from streams.tools.clv_fit import note_fit
    from streams.tools.status import show_status
    from streams.topics import topics_read

    effective = settings()
    catalogue = definitions(effective).catalogue
    inputs, internal = topics_read(catalogue)
    caught_up = asyncio.run(show_status(effective, inputs, internal, wait_s=wait, as_json=as_json))
    if not as_json and PREDICTED_VALUE in catalogue.windows_of:
        asyncio.run(note_fit(effective))
    if not caught_up:
        raise SystemExit(EXIT_NO)

"""`kpi clv`."""

import asyncio
from typing import Annotated

import typer

from streams.commands.environment import settings

app = typer.Typer(help="The model of customer lifetime value.", no_args_is_help=True)


@app.callback()
def clv() -> None:
    """The model of customer lifetime value."""


@app.command("fit")
def clv_fit(
    *,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Fit and show, publish nothing.")] = False,
    as_json: Annotated[bool, typer.Option("--json", help="The record, as it is published.")] = False,
) -> None:
    """Fit the model on the customers as of the last day that has ended, and publish it; run it once a day."""
    from streams.tools.clv_fit import fit_clv

    asyncio.run(fit_clv(settings(), dry_run=dry_run, as_json=as_json))

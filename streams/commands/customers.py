"""`kpi customers`."""

import asyncio
from typing import Annotated

import typer

from streams.commands.environment import catalogue, settings

EXIT_NO = 1

app = typer.Typer(help="Customers that are kept.", no_args_is_help=True)


@app.callback()
def customers() -> None:
    """Customers that are kept."""


@app.command("erase")
def customers_erase(
    ids: Annotated[list[str], typer.Argument(metavar="ID...", help="As `customer_id` of their orders.")],
    *,
    wait: Annotated[float, typer.Option(help="Seconds until it must be done; 0: only ask for it.", min=0)] = 30,
) -> None:
    """Forget customers for good; the figures stay, a later order is a new customer's. Exit code 1: not done yet."""
    from streams.tools.erase import erase_customers

    effective = settings()
    if not asyncio.run(erase_customers(effective, catalogue(effective), ids, wait_s=wait)):
        raise SystemExit(EXIT_NO)

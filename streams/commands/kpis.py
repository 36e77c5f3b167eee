"""`kpi kpis`."""

from typing import Annotated

import typer

from streams.commands.environment import catalogue, settings

app = typer.Typer(help="The KPIs that are defined.", no_args_is_help=True)


@app.command("list")
def kpis_list(*, as_json: Annotated[bool, typer.Option("--json", help="One KPI a line.")] = False) -> None:
    """Show what each KPI is made of, where it is published, and what its target makes."""
    from streams.tools.kpi_list import show_kpis

    show_kpis(catalogue(settings()), as_json=as_json)

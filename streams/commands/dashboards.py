"""`kpi dashboards`."""

from pathlib import Path
from typing import Annotated

import typer

from streams.commands.environment import definitions, settings

OUT = Path("deploy", "grafana", "dashboards")
EXIT_DIFFERS = 1

app = typer.Typer()


@app.command()
def dashboards(
    out: Annotated[Path, typer.Option(help="The folder of the files.")] = OUT,
    *,
    check: Annotated[bool, typer.Option("--check", help="Write nothing; exit code 1 where a file differs.")] = False,
) -> None:
    """Make the Grafana dashboards of these KPIs and rules; needs the extra `dashboards`."""
    from streams.tools.dashboard_files import differing, made, write

    effective = settings()
    defined = definitions(effective)
    files = made(defined.catalogue, defined.rules, effective.reporting_currency)
    if not check:
        write(files, out)
        return
    names = differing(files, out)
    for name in names:
        typer.echo(f"{out / name}: not what `kpi dashboards` makes")
    if names:
        raise SystemExit(EXIT_DIFFERS)

"""`kpi`: turns the errors of its commands into one line and a code.

Exit codes: 0 done, 1 a question answered with no (`kpi status`, `kpi rules test`), 2 something given to us is wrong, 70
a fault.
"""

import sys
from typing import NoReturn

import typer

from models.errors import KpiError, OutsideError
from streams.commands import clv, customers, dashboards, feeding, kpis, letters, reading, rules, running, topics

EXIT_OUTSIDE = 2
EXIT_FAULT = 70

app = typer.Typer(
    help="A streaming monitor of a shop's KPIs.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
for group in (running, feeding, reading, dashboards):
    app.add_typer(group.app)
app.add_typer(topics.app, name="topics")
app.add_typer(kpis.app, name="kpis")
app.add_typer(rules.app, name="rules")
app.add_typer(clv.app, name="clv")
app.add_typer(customers.app, name="customers")
app.add_typer(letters.app, name="dead-letters")


def main() -> NoReturn:
    """Entry point."""
    try:
        app()
    except KpiError as error:
        sys.stderr.write(f"kpi: {error}\n")
        raise SystemExit(EXIT_OUTSIDE if isinstance(error, OutsideError) else EXIT_FAULT) from None
    raise SystemExit(0)


if __name__ == "__main__":
    main()

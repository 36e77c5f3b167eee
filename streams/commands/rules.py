"""`kpi rules`."""

import asyncio
from pathlib import Path
from typing import Annotated

import typer

from alerting.rule import On, Rule
from models.errors import InputFileError, SettingsError
from models.kpi import Catalogue
from models.kpi_value import KpiValue
from models.settings import Settings
from models.window import HOUR_US, MINUTE_US
from streams.commands.environment import catalogue, rules_path, settings
from streams.publication import VALUES_TOPIC

EXIT_FAILED = 1

app = typer.Typer(help="The rules of alerts: check, test, try on the past.", no_args_is_help=True)

RulesFile = Annotated[Path | None, typer.Option("--rules", help="A file of rules; absent: the configured one.")]


@app.command()
def check(
    file: Annotated[Path | None, typer.Argument(help="Absent: the configured one.")] = None,
    *,
    as_json: Annotated[bool, typer.Option("--json", help="One rule a line.")] = False,
) -> None:
    """Read a file of rules as the worker does; exit code 2 says line, rule, key and what is allowed."""
    from streams.tools.rule_list import show_rules

    effective = settings()
    path = file or rules_path(effective)
    show_rules(_rules(path, catalogue(effective)), str(path), as_json=as_json)


@app.command()
def test(files: Annotated[list[Path], typer.Argument(help="Files of tests, docs/rules-tests.md.")]) -> None:
    """Give series to rules and see what fires; exit code 1 with what differs."""
    from streams.tools import rules_tests

    effective = settings()
    known, failed = catalogue(effective), False
    for file in files:
        text = rules_tests.read(file)
        rules = _rules(rules_tests.rules_path(text, file) or rules_path(effective), known)
        outcome = rules_tests.run(text, file, rules, effective, known)
        for difference in outcome.differences:
            typer.echo(difference.text)
        wrong = len(outcome.differences)
        typer.echo(f"{file}: {outcome.tests} tests, {outcome.checks} checks, {wrong or 'none'} failed")
        failed = failed or wrong > 0
    if failed:
        raise SystemExit(EXIT_FAILED)


@app.command()
def backtest(
    *,
    rules: RulesFile = None,
    against: Annotated[Path | None, typer.Option(help="Another file of rules, to compare.")] = None,
    begin: Annotated[str | None, typer.Option("--from", help="RFC 3339, event time; absent: the first value.")] = None,
    end: Annotated[str | None, typer.Option("--to", help="RFC 3339, event time; absent: the last value.")] = None,
    files: Annotated[
        list[Path] | None, typer.Option("--file", help="Events, run in memory; absent: the recorded kpi-values.")
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="One file of rules a line.")] = False,
) -> None:
    """Which alerts rules would have told of over the past, how long, and how many pages a week."""
    from streams.tools.backtest import Span, nothing_in
    from streams.tools.backtest import backtest as run
    from streams.tools.backtest_text import show
    from streams.tools.evaluation import surroundings

    effective = settings()
    known, span = catalogue(effective), Span(_time("--from", begin), _time("--to", end))
    if span.from_us is not None and span.to_us is not None and span.from_us >= span.to_us:
        raise SettingsError("--to", f'"{end}" is not after --from', "write a later time")
    paths = [rules or rules_path(effective), *([against] if against else [])]
    books = {str(path): _rules(path, known) for path in paths}
    its = tuple(rule for book in books.values() for rule in book)
    values = _rehearsed(effective, known, files, its, span.to_us) if files else _recorded(effective, its)
    if (why := nothing_in(values, span)) is not None:
        where = ", ".join(map(str, files)) if files else f"{effective.broker} topic {VALUES_TOPIC}"
        raise InputFileError(where, why, "name files of events (--file), another time, or rules on KPIs that are there")
    around = surroundings(effective, known)
    show({path: run(book, values, around, span) for path, book in books.items()}, as_json=as_json)


def _rules(path: Path, known: Catalogue) -> tuple[Rule, ...]:
    from streams.configuration import load_rules

    return load_rules(path, known)


def _recorded(effective: Settings, rules: tuple[Rule, ...]) -> list[KpiValue]:
    from streams.tools.backtest import wanted
    from streams.tools.recorded import recorded

    return asyncio.run(recorded(effective, wanted(rules)))


def _rehearsed(
    effective: Settings, known: Catalogue, files: list[Path], rules: tuple[Rule, ...], until_us: int | None
) -> list[KpiValue]:
    """Open windows matter to rules on them alone."""
    from streams.rehearsal import Rehearsal
    from streams.tools import datasets
    from streams.tools.backtest import wanted
    from streams.tools.merge import merged

    kinds = wanted(rules)
    grain_us = MINUTE_US if any(rule.on is On.PROVISIONAL for rule in rules) else HOUR_US
    turns = merged([datasets.source(file, None).read() for file in files])
    values = Rehearsal(effective, known, grain_us).values(turns, until_us)
    return [value for value in values if value.series[:3] in kinds]


def _time(option: str, text: str | None) -> int | None:
    from streams.tools import instant

    at_us = None if text is None else instant.parse(text)
    if text is not None and at_us is None:
        raise SettingsError(option, f'"{text}" is no RFC 3339 time with an offset', "write 2026-03-02T00:00:00Z")
    return at_us

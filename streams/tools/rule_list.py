"""`kpi rules check`: a file of rules is read as the worker reads it; what it holds is counted and listed."""

from collections.abc import Iterable, Iterator

import msgspec
from rich.table import Table

from alerting.clause import AllOf, AnyOf, Change, Clause, Condition, Limit
from alerting.reference import Ago, Baseline, Goal
from alerting.rule import Rule
from models import duration
from streams.tools.terminal import console, write_lines


class RuleLine(msgspec.Struct, frozen=True):
    """A rule as `--json` shows it; `levels` by name, in words."""

    rule: str
    kpi: str
    window: str
    by: str | None
    on: str
    levels: dict[str, str]
    no_data: str | None
    runbook: str | None


def show_rules(rules: tuple[Rule, ...], file: str, *, as_json: bool = False) -> None:
    """Print what a good file holds."""
    lines = list(rule_lines(rules))
    if as_json:
        write_lines(map(msgspec.json.encode, lines))
        return
    table = Table("rule", "kpi", "window", "by", "on", "fires")
    for line in lines:
        fires = [f"{level}: {said}" for level, said in line.levels.items()]
        fires += [f"no data: {line.no_data}"] if line.no_data else []
        table.add_row(line.rule, line.kpi, line.window, line.by or "", line.on, "\n".join(fires))
    console().print(table)
    console().print(f"{file}: {counted(rules)}", soft_wrap=True)


def counted(rules: Iterable[Rule]) -> str:
    """`2 rules over 1 KPI, 3 levels, 1 by segment, 0 for silence`."""
    its = list(rules)
    kpis = {rule.kpi for rule in its} | {kpi for rule in its for kpi in rule.kpis}
    levels = sum(len(rule.conditions.levels) for rule in its)
    return (
        f"{_many(len(its), 'rule')} over {_many(len(kpis), 'KPI')}, {_many(levels, 'level')}, "
        f"{sum(rule.by is not None for rule in its)} by segment, "
        f"{sum(rule.no_data is not None for rule in its)} for silence"
    )


def rule_lines(rules: Iterable[Rule]) -> Iterator[RuleLine]:
    """In the order of the file."""
    for rule in rules:
        silence, runbook = rule.no_data, rule.annotations.get("runbook_url")
        yield RuleLine(
            rule=rule.name,
            kpi=rule.kpi,
            window=rule.window,
            by=rule.by,
            on=rule.on.value,
            levels={level.value: said(condition) for level, condition in rule.conditions.levels.items()},
            no_data=f"{silence.level.value} after {duration.text(silence.after_us)}" if silence else None,
            runbook=None if runbook is None else "".join(str(part) for part in runbook.parts),
        )


def said(condition: Condition) -> str:
    """A condition in words: `below 0.02`, `20 % below 1w before`."""
    match condition:
        case AllOf(parts):
            return " and ".join(map(said, parts))
        case AnyOf(parts):
            return " or ".join(map(said, parts))
        case Clause(test, kpi):
            return f"{f'{kpi} ' if kpi else ''}{_test(test)}"


def _test(test: Limit | Change) -> str:
    if isinstance(test, Limit):
        bounds = (("below", test.low), ("above", test.high))
        return " or ".join(f"{word} {bound:.6g}" for word, bound in bounds if bound is not None)
    match test.versus:
        case Ago(us):
            versus = f"{duration.text(us)} before"
        case Baseline():
            versus = "usual"
        case Goal(kpi):
            versus = kpi
    return f"{test.direction.value} by {test.by:.6g} versus {versus}"


def _many(number: int, what: str) -> str:
    return f"{number} {what}" if number == 1 else f"{number} {what}s"

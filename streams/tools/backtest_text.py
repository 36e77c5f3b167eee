"""A back-test as a table, or as JSON; two of them side by side."""

import msgspec
from rich.table import Table

from streams.tools import instant
from streams.tools.backtest import Backtest, Episode, RuleSummary
from streams.tools.terminal import console, note, write_lines

SHOWN = 40
"""Alerts of the plain table; --json has all."""


class AlertLine(msgspec.Struct, frozen=True):
    """An alert as `--json` shows it; event times in RFC 3339 UTC."""

    rule: str
    dimension: str
    segment: str
    level: str
    starts_at: str
    ends_at: str | None
    reason: str
    pages: int
    value: float | None
    numerator: int | None
    denominator: int | None


class FileLine(msgspec.Struct, frozen=True):
    """What one file of rules would have told."""

    rules_file: str
    from_: str = msgspec.field(name="from")
    to: str
    values: int
    rules: tuple[RuleSummary, ...]
    alerts: tuple[AlertLine, ...]


def show(tests: dict[str, Backtest], *, as_json: bool) -> None:
    """`tests` by the name of their file, one or two; JSON: a line a file."""
    if as_json:
        write_lines(msgspec.json.encode(_file_line(file, test)) for file, test in tests.items())
        return
    first = next(iter(tests.values()))
    console().print(_summary(tests))
    console().print(f"{_time(first.from_us)} to {_time(first.to_us)}, {first.values:,} windows", soft_wrap=True)
    rows = _alerts(tests)
    if not rows:
        note("no alert")
        return
    console().print(_alert_table(rows[:SHOWN], two=len(tests) > 1))
    if len(rows) > SHOWN:
        note(f"the first {SHOWN} of {len(rows):,} alerts; --json prints all")


def _summary(tests: dict[str, Backtest]) -> Table:
    table = Table("rule")
    for file in tests:
        for name in ("alerts", "pages a week", "hours in alert"):
            table.add_column(f"{file}\n{name}" if len(tests) > 1 else name, justify="right")
    by_rule = [{one.rule: one for one in test.rules} for test in tests.values()]
    for rule in dict.fromkeys(name for rules in by_rule for name in rules):
        cells = [cell for rules in by_rule for cell in _cells(rules.get(rule))]
        table.add_row(rule, *cells)
    return table


def _cells(summary: RuleSummary | None) -> tuple[str, str, str]:
    if summary is None:
        return ("", "", "")
    return (str(summary.alerts), f"{summary.pages_a_week:.1f}", f"{summary.time_s / 3_600:,.1f}")


Row = tuple[Episode, str]
"""An alert, and in which of two files it is."""


def _alerts(tests: dict[str, Backtest]) -> list[Row]:
    """All in the order of time; those of the same rule, segment and start are one."""
    found: dict[tuple[str, str, int], tuple[Episode, list[str]]] = {}
    for file, test in tests.items():
        for one in test.episodes:
            found.setdefault((one.rule, one.segment, one.starts_us), (one, []))[1].append(file)
    rows = [(one, "both" if len(files) > 1 else files[0]) for one, files in found.values()]
    return sorted(rows, key=lambda row: (row[0].starts_us, row[0].rule, row[0].segment))


def _alert_table(rows: list[Row], *, two: bool) -> Table:
    table = Table("rule", "segment", "level", "from", "to", "why", *(("in",) if two else ()))
    for one, file in rows:
        segment = "" if one.dimension == "all" else f"{one.dimension}={one.segment}"
        ended = "fires" if one.ends_us is None else _time(one.ends_us)
        cells = (one.rule, segment, one.level.value, _time(one.starts_us), ended, _why(one))
        table.add_row(*cells, *((file,) if two else ()))
    return table


def _why(one: Episode) -> str:
    first = one.transitions[0]
    if first.value is None:
        return first.reason.value
    of = "" if first.denominator is None else f" ({first.numerator} / {first.denominator})"
    bound = "" if first.threshold is None else f", threshold {first.threshold:.6g}"
    return f"{first.value:.6g}{of}{bound}"


def _file_line(file: str, test: Backtest) -> FileLine:
    return FileLine(
        rules_file=file,
        from_=_time(test.from_us),
        to=_time(test.to_us),
        values=test.values,
        rules=test.rules,
        alerts=tuple(map(_alert_line, test.episodes)),
    )


def _alert_line(one: Episode) -> AlertLine:
    first = one.transitions[0]
    return AlertLine(
        rule=one.rule,
        dimension=one.dimension,
        segment=one.segment,
        level=one.level.value,
        starts_at=_time(one.starts_us),
        ends_at=None if one.ends_us is None else _time(one.ends_us),
        reason=one.reason,
        pages=one.pages,
        value=first.value,
        numerator=first.numerator,
        denominator=first.denominator,
    )


def _time(at_us: int) -> str:
    return instant.render(at_us)

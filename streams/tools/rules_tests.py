"""`kpi rules test`: the evaluator of the worker over given series: what fires, and how it differs."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

from alerting.alert import AlertState
from alerting.lifecycle import ALARMED
from alerting.rule import Rule
from alerting.transition import Transition
from models import duration, money
from models.errors import InputFileError
from models.goal import with_goals
from models.kpi import Catalogue
from models.kpi_value import KpiValue
from models.settings import Settings
from streams.tools import instant
from streams.tools.evaluation import Evaluation, kinds_of, surroundings
from streams.tools.rules_tests_file import NOTHING, Case, Expected, Known, load, rules_file_of, value


@dataclass(frozen=True, slots=True)
class Difference:
    """An expectation that was not met, told in words."""

    text: str


@dataclass(frozen=True, slots=True)
class Outcome:
    """Of all tests of a file."""

    tests: int
    checks: int
    differences: tuple[Difference, ...]


@dataclass(slots=True)
class _Timeline:
    """What is given at each moment, us of event time."""

    values: dict[int, list[KpiValue]]
    behind: set[int]


def read(path: Path) -> str:
    """The text of a file of tests; InputFileError."""
    try:
        return path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError) as error:
        why = error.strerror if isinstance(error, OSError) else "not UTF-8"
        raise InputFileError(
            str(path), f"cannot be read ({why})", "give a file of tests, docs/rules-tests.md"
        ) from error


def rules_path(text: str, path: Path) -> Path | None:
    """The file of rules that the tests name; None: the configured one."""
    named = rules_file_of(text, str(path))
    return None if named is None else path.parent / named


def run(text: str, path: Path, rules: tuple[Rule, ...], settings: Settings, catalogue: Catalogue) -> Outcome:
    """All tests of a file; raises DefinitionError for a bad one."""
    known = Known(
        with_goals(catalogue.kpis), kinds_of(settings, catalogue), money.exponent(settings.reporting_currency) or 0
    )
    cases = load(text, str(path), known, {rule.name: rule for rule in rules})
    around = surroundings(settings, catalogue)
    found = tuple(difference for case in cases for difference in _differences(case, Evaluation(rules, around), known))
    return Outcome(len(cases), sum(len(case.expected) for case in cases), found)


def _differences(case: Case, evaluation: Evaluation, known: Known) -> Iterator[Difference]:
    timeline, told = _timeline(case, known), list[Transition]()
    checks: dict[int, list[Expected]] = {}
    for one in case.expected:
        checks.setdefault(one.at_us, []).append(one)
    evaluation.step([], case.start_us)
    for at_us in sorted(timeline.values.keys() | checks.keys()):
        told += evaluation.step(timeline.values.get(at_us, ()), at_us, behind=at_us in timeline.behind)
        for one in checks.get(at_us, ()):
            if wrong := _wrong(one, evaluation.tables.states.rows, told):
                yield Difference(_text(case, one, wrong, told))


def _timeline(case: Case, known: Known) -> _Timeline:
    timeline = _Timeline({}, set())
    for given in case.given:
        kpi, window = known.kpis[given.series.kpi], known.windows[given.series.window]
        first = window.earliest_open(case.start_us)
        for number, point in enumerate(given.points, start=first):
            end_us = window.end_us(number)
            at = timeline.values.setdefault(end_us, [])
            if point.stale:
                timeline.behind.add(end_us)
            if (made := value(given, kpi, window, number, point, known.digits)) is not None:
                at.append(made)
    return timeline


def _wrong(
    expected: Expected, states: Mapping[tuple[str, str], AlertState], told: list[Transition]
) -> tuple[str, str] | None:
    """What was expected and what was got, where they differ."""
    firing = {
        segment: state.level
        for (rule, segment), state in states.items()
        if rule == expected.rule and state.state in ALARMED and state.level is not None
    }
    if firing != expected.firing:
        return _said(expected.firing), _said(firing)
    if expected.summary is None:
        return None
    last = next(one for one in reversed(told) if one.rule == expected.rule and one.segment in firing)
    summary = last.annotations.get("summary", NOTHING)
    return None if summary == expected.summary else (expected.summary, summary)


def _said(firing: Mapping[str, str]) -> str:
    if not firing:
        return NOTHING
    return ", ".join(
        f"{level}" if segment == "all" else f"{segment} {level}" for segment, level in sorted(firing.items())
    )


def _text(case: Case, expected: Expected, wrong: tuple[str, str], told: list[Transition]) -> str:
    after = duration.text(expected.at_us - case.start_us)
    lines = [
        f'{expected.where} "{case.name}": {expected.rule} at {after} ({instant.render(expected.at_us)})',
        f"  - expected {wrong[0]}",
        f"  + got      {wrong[1]}",
    ]
    its = [one for one in told if one.rule == expected.rule]
    lines += [f"    {_life(one)}" for one in its] or ["    it never fired"]
    return "\n".join(lines)


def _life(one: Transition) -> str:
    at_us = one.starts_at_us if one.ends_at_us is None else one.ends_at_us
    where = "" if one.segment == "all" else f" {one.dimension}={one.segment}"
    value_text = "" if one.value is None else f", value {one.value:.6g}"
    return f"{instant.render(at_us)}{where} {one.reason.value} {one.level.value}{value_text}"

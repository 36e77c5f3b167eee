"""The file of `kpi rules test`: series that are given, alerts that are expected. docs/rules-tests.md is its manual."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from alerting.condition import Level
from alerting.rule import TOTAL, Rule
from models import source
from models.kpi import Kpi
from models.kpi_value import MICROS, KpiValue, Series, Status, Unit
from models.source import Node
from models.window import Window
from streams.tools import instant
from streams.tools.series_notation import BadSeries, Point, points

START: Final = "2026-03-02T00:00:00Z"
"""A Monday; where a test does not say."""

OVER: Final = 1_000
NOTHING: Final = "none"


@dataclass(frozen=True, slots=True)
class Given:
    """A series: one window after the other from the first that ends after the start. `over`: of ratios."""

    series: Series
    over: int
    points: tuple[Point, ...]


@dataclass(frozen=True, slots=True)
class Expected:
    """The alerts of a rule that fire at a moment, by segment, and no others. `summary`: of one of them, or None."""

    at_us: int
    rule: str
    firing: Mapping[str, Level]
    summary: str | None
    where: str


@dataclass(frozen=True, slots=True)
class Case:
    """One test; times are event time, us since 1970 UTC."""

    name: str
    start_us: int
    given: tuple[Given, ...]
    expected: tuple[Expected, ...]


@dataclass(frozen=True, slots=True)
class Known:
    """What a file may name."""

    kpis: Mapping[str, Kpi]
    windows: Mapping[str, Window]
    digits: int  # of the minor unit of the reporting currency


def rules_file_of(text: str, file: str) -> str | None:
    """The file of rules that it names, beside itself; None: the configured one. Raises DefinitionError."""
    fields = source.load(text, file).fields(required=("tests",), optional=("rules",))
    return fields["rules"].string() if "rules" in fields else None


def load(text: str, file: str, known: Known, rules: Mapping[str, Rule]) -> tuple[Case, ...]:
    """The tests; raises DefinitionError with line and remedy."""
    tests = source.load(text, file).fields(required=("tests",), optional=("rules",))["tests"].items()
    return tuple(_case(node, known, rules) for node in tests)


def value(given: Given, kpi: Kpi, window: Window, number: int, point: Point, digits: int) -> KpiValue | None:
    """The final value of a window as it would be published; None: nothing is given for it."""
    if point.value is None and not point.null:
        return None
    exponent = {Unit.MONEY: digits, Unit.SECONDS: MICROS}.get(kpi.unit, 0)
    over = None if kpi.denominator is None else 0 if point.null else given.over
    amount = (point.value or 0) * 10**exponent
    numerator = round(amount if over is None else amount * over)
    end_us = window.end_us(number)
    return KpiValue(
        series=given.series,
        start_us=window.start_us(number),
        end_us=end_us,
        unit=kpi.unit,
        exponent=exponent,
        numerator=numerator,
        denominator=over,
        interval=kpi.interval(numerator, over),
        status=Status.FINAL,
        revision=1,
        watermark_us=end_us,
        definition=kpi.definition,
        emitted_us=end_us,
    )


def _case(node: Node, known: Known, rules: Mapping[str, Rule]) -> Case:
    parts = node.fields(required=("name", "series", "expect"), optional=("start",))
    name = parts["name"].string()
    start_us = instant.parse(parts["start"].scalar()) if "start" in parts else instant.parse(START)
    if start_us is None:
        raise parts["start"].error(f'"{parts["start"].scalar()}" is no time', f"write one like {START}")
    given = tuple(_given(one, known) for one in parts["series"].items())
    expected = [_expected(one, start_us, rules) for one in parts["expect"].items()]
    return Case(name, start_us, given, tuple(sorted(expected, key=lambda one: one.at_us)))


def _given(node: Node, known: Known) -> Given:
    parts = node.fields(required=("kpi", "window", "values"), optional=("segment", "over"))
    kpi = known.kpis[parts["kpi"].choice(known.kpis)]
    window = parts["window"].choice(kpi.windows)
    dimension, segment = _segment(parts["segment"], kpi) if "segment" in parts else (TOTAL, TOTAL)
    if "over" in parts and kpi.denominator is None:
        raise parts["over"].error(f"{kpi.name} is a sum and has no denominator", "remove the key")
    over = parts["over"].integer() if "over" in parts else OVER
    if over < 1:
        raise parts["over"].error(f"{over} is no volume", "write 1 or more, or null in the series for none")
    return Given(Series(kpi.name, window, dimension, segment), over, _points(parts["values"], kpi))


def _points(node: Node, kpi: Kpi) -> tuple[Point, ...]:
    try:
        found = points(node.scalar())
    except BadSeries as wrong:
        raise node.error(wrong.what, wrong.remedy) from None
    if kpi.denominator is None and any(point.null for point in found):
        raise node.error(f"{kpi.name} is a sum and always has a value", "write _ for none")
    if kpi.proportion and any(point.value is not None and not 0 <= point.value <= 1 for point in found):
        raise node.error(f"{kpi.name} is a share and not over 1 or below 0", "write values from 0 to 1")
    return found


def _segment(node: Node, kpi: Kpi) -> tuple[str, str]:
    dimension, equals, segment = node.string().partition("=")
    if not equals or dimension not in kpi.by:
        by = " ".join(kpi.by) or "none"
        raise node.error(f'"{node.string()}" is no segment of {kpi.name}', f"write channel=Email; dimensions: {by}")
    return dimension, segment


def _expected(node: Node, start_us: int, rules: Mapping[str, Rule]) -> Expected:
    parts = node.fields(required=("at", "rule", "firing"), optional=("summary",))
    rule = parts["rule"].choice(rules)
    firing = _firing(parts["firing"])
    summary = parts["summary"].string() if "summary" in parts else None
    if summary is not None and len(firing) != 1:
        raise parts["summary"].error("a summary is that of one alert", "remove the key, or expect one alert")
    return Expected(start_us + parts["at"].duration_us(), rule, firing, summary, node.where.split()[0])


def _firing(node: Node) -> dict[str, Level]:
    if not node.is_mapping:
        level = node.choice((NOTHING, *Level))
        return {} if level == NOTHING else {TOTAL: Level(level)}
    return {segment: Level(one.choice(tuple(Level))) for segment, one in node.entries().items()}

"""Which two windows explain an alert, and what they say: rules, KPIs and figures of the last windows. No I/O."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta, tzinfo
from fractions import Fraction
from functools import cached_property

from alerting.clause import clauses
from alerting.explanation import TOTAL, Explanation, Question, Slices, explain, failing_step
from alerting.notification import Alert
from alerting.reference import Ago
from alerting.rule import Rule
from models import duration
from models.funnel import fails, is_end, step_of, steps_of
from models.goal import with_goals
from models.kpi import Catalogue, Kpi
from models.kpi_value import Unit
from models.window_definition import DAY_US, shapes
from streams.delivering.figures import Kind
from streams.monitoring.history import earlier

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MONTH_US = 31 * DAY_US
SLACK_US = DAY_US  # corrections, and local days of 25 hours

Look = Callable[[str, str, int], Slices]
"""The figures of a window: of a KPI, in a kind of windows, that ends then (us)."""


@dataclass(frozen=True)
class Reasons:
    """`rules`: those of the worker; `zone`: business timezone."""

    catalogue: Catalogue
    rules: tuple[Rule, ...]
    zone: tzinfo = UTC

    @cached_property
    def kept_us(self) -> Mapping[Kind, int]:
        """How far back figures have to be known, of every kind that may have to be looked at."""
        found: dict[Kind, int] = {}
        for rule in self.rules:
            reach_us = max([self._length_us(rule.window), *_agos(rule)]) + SLACK_US
            for kpi in (rule.kpi, *self._steps_beside(rule.kpi, rule.window)):
                kind = (kpi, rule.window)
                found[kind] = max(found.get(kind, 0), reach_us)
        return found

    def asks(self, alert: Alert) -> bool:
        """Whether there is something to explain: it fires, because of a value of a KPI that is defined."""
        return alert.firing and alert.window_end is not None and alert.kpi in self._kpis

    def explained(self, alert: Alert, look: Look, unit: Unit | None) -> Explanation | None:
        """By what is known; None: not enough is. Compared with what the rule compares with, else the window before."""
        if alert.window_end is None or alert.window_start is None:
            return None
        end_us, after = _us(alert.window_end), look(alert.kpi, alert.window, _us(alert.window_end))
        for before_us, said in self._before(alert, end_us):
            step = self._step(alert, end_us, before_us, look)
            question = Question(alert.kpi, alert.dimension, alert.segment, unit or Unit.COUNT, said, step)
            if found := explain(question, look(alert.kpi, alert.window, before_us), after):
                return found
        return None

    @cached_property
    def _kpis(self) -> Mapping[str, Kpi]:
        return with_goals(self.catalogue.kpis)

    def _before(self, alert: Alert, end_us: int) -> Iterable[tuple[int, str]]:
        rule = next((one for one in self.rules if one.name == alert.rule), None)
        for ago_us in [] if rule is None else _agos(rule, alert.level):
            yield earlier(end_us, ago_us, self.zone), f"{duration.text(ago_us)} before"
        if alert.window_start is not None:
            yield _us(alert.window_start), "the window before"

    def _step(self, alert: Alert, end_us: int, before_us: int, look: Look) -> str | None:
        """Of a KPI of the funnel its own, of one at its end the step that fell the most; None if it is no worse."""
        kpi = self.catalogue.kpis.get(alert.kpi)
        values = [
            _value(look(alert.kpi, alert.window, us), alert.dimension, alert.segment) for us in (before_us, end_us)
        ]
        if kpi is None or values[0] is None or values[1] is None or not fails(kpi, float(values[1] - values[0])):
            return None
        if (own := step_of(kpi)) is not None:
            return own
        beside = self._steps_beside(alert.kpi, alert.window)
        before, after = (
            {name: one for name in beside if (one := look(name, alert.window, us).get(TOTAL, {}).get(TOTAL))}
            for us in (before_us, end_us)
        )
        return failing_step(beside, before, after)

    def _steps_beside(self, kpi: str, window: str) -> Mapping[str, str]:
        """KPIs of the funnel's steps in the same windows, of a KPI at its end."""
        found = self.catalogue.kpis.get(kpi)
        if found is None or not is_end(found):
            return {}
        return steps_of(one for one in self.catalogue.kpis.values() if window in one.windows)

    def _length_us(self, window: str) -> int:
        shape = shapes(self.catalogue.windows).get(window)
        return shape[0] if shape else _MONTH_US


def _value(slices: Slices, dimension: str, segment: str) -> Fraction | None:
    counts = slices.get(dimension, {}).get(segment)
    return None if counts is None else counts.value


def _agos(rule: Rule, level: str | None = None) -> list[int]:
    """What a rule compares with, of a level or of all."""
    levels = rule.conditions.levels
    its = [one for name, one in levels.items() if level is None or name == level]
    pasts = (clause.past for condition in its for clause in clauses(condition))
    return [one.versus.us for one in pasts if one is not None and one.kpi is None and isinstance(one.versus, Ago)]


def _us(at: datetime) -> int:
    return (at - _EPOCH) // timedelta(microseconds=1)

"""The colours of a KPI: where its rules begin to warn. And what else watches it, in words.

A threshold of Grafana holds from its value on, a limit `above` only beyond it: at the limit itself the colour is early.
"""

from collections.abc import Iterable, Iterator
from itertools import pairwise

from grafana_foundation_sdk.models.dashboard import Threshold

from alerting.clause import Clause, Limit, Verdict
from alerting.condition import LEVELS, Level
from alerting.reference import Figure
from alerting.rule import Rule
from models.kpi import Kpi

FINE, NEUTRAL = "green", "blue"
COLOURS = {Level.WARNING: "orange", Level.CRITICAL: "red"}

Limits = dict[Level, Limit]


def thresholds(kpi: Kpi, window: str | None, rules: Iterable[Rule]) -> list[Threshold]:
    """Of the total in `window`; None: one that the reader chooses, where only the limits of a ratio make sense.

    One neutral colour where no rule has a fixed limit.
    """
    fits = (rule for rule in rules if rule.kpi == kpi.name and rule.by is None)
    for rule in fits:
        limits = fixed_limits(rule)
        if limits and (rule.window == window or kpi.denominator is not None):
            return _steps(limits)
    return [Threshold(None, NEUTRAL)]


def fixed_limits(rule: Rule) -> Limits:
    """By level, those that do not follow from the past or from other KPIs."""
    found = {}
    for level, condition in rule.conditions.levels.items():
        if isinstance(condition, Clause) and condition.kpi is None and isinstance(condition.test, Limit):
            found[level] = condition.test
    return found


def watched_by(kpi: Kpi, rules: Iterable[Rule]) -> str:
    """A sentence that names the rules of a KPI; nothing without one."""
    names = [_named(rule) for rule in rules if rule.kpi == kpi.name]
    return f" Watched by {', '.join(names)}." if names else ""


def _named(rule: Rule) -> str:
    by = f" by {rule.by}" if rule.by else ""
    return f"{rule.name} ({rule.window}{by})"


def _steps(limits: Limits) -> list[Threshold]:
    """Between two bounds nothing changes, so a value in the middle tells the colour."""
    bounds = sorted({bound for limit in limits.values() for bound in (limit.low, limit.high) if bound is not None})
    samples = [bounds[0] - 1, *(sum(pair) / 2 for pair in pairwise(bounds)), bounds[-1] + 1]
    return [Threshold(start, _colour(limits, at)) for start, at in zip((None, *bounds), samples, strict=True)]


def _colour(limits: Limits, value: float) -> str:
    return next((COLOURS[level] for level in _breached(limits, value)), FINE)


def _breached(limits: Limits, value: float) -> Iterator[Level]:
    """The worst first."""
    for level in reversed(LEVELS):
        if level in limits and limits[level].verdict(Figure(value), confident=False) is Verdict.HOLDS:
            yield level

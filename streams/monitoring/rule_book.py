"""The rules of a worker by the series they look at, and what has to be remembered for them. A value: never changed."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, tzinfo
from functools import cached_property
from typing import Self
from zoneinfo import ZoneInfo

from alerting.alert import LAST_VALUES
from alerting.reference import Ago, Baseline
from alerting.rule import On, Rule
from models.goal import with_goals
from models.settings import Settings
from models.window import DAY_US, HOUR_US, MINUTE_US, Window
from streams.monitoring.behind import PIPELINE_BEHIND
from streams.monitoring.history import Kind, Need
from streams.monitoring.values import Group

FIVE_US = 5 * MINUTE_US

Clock = tuple[tuple[str, ...], On]
"""The groups of KPIs by which a rule's time goes, and which values it looks at."""


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What rules live in, and a change of rules leaves as it is.

    `groups`: by KPI, the group that it is published with; `definitions`: by KPI, the hash of its own; `max_lag_us`:
    further behind than that is behind.
    """

    windows: Mapping[str, Window]
    groups: Mapping[str, str]
    definitions: Mapping[str, str]
    zone: tzinfo = UTC
    allowed_lateness_us: int = 60_000_000
    max_lag_us: int = 60_000_000

    @classmethod
    def of(cls, settings: Settings, groups: Iterable[Group], windows: Mapping[str, Window]) -> Self:
        """Those of a monitor: its groups of KPIs, with what their targets make of them, in its windows."""
        its = [(one, group) for group in groups for kpi in group.kpis for one in with_goals({kpi.name: kpi}).values()]
        return cls(
            windows=windows,
            groups={kpi.name: group.key for kpi, group in its},
            definitions={kpi.name: kpi.definition for kpi, _ in its},
            zone=ZoneInfo(settings.business_timezone),
            allowed_lateness_us=round(settings.allowed_lateness_s * 1e6),
            max_lag_us=round(settings.max_lag_s * 1e6),
        )


@dataclass(frozen=True)
class RuleBook:
    """See above."""

    rules: tuple[Rule, ...]
    around: Surroundings

    @cached_property
    def by_name(self) -> Mapping[str, Rule]:
        """Those that are built in too."""
        return {rule.name: rule for rule in (*self.rules, PIPELINE_BEHIND)}

    @cached_property
    def by_kind(self) -> Mapping[Kind, tuple[Rule, ...]]:
        """Rules that look at a value of a kind: that of their own KPI, or of another they name."""
        return _grouped((kind, rule) for rule in self.rules for kind in _kinds(rule))

    @cached_property
    def compared(self) -> Mapping[Kind, Need]:
        """Kinds of which rules need what was seen long ago; KPIs with their definitions: others are not compared."""
        found: dict[Kind, Need] = {}
        for rule in self.rules:
            for reference in rule.pasts:
                kpi = reference.kpi or rule.kpi
                kind = (defined(kpi, self.around.definitions[kpi]), rule.window, rule.dimension)
                need = self._need(rule, reference.versus)
                found[kind] = found[kind] | need if kind in found else need
        return found

    @cached_property
    def remembered(self) -> frozenset[Kind]:
        """The same kinds, without their definitions."""
        places = ((one.kpi or rule.kpi, rule.window, rule.dimension) for rule in self.rules for one in rule.pasts)
        return frozenset(places)

    @cached_property
    def joined(self) -> Mapping[Kind, Need]:
        """Kinds that rules look at together with others: as long as a correction reaches."""
        found: dict[Kind, Need] = {}
        for rule in self.rules:
            need = Need(LAST_VALUES * rule.every_us + HOUR_US, groups=self._groups(rule))
            for kind in _kinds(rule) if rule.kpis else ():
                found[kind] = found[kind] | need if kind in found else need
        return found

    @cached_property
    def expected(self) -> tuple[Rule, ...]:
        """Rules for which no data is news from the start: of the total, which always has some."""
        return tuple(rule for rule in self.rules if rule.no_data is not None and rule.by is None)

    @cached_property
    def clocks(self) -> Mapping[str, Clock]:
        """Of every rule; of what is built in none."""
        return {rule.name: (tuple(sorted(self._groups(rule))), rule.on) for rule in self.rules}

    def step_us(self, window: str) -> int:
        """What baselines remember of windows that overlap: those that do not, at most twelve an hour."""
        kind = self.around.windows[window]
        length_us = kind.end_us(kind.grid.pane(0)) - kind.start_us(kind.grid.pane(0))
        return 1 if kind.calendar else min(max(length_us, FIVE_US), HOUR_US)

    def _groups(self, rule: Rule) -> frozenset[str]:
        return frozenset(self.around.groups[kpi] for kpi in (rule.kpi, *rule.kpis))

    def _need(self, rule: Rule, versus: Ago | Baseline | None) -> Need:
        """A day more: where the clock changes, and for corrections."""
        match versus:
            case Baseline(weeks=weeks):
                return Need((7 * weeks + 1) * DAY_US, self.step_us(rule.window), self._groups(rule))
            case Ago(us=us):
                return Need(us + DAY_US, groups=self._groups(rule))
            case _:
                return Need(0)


def defined(kpi: str, definition: str) -> str:
    """The name of a KPI under a definition, as what was seen long ago is kept by."""
    return f"{kpi}@{definition}"


def _kinds(rule: Rule) -> list[Kind]:
    return [(kpi, rule.window, rule.dimension) for kpi in (rule.kpi, *sorted(rule.kpis))]


def _grouped(pairs: Iterable[tuple[Kind, Rule]]) -> dict[Kind, tuple[Rule, ...]]:
    found: dict[Kind, list[Rule]] = {}
    for kind, rule in pairs:
        found.setdefault(kind, []).append(rule)
    return {kind: tuple(rules) for kind, rules in found.items()}

"""`kpi rules backtest`: which alerts rules would have told of, over values of the past.

The values are those of `kpi-values`, as they were known last, or what an event file makes in memory. Rules see windows
in the order in which they end; what was seen before the time that is asked for is seen too, so that `for` and last
week are known.
"""

from collections.abc import Collection, Iterable
from dataclasses import dataclass, field

import msgspec

from alerting.condition import RANK, Level
from alerting.lifecycle import BEGINS, ENDS, Send
from alerting.rule import Rule
from alerting.transition import Transition
from models.kpi_value import KpiValue, Series
from models.window import DAY_US
from streams.monitoring.rule_book import Surroundings
from streams.tools.evaluation import Evaluation

WEEK_US = 7 * DAY_US


@dataclass(frozen=True, slots=True)
class Span:
    """Event time that is asked for, us; None: from the first value, to the last."""

    from_us: int | None = None
    to_us: int | None = None


@dataclass(slots=True)
class Episode:
    """An alert from its first firing to its end (None: it fires at the end). Event time, us; `level`: the worst."""

    rule: str
    segment: str
    dimension: str
    level: Level
    starts_us: int
    ends_us: int | None
    reason: str
    transitions: list[Transition] = field(default_factory=list)

    @property
    def pages(self) -> int:
        """How often somebody was called: when it began, and when it became worse."""
        return self.pages_since(None)

    def pages_since(self, from_us: int | None) -> int:
        """The same, without what was before."""
        calls = (one for one in self.transitions if one.reason in BEGINS or one.reason is Send.RAISE)
        return sum(from_us is None or _at_us(one) >= from_us for one in calls)


class RuleSummary(msgspec.Struct, frozen=True):
    """Of a rule in the time asked for. `time_s`: all its alerts together, each up to the end of that time."""

    rule: str
    alerts: int
    pages: int
    pages_a_week: float
    time_s: float


@dataclass(frozen=True, slots=True)
class Backtest:
    """What one file of rules would have told, from the first to the last value that counts."""

    from_us: int
    to_us: int
    values: int
    episodes: tuple[Episode, ...]
    rules: tuple[RuleSummary, ...]


def wanted(rules: Iterable[Rule]) -> frozenset[tuple[str, str, str]]:
    """KPI, window and dimension of all series that rules look at."""
    kinds = ((kpi, rule) for rule in rules for kpi in _kpis(rule))
    return frozenset((kpi, rule.window, rule.dimension) for kpi, rule in kinds)


def nothing_in(values: Collection[KpiValue], span: Span) -> str | None:
    """Why there is nothing to try rules on; None where there is something."""
    if not values:
        return "there is no value of what these rules watch"
    if span.to_us is not None and all(value.end_us > span.to_us for value in values):
        return "there is no value of what these rules watch before --to"
    if span.from_us is not None and all(value.end_us < span.from_us for value in values):
        return "there is no value of what these rules watch after --from"
    return None


def backtest(rules: tuple[Rule, ...], values: Iterable[KpiValue], around: Surroundings, span: Span) -> Backtest:
    """The last revision of every window counts, whatever the order of `values`, of which some are in the span."""
    kinds, last = wanted(rules), dict[tuple[Series, int], KpiValue]()
    for value in values:
        inside = span.to_us is None or value.end_us <= span.to_us
        if value.series[:3] in kinds and inside:
            last[value.series, value.start_us] = value
    ends = [value.end_us for value in last.values()]
    assert ends, "see nothing_in"
    from_us, to_us = span.from_us or min(ends), span.to_us or max(ends)
    found = [one for one in episodes(Evaluation(rules, around).over(last.values())) if _within(one, from_us, to_us)]
    return Backtest(from_us, to_us, len(last), tuple(found), tuple(_summaries(rules, found, from_us, to_us)))


def episodes(transitions: Iterable[Transition]) -> list[Episode]:
    """Transitions by the alert they are of, in the order in which alerts began."""
    found: list[Episode] = []
    firing: dict[str, Episode] = {}
    for one in transitions:
        episode = firing.get(one.fingerprint)
        if episode is None:
            episode = Episode(one.rule, one.segment, one.dimension, one.level, one.starts_at_us, None, one.reason.value)
            firing[one.fingerprint] = episode
            found.append(episode)
        episode.transitions.append(one)
        episode.level = max(episode.level, one.level, key=RANK.__getitem__)
        if one.reason in ENDS:
            episode.ends_us = one.ends_at_us
            del firing[one.fingerprint]
    return found


def _kpis(rule: Rule) -> set[str]:
    return {rule.kpi, *rule.kpis} | {one.kpi for one in rule.conditions.references if one.kpi is not None}


def _at_us(told: Transition) -> int:
    """When it was told: of a change of level that is not when the alert began."""
    return told.span_us[1] if told.span_us else told.starts_at_us


def _within(episode: Episode, from_us: int, to_us: int) -> bool:
    return episode.starts_us <= to_us and (episode.ends_us is None or episode.ends_us >= from_us)


def _summaries(rules: tuple[Rule, ...], found: list[Episode], from_us: int, to_us: int) -> list[RuleSummary]:
    weeks = max(to_us - from_us, DAY_US) / WEEK_US  # of less than a day nothing can be said about a week
    summaries = []
    for rule in rules:
        its = [one for one in found if one.rule == rule.name]
        pages = sum(one.pages_since(from_us) for one in its)
        time_us = sum(min(one.ends_us or to_us, to_us) - max(one.starts_us, from_us) for one in its)
        summaries.append(RuleSummary(rule.name, len(its), pages, pages / weeks, max(time_us, 0) / 1e6))
    return summaries

"""Rules over values that are given: the evaluator of the worker, for tests of rules and over the past."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import groupby
from zoneinfo import ZoneInfo

from msgspec.structs import replace

from alerting.alert import AlertState
from alerting.rule import Rule
from alerting.transition import Transition
from models.kpi import Catalogue
from models.kpi_value import KpiValue, Status
from models.settings import Settings
from models.window import Window, windows
from models.window_definition import defined_windows
from streams.monitoring.alert_tables import AlertTables
from streams.monitoring.alerts import Alerting, Moment
from streams.monitoring.rule_book import RuleBook, Surroundings
from streams.monitoring.values import Group


def kinds_of(settings: Settings, catalogue: Catalogue) -> dict[str, Window]:
    """The kinds of windows there are, by name."""
    zone = ZoneInfo(settings.business_timezone)
    return windows(zone) | defined_windows(catalogue.windows, zone)


def surroundings(settings: Settings, catalogue: Catalogue) -> Surroundings:
    """What the rules of a worker with these settings and KPIs live in."""
    groups = [Group(tuple(sorted(feeds)), kpis) for feeds, kpis in catalogue.by_feeds.items()]
    return Surroundings.of(settings, groups, kinds_of(settings, catalogue))


@dataclass(slots=True)
class Evaluation:
    """One task that has everything; times are event time, us since 1970 UTC."""

    rules: tuple[Rule, ...]
    around: Surroundings
    tables: AlertTables = field(default_factory=AlertTables)
    _alerting: Alerting = field(init=False)
    _heard: set[str] = field(default_factory=set)

    def __post_init__(self) -> None:
        self._alerting = Alerting(RuleBook(self.rules, self.around))

    def step(self, values: Iterable[KpiValue], closed_us: int, *, behind: bool = False) -> list[Transition]:
        """What changes by these values, now that all windows that end up to `closed_us` are closed.

        `behind`: the pipeline is behind; who gives values knows that, so `PipelineBehind` is not told of.
        """
        watermark_us, given = closed_us + self.around.allowed_lateness_us, list(values)
        self._heard |= {self.around.groups[value.series.kpi] for value in given}
        times_us = dict.fromkeys(self._heard, watermark_us)  # of what nothing was ever heard, no time is known
        moment = Moment(times_us, self.around.max_lag_us + 1 if behind else 0, watermark_us, total=True)
        told = list(self._alerting.step(self.tables, given, moment))
        names = {rule.name for rule in self.rules}
        for table in self.tables.all():
            table.drain()
        return [one for one in told if one.rule in names]

    def over(self, values: Iterable[KpiValue]) -> Iterator[Transition]:
        """What they would have told: window by window as they end; the open ones last, as they were seen last.

        Of windows that were corrected only the last revision is known; it counts as if it had been right at once.
        """
        for at_us, its in groupby(sorted(values, key=_turn), key=_at_us):
            seen = [one if _open(one) else replace(one, status=Status.FINAL) for one in its]
            yield from self.step(seen, at_us)

    def state(self, rule: str, segment: str) -> AlertState:
        """Of an alert, now."""
        return self.tables.states.rows.get((rule, segment)) or AlertState()


def _open(value: KpiValue) -> bool:
    return value.status is Status.PROVISIONAL


def _at_us(value: KpiValue) -> int:
    return value.watermark_us if _open(value) else value.end_us


def _turn(value: KpiValue) -> tuple[int, bool, int]:
    return _at_us(value), _open(value), value.end_us

"""What a task keeps of its alerts, and of the values they are about."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from alerting.alert import AlertState, Observation
from alerting.baseline import Band, band
from alerting.reference import Against, Ago, Baseline, Figure, Reference
from alerting.rule import Rule
from models.kpi_value import KpiValue, Series, Status
from models.table import ChangeLogged, Table, packed_codec
from models.window import DAY_US
from streams.monitoring.deadlines import AlertKey, Deadlines
from streams.monitoring.history import History, earlier
from streams.monitoring.rule_book import RuleBook, defined


@dataclass(slots=True)
class AlertTables:
    """`states` of alerts; `pasts`: figures of long ago; `joined`: values of rules that look at several KPIs.

    Not stored: `book`, the rules that all this suits; `open`: the last values of open windows, which are published
    again after a restart; `deadlines`; `expected`: rules on the total of which nothing was seen yet.
    """

    states: Table[AlertKey, AlertState] = field(
        default_factory=lambda: Table("alerts", packed_codec(AlertState, AlertKey))
    )
    pasts: History[Figure] = field(default_factory=lambda: History("alert_pasts", Figure))
    joined: History[Observation] = field(default_factory=lambda: History("alert_joined", Observation))
    book: RuleBook | None = None
    open: dict[Series, Observation] = field(default_factory=dict)
    deadlines: Deadlines = field(default_factory=Deadlines)
    expected: Sequence[Rule] = ()

    def all(self) -> tuple[ChangeLogged, ...]:
        """See Tables."""
        return (self.states, self.pasts, self.joined)

    def suit(self, book: RuleBook) -> None:
        """Keep what these rules need; what is known for both stays."""
        self.book, self.deadlines, self.expected = book, Deadlines(), book.expected
        self.pasts.suit(book.compared)
        self.joined.suit(book.joined)
        self.open = {series: one for series, one in self.open.items() if series[:3] in book.joined}

    def keep(self, key: AlertKey, state: AlertState) -> None:
        """Set the state of an alert; of one that says nothing there is no row."""
        if state != AlertState():
            self.states.put(key, state)
        elif key in self.states.rows:
            self.states.delete(key)

    def note(self, book: RuleBook, value: KpiValue) -> None:
        """Remember what rules need of a value."""
        kind, closed = value.series[:3], value.status is not Status.PROVISIONAL
        if closed and kind in book.remembered:
            series = value.series._replace(kpi=defined(value.series.kpi, value.definition))
            self.pasts.note(series, value.end_us, Figure(value.value, value.denominator, value.interval))
        if kind in book.joined and closed:
            self.joined.note(value.series, value.end_us, Observation.of(value))
        elif kind in book.joined:
            self.open[value.series] = Observation.of(value)

    def release(self, times_us: Mapping[str, int]) -> None:
        """Let go of what no rule needs any more, with the event time that each group of KPIs has reached."""
        self.pasts.release(times_us)
        self.joined.release(times_us)

    def complete(self, rule: Rule, value: KpiValue) -> Observation | None:
        """The observation of a rule over several KPIs, once all of them have a value in the window of one of them."""
        _, window, dimension, segment = value.series
        own, *others = (
            self._seen(Series(kpi, window, dimension, segment), value.end_us) for kpi in (rule.kpi, *rule.kpis)
        )
        if own is None or None in others:
            return None
        its = [own, *(one for one in others if one is not None)]
        if any(one.status is Status.PROVISIONAL for one in its):
            status, mark_us = Status.PROVISIONAL, min(one.watermark_us for one in its)
        else:
            status, mark_us = value.status, own.watermark_us
        return Observation(
            segment, own.start_us, own.end_us, own.value, own.numerator, own.denominator, own.interval, status, mark_us
        )

    def against(self, rule: Rule, segment: str, end_us: int) -> Against:
        """What is known of the figures a rule refers to, for one window."""
        assert self.book is not None
        found: dict[Reference, Figure | Band] = {}
        for reference in rule.conditions.references:
            series = Series(reference.kpi or rule.kpi, rule.window, rule.dimension, segment)
            figure = self._figure(self.book, rule, reference, series, end_us)
            if figure is not None:
                found[reference] = figure
        return found

    def _figure(
        self, book: RuleBook, rule: Rule, reference: Reference, series: Series, end_us: int
    ) -> Figure | Band | None:
        if reference.versus is None:
            seen = self._seen(series, end_us)
            return None if seen is None else seen.figure
        series = series._replace(kpi=defined(series.kpi, book.around.definitions[series.kpi]))
        match reference.versus:
            case Ago(us=us):
                return self.pasts.of(series, earlier(end_us, us, book.around.zone))
            case Baseline() as usual:
                least, step_us = rule.conditions.min_denominator, book.step_us(series.window)
                hours = (earlier(end_us, 7 * DAY_US * week, book.around.zone) for week in range(1, usual.weeks + 1))
                weeks = [_values(self.pasts.hour(series, at_us, step_us), least) for at_us in hours]
                return band(weeks, usual.min_weeks)

    def _seen(self, series: Series, end_us: int) -> Observation | None:
        """The last that is known of a window."""
        closed, opened = self.joined.of(series, end_us), self.open.get(series)
        return closed or (opened if opened is not None and opened.end_us == end_us else None)


def _values(figures: list[Figure], least: int) -> list[float]:
    """Those that are there, and over enough."""
    enough = (one for one in figures if one.denominator is None or one.denominator >= least)
    return [one.value for one in enough if one.value is not None]

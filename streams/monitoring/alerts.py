"""Rules over the values of one task: every series has one owner, so it is alerted once.

A step remembers its values first, then shows each to its rules, then looks for silence; so a rule sees what it compares
with whatever the order of the values of a step.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from msgspec.structs import replace

from alerting.alert import AlertState, Observation, identified
from alerting.evaluator import evaluate, stale
from alerting.reference import NOTHING
from alerting.rule import TOTAL, On, Rule
from alerting.silence import deadline, fits, removed, silent
from alerting.transition import Transition
from models.kpi_value import KpiValue, Status
from streams.monitoring import behind
from streams.monitoring.alert_tables import AlertTables
from streams.monitoring.deadlines import AlertKey
from streams.monitoring.rule_book import RuleBook

_Shown = tuple[Rule, KpiValue]
"""A value, and a rule that looks at it together with others."""


@dataclass(frozen=True, slots=True)
class Moment:
    """When a step looks. `times_us`: the watermark up to which windows are closed, by group (event time).

    `behind_us`: freshness, the age of the oldest unread record; `now_us`: wall clock; `total`: the task has the total.
    `heard`: all tasks have told how far they are since this one was opened.
    """

    times_us: Mapping[str, int]
    behind_us: int
    now_us: int
    total: bool
    heard: bool = True


@dataclass(slots=True)
class Alerting:
    """The rules of a worker. `book` may be replaced between two steps: each task follows at its next one."""

    book: RuleBook

    def renew(self, rules: Iterable[Rule]) -> None:
        """Other rules, from the next step on: what does not fit them is resolved, everything else goes on."""
        self.book = RuleBook(tuple(rules), self.book.around)

    def step(self, tables: AlertTables, values: Sequence[KpiValue], moment: Moment) -> Iterator[Transition]:
        """What changes because of these values and of time; changes the tables."""
        if tables.book is not self.book:
            yield from self._renewed(tables)
        late = moment.behind_us > self.book.around.max_lag_us or not moment.heard
        if moment.total:
            yield from self._pipeline(tables, moment)
        yield from self._shown(tables, values, late=late)
        if moment.total:
            self._expect(tables, moment)
        yield from self._silences(tables, moment, late=late)
        tables.release(moment.times_us)

    def _renewed(self, tables: AlertTables) -> Iterator[Transition]:
        """Other rules than before, or the first after a restart."""
        book = self.book
        tables.suit(book)
        for key, state in list(tables.states.rows.items()):
            name, segment = key
            rule = book.by_name.get(name)
            if rule is not None and fits(rule, state, segment):
                self._watch(tables, rule, key, state)
                continue
            after, transition = removed(name, state, segment)
            if after != state:
                tables.keep(key, after)
            if transition is not None:
                yield transition

    def _pipeline(self, tables: AlertTables, moment: Moment) -> Iterator[Transition]:
        key = (behind.PIPELINE_BEHIND.name, TOTAL)
        before = tables.states.rows.get(key) or AlertState()
        max_lag_us = self.book.around.max_lag_us
        if moment.behind_us <= max_lag_us and not moment.heard:  # whether it has caught up is not known
            return
        after, transition = behind.look(before, moment.behind_us, max_lag_us, moment.now_us)
        if transition is not None:
            tables.keep(key, after)
            yield transition

    def _expect(self, tables: AlertTables, moment: Moment) -> None:
        """Rules on the total that nothing was ever seen of wait for it from now on."""
        times_us, waiting = moment.times_us, []
        for rule in tables.expected:
            key, (groups, _) = (rule.name, TOTAL), self.book.clocks[rule.name]
            state = tables.states.rows.get(key) or AlertState()
            if state.data_us is None and not all(group in times_us for group in groups):
                waiting.append(rule)
            elif state.data_us is None:
                now_us = min(times_us[group] for group in groups) - self.book.around.allowed_lateness_us
                after = replace(identified(rule, state, TOTAL), seen_us=max(now_us, state.seen_us), data_us=now_us)
                tables.keep(key, after)
                self._watch(tables, rule, key, after)
        tables.expected = waiting

    def _shown(self, tables: AlertTables, values: Sequence[KpiValue], *, late: bool) -> Iterator[Transition]:
        """Every value to its rules."""
        book = self.book
        joined: dict[tuple[int, AlertKey], _Shown] = {}
        for value in values:
            tables.note(book, value)
        for value in values:
            rules = book.by_kind.get(value.series[:3])
            if rules is None:
                continue
            observation = Observation.of(value)
            for rule in rules:
                key = (rule.name, observation.segment)
                if rule.kpis:
                    place = (value.end_us, key)
                    joined[place] = _foremost(joined.get(place), (rule, value))
                elif rule.sees(observation.status):
                    yield from self._evaluated(tables, rule, key, observation, late=late)
        yield from self._shown_together(tables, joined, late=late)

    def _shown_together(
        self, tables: AlertTables, joined: Mapping[tuple[int, AlertKey], _Shown], *, late: bool
    ) -> Iterator[Transition]:
        """Windows of rules over several KPIs, in the order of time: groups of KPIs come one after the other."""
        for (_, key), (rule, value) in sorted(joined.items(), key=lambda one: one[0]):
            complete = tables.complete(rule, value)
            if complete is not None and rule.sees(complete.status):
                yield from self._evaluated(tables, rule, key, complete, late=late)

    def _evaluated(
        self, tables: AlertTables, rule: Rule, key: AlertKey, observation: Observation, *, late: bool
    ) -> Iterator[Transition]:
        at_us = observation.at_us
        before = tables.states.rows.get(key) or AlertState()
        if late and rule.on is On.PROVISIONAL:
            after, transition = stale(rule, before, observation, at_us), None
        else:
            lateness_us = self.book.around.allowed_lateness_us if observation.status is Status.PROVISIONAL else 0
            if (due_us := deadline(rule, before)) is not None and due_us < at_us - lateness_us:
                yield from overdue(tables, rule, key, at_us - lateness_us)
                before = tables.states.rows.get(key) or AlertState()
            against = tables.against(rule, key[1], observation.end_us) if rule.conditions.references else NOTHING
            after, transition = evaluate(rule, before, observation, at_us, against)
        if after != before:
            tables.keep(key, after)
            self._watch(tables, rule, key, after)
        if transition is not None:
            yield transition

    def _silences(self, tables: AlertTables, moment: Moment, *, late: bool) -> Iterator[Transition]:
        lateness_us, skip = self.book.around.allowed_lateness_us, On.PROVISIONAL if late else None
        for key, now_us in list(tables.deadlines.due(moment.times_us, lateness_us, skip)):
            rule = self.book.by_name[key[0]]
            yield from overdue(tables, rule, key, now_us + 1)
            self._watch(tables, rule, key, tables.states.rows.get(key) or AlertState())

    def _watch(self, tables: AlertTables, rule: Rule, key: AlertKey, state: AlertState) -> None:
        if rule.name in self.book.clocks:
            tables.deadlines.watch(self.book.clocks[rule.name], key, deadline(rule, state))


def _foremost(known: _Shown | None, shown: _Shown) -> _Shown:
    """Of two values of a window in one step, the one that says what the window is now: that which closes it, if any.

    The other may be a correction; by that the window would be past, which pages nobody, before it was ever looked at.
    """
    return shown if known is None or known[1].status is not Status.FINAL else known


def overdue(tables: AlertTables, rule: Rule, key: AlertKey, before_us: int) -> Iterator[Transition]:
    """What an alert's silence means before a moment; changes its state."""
    state = tables.states.rows.get(key)
    while state is not None and (at_us := deadline(rule, state)) is not None and at_us < before_us:
        state, transition = silent(rule, state, key[1])
        tables.keep(key, state)
        if transition is not None:
            yield transition

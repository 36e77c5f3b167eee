"""Alerts of a run: what is sent of each goes on without a gap, and is what the values that were published say."""

from collections.abc import Iterable, Iterator
from datetime import datetime

from alerting.alert import AlertState
from alerting.lifecycle import ALARMED, BEGINS, ENDS, Send
from alerting.notification import Alert
from alerting.rule import On, Rule
from alerting.rules_file import load
from models.goal import with_goals
from models.kpi_value import KpiValue, Series, Status, Unit
from models.kpis_file import load_kpis
from simulation.formulas import KPIS
from streams.monitoring.alert_tables import AlertTables
from streams.monitoring.alerts import Alerting, Moment
from streams.monitoring.rule_book import RuleBook
from streams.publication import KpiValueRecord

RULES = """
rules:
- {name: Views, kpi: page_views, window: 1m, on: final, levels: {warning: {above: 0}, critical: {above: 1}}}
- {name: Fewer, kpi: page_views, window: 1m, on: final, levels: {warning: {drop: {by: 10%, versus: 2m}}}, for: 1m}
- name: Both
  kpi: page_views
  window: 1m
  on: final
  levels: {warning: {all: [{below: 2}, {kpi: interactions, above: 0}]}}
- name: Rate
  kpi: conversion_rate
  window: 5m
  by: channel
  on: final
  levels: {warning: {outside: [0.2, 0.6]}}
  for: 2m
- {name: Sure, kpi: conversion_rate, window: 5m, confident: true, levels: {warning: {below: 0.9}}, for: 1m}
- name: Quiet
  kpi: page_views
  window: 1m
  by: channel
  levels: {critical: {above: 2}}
  no_data: {after: 2m, level: warning}
"""


def rules() -> tuple[Rule, ...]:
    return load(RULES, "alerts.yaml", with_goals(load_kpis(KPIS, "kpis.yaml").kpis))


def gap(before: Alert | None, after: Alert) -> str | None:
    """What is wrong between two records of an alert that were committed one after the other."""
    if after.sequence != (before.sequence if before else 0) + 1:
        return f"sequence {after.sequence} after {before.sequence if before else 0}"
    firing = before is not None and before.firing
    if after.reason in ENDS and not firing:
        return f"{after.reason} of what does not fire"
    return f"{after.reason} again" if firing and before and after.reason == before.reason in BEGINS else None


def standing(tables: Iterable[AlertTables]) -> dict[str, int]:
    """By fingerprint, the sequence of every alert that fires now by the tables of all tasks."""
    states: list[AlertState] = [state for its in tables for state in its.states.rows.values()]
    return {state.identity.fingerprint: state.sequence for state in states if state.identity and state.state in ALARMED}


def told_by(values: Iterable[KpiValueRecord], alerting: Alerting) -> Iterator[tuple[str, int, str]]:
    """What the rules on closed windows say of the published values: fingerprint, sequence and reason.

    Not those that wait for silence, and not that a segment is gone: what is published does not say when it was looked.

    Steps are kept together, since all values of a step are known before a rule looks at one: a window that is closed
    in the step that corrects another KPI is judged with what is right, and never was what it would have been before.
    But a step is not replayed as the product takes it: each value is shown alone, in the order of time to rules over
    several KPIs. So what the product makes of several values of a window at once is not taken on trust: it has lost
    the page of a window that one KPI closed in the step that corrected the other, which a step replayed whole would
    have lost as well.
    """
    its = [rule for rule in alerting.book.rules if rule.on is On.FINAL and rule.no_data is None]
    steps = list(_steps(values))
    in_time = [sorted(step, key=lambda value: value.end_us) for step in steps]
    for order, several in ((steps, False), (in_time, True)):
        rules = tuple(rule for rule in its if bool(rule.kpis) is several)
        yield from _replayed(order, Alerting(RuleBook(rules, alerting.book.around)))


def _steps(values: Iterable[KpiValueRecord]) -> Iterable[list[KpiValue]]:
    """Values that were published together. A dimension has one owner, who takes no two steps at the same time."""
    found: dict[tuple[str, str], list[KpiValue]] = {}
    for record in values:
        found.setdefault((record.dimension, record.emitted_at), []).append(_value(record))
    return found.values()


def _replayed(steps: Iterable[list[KpiValue]], again: Alerting) -> Iterator[tuple[str, int, str]]:
    tables = AlertTables()
    tables.suit(again.book)
    for step in steps:
        for value in step:
            tables.note(again.book, value)
        for value in step:
            for told in again.step(tables, [value], Moment({}, 0, 0, total=False)):
                if told.reason is not Send.GONE:
                    yield told.fingerprint, told.sequence, told.reason


def _value(record: KpiValueRecord) -> KpiValue:
    """A ratio or a count as it was before it was published."""
    assert isinstance(record.numerator, int)
    return KpiValue(
        series=Series(record.kpi, record.window, record.dimension, record.segment),
        start_us=us(record.start),
        end_us=us(record.end),
        unit=Unit(record.unit),
        exponent=0,
        numerator=record.numerator,
        denominator=record.denominator,
        interval=record.interval,
        status=Status(record.status),
        revision=record.revision,
        watermark_us=us(record.watermark),
        definition=record.definition,
        emitted_us=0,
    )


def us(moment: str) -> int:
    return round(datetime.fromisoformat(moment).timestamp() * 1e6)

"""The steps of the funnel that a KPI is about."""

from collections.abc import Iterable, Mapping

from models.kpi import Kpi
from models.measure import BOTH_STEPS, CONVERTING_SESSIONS, ORDERS, REVENUE, SESSIONS, STEPS

_AT_THE_END = frozenset((CONVERTING_SESSIONS, ORDERS, REVENUE))


def step_of(kpi: Kpi) -> str | None:
    """`add_payment_info -> purchase` of a KPI made of sessions with both; None of any other."""
    for term in kpi.numerator:
        if steps := BOTH_STEPS.get(term.measure):
            return " -> ".join(STEPS[step] for step in steps)
    return None


def fails(kpi: Kpi, change: float) -> bool:
    """Whether a step fails more often by a change of its KPI: fewer go on, or more give up."""
    return change > 0 if len(kpi.numerator) > 1 else change < 0


def is_end(kpi: Kpi) -> bool:
    """Whether all of the funnel decides a KPI: conversion, orders, revenue; not what an order is worth."""
    over = {term.measure for term in kpi.denominator or ()}
    return any(term.measure in _AT_THE_END for term in kpi.numerator) and over <= {SESSIONS}


def steps_of(kpis: Iterable[Kpi]) -> Mapping[str, str]:
    """By name of the KPI, of those that are shares of going on: a step that fails lowers its own."""
    found = ((kpi.name, step_of(kpi)) for kpi in kpis if len(kpi.numerator) == 1)
    return {name: step for name, step in found if step is not None}

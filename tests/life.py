"""Alerts as strips, one letter a minute.

Values: a digit is the value of the minute's window, `_` no record at all, `o` a ratio over 0, `x` a value of 0 over a
denominator of 1. Alerts: `-` inactive, `p` pending, `W` firing at warning, `C` firing at critical, `N` no data.
"""

from collections.abc import Iterator

from alerting.alert import AlertState, Observation
from alerting.clause import Clause, Limit
from alerting.condition import Conditions, Level
from alerting.evaluator import evaluate
from alerting.lifecycle import State
from alerting.rule import On, Rule
from alerting.transition import Transition
from models.kpi_value import Status

MINUTE_US = 60_000_000
DENOMINATOR = 1_000


def rule(
    *,
    below: float | None = None,
    above: float | None = None,
    critical: float | None = None,
    hold: int = 0,
    keep: int = 0,
    clear: float | None = None,
    least: int = 0,
    on: On = On.FINAL,
) -> Rule:
    """A rule whose times are minutes; `critical` and `clear` are bounds on the side that makes sense."""

    def limit(bound: float, *, low: bool) -> Clause:
        return Clause(Limit(low=bound) if low else Limit(high=bound))

    low, bound = below is not None, below if below is not None else above
    assert bound is not None
    levels = {Level.WARNING: limit(bound, low=low)}
    if critical is not None:
        levels[Level.CRITICAL] = limit(critical, low=low)
    calm = None if clear is None else limit(clear, low=not low)
    conditions = Conditions(levels, calm, least)
    return Rule("Low", "k", "1m", conditions, for_us=hold * MINUTE_US, keep_firing_for_us=keep * MINUTE_US, on=on)


def observation(minute: int, letter: str, status: Status = Status.FINAL) -> Observation:
    end_us = (minute + 1) * MINUTE_US
    value = None if letter == "o" else float("0" if letter == "x" else letter)
    denominator = {"o": 0, "x": 1}.get(letter, DENOMINATOR)
    return Observation("all", end_us - MINUTE_US, end_us, value, 1, denominator, None, status, end_us)


def lived(watched: Rule, values: str) -> Iterator[tuple[AlertState, Transition | None]]:
    """The state after each minute, and what was told."""
    state = AlertState()
    for minute, letter in enumerate(values):
        told = None
        if letter != "_":
            seen = observation(minute, letter)
            state, told = evaluate(watched, state, seen, seen.at_us)
        yield state, told


def life(watched: Rule, values: str) -> str:
    return "".join(letter_of(state) for state, _ in lived(watched, values))


def letter_of(state: AlertState) -> str:
    if state.state is State.FIRING:
        assert state.level is not None
        return state.level.value[0].upper()
    return {State.PENDING: "p", State.NO_DATA: "N"}.get(state.state, "-")

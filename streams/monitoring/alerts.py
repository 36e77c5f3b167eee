"""Rules over the values of one task: every series has one owner, so it is alerted once."""

from collections.abc import Iterable, Iterator, Sequence

from alerting.alert import AlertState, Observation, Transition
from alerting.evaluator import evaluate
from alerting.rule import Rule
from models.kpi_value import KpiValue
from models.table import Table, packed_codec

AlertKey = tuple[str, str]
"""Rule and segment."""

AlertTable = Table[AlertKey, AlertState]


def alert_table() -> AlertTable:
    """The states of all alerts of a task."""
    return Table("alerts", packed_codec(AlertState, AlertKey))


class RuleBook:
    """The rules by the series they look at."""

    def __init__(self, rules: Iterable[Rule]) -> None:
        self._by_series: dict[tuple[str, str, str], list[Rule]] = {}
        for rule in rules:
            self._by_series.setdefault((rule.kpi, rule.window, rule.dimension), []).append(rule)

    def evaluate(self, states: AlertTable, values: Sequence[KpiValue]) -> Iterator[Transition]:
        """What changes because of these values, in their order; changes the states."""
        for value in values:
            kpi, window, dimension, segment = value.series
            for rule in self._by_series.get((kpi, window, dimension), ()):
                observation = Observation.of(value)
                key = (rule.name, segment)
                before = states.rows.get(key) or AlertState()
                after, transition = evaluate(rule, before, observation, observation.at_us)
                if after != before:
                    states.put(key, after)
                if transition is not None:
                    yield transition

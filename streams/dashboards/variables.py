"""What a reader chooses on top of a dashboard. Links between dashboards carry all of it."""

from collections.abc import Iterable, Sequence

from grafana_foundation_sdk.builders.dashboard import CustomVariable, DatasourceVariable, QueryVariable
from grafana_foundation_sdk.cog.builder import Builder
from grafana_foundation_sdk.models.common import DataSourceRef
from grafana_foundation_sdk.models.dashboard import VariableModel, VariableOption, VariableRefresh, VariableSort

Variable = Builder[VariableModel]

PROMETHEUS = DataSourceRef("prometheus", "${datasource}")
"""Whichever Prometheus the reader chooses: no dashboard names one."""


def datasource() -> Variable:
    """The Prometheus that is asked."""
    return DatasourceVariable("datasource").label("Prometheus").type("prometheus").description("Which one is asked")


def choice(name: str, label: str, about: str, values: Sequence[str], first: str) -> Variable:
    """One of a list that the definitions give; `first` is chosen at the start."""
    options = [VariableOption(text=value, value=value, selected=value == first) for value in values]
    chosen = VariableOption(text=first, value=first, selected=True)
    variable = CustomVariable(name).label(label).description(about).values(",".join(values))
    return variable.options(options).current(chosen)


def labels(name: str, label: str, about: str, of: str, first: str) -> Variable:
    """A label's values, as Prometheus has them in the time that is shown; `of`: a selector.

    The `first` is chosen where a dashboard is opened without one.
    """
    asked = f"label_values({of}, {name})"
    variable = QueryVariable(name).label(label).description(about).datasource(PROMETHEUS)
    variable = variable.query({"query": asked, "refId": name, "qryType": 1}).definition(asked)
    variable = variable.refresh(VariableRefresh.ON_TIME_RANGE_CHANGED).sort(VariableSort.ALPHABETICAL_ASC)
    return variable.current(VariableOption(text=first, value=first, selected=True))


def queryparams(names: Iterable[str]) -> str:
    """What a link within Grafana hands on: these variables, and the time."""
    return "&".join((*(f"${{{name}:queryparam}}" for name in names), "${__url_time_range}"))

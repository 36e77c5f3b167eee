"""Is the KPI wrong or is the pipeline behind? One alert for the pipeline, while rules on open windows hold still."""

from typing import Final

from alerting.alert import AlertState, Observation
from alerting.annotation import Annotation
from alerting.clause import above
from alerting.condition import Conditions, Level
from alerting.evaluator import evaluate
from alerting.lifecycle import State
from alerting.rule import TOTAL, On, Rule
from alerting.transition import Transition
from models.kpi_value import Status

PIPELINE_BEHIND: Final = Rule(
    name="PipelineBehind",
    kpi="freshness",
    window="now",
    conditions=Conditions({Level.CRITICAL: above(60)}),
    on=On.FINAL,
    annotations={
        "summary": Annotation.parse("KPIs are {value:.0f} s behind: rules on open windows wait"),
        "runbook_url": Annotation.parse("docs/runbooks/pipeline-behind.md"),
    },
)
"""There without being written into a file; its times are wall clock. The limit is that of the settings."""


def look(state: AlertState, behind_us: int, max_lag_us: int, now_us: int) -> tuple[AlertState, Transition | None]:
    """The state of its alert, which changes only when the limit is crossed. `now_us`: wall clock."""
    if (behind_us > max_lag_us) == (state.state is State.FIRING):
        return state, None
    value = behind_us / 1e6
    seen = Observation(TOTAL, now_us, now_us, value, round(value), None, None, Status.FINAL, now_us)
    return evaluate(limited(max_lag_us), state, seen, now_us)


def limited(max_lag_us: int) -> Rule:
    """The rule with the limit of the settings."""
    conditions = Conditions({Level.CRITICAL: above(max_lag_us / 1e6)})
    return Rule(
        PIPELINE_BEHIND.name,
        PIPELINE_BEHIND.kpi,
        PIPELINE_BEHIND.window,
        conditions,
        on=PIPELINE_BEHIND.on,
        annotations=PIPELINE_BEHIND.annotations,
    )

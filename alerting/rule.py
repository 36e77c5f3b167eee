"""A rule: which values somebody must know about, and how sure we have to be."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property

from alerting.annotation import Annotation
from alerting.condition import Conditions, Level
from alerting.reference import Reference
from models.kpi_value import Status

TOTAL = "all"  # dimension and segment of the total


class On(StrEnum):
    """Which values a rule looks at."""

    PROVISIONAL = "provisional"  # those of the open window too
    FINAL = "final"  # closed windows only


@dataclass(frozen=True, slots=True)
class NoData:
    """Somebody must know when no value comes for `after_us`, event time."""

    after_us: int
    level: Level


@dataclass(frozen=True)
class Rule:
    """Watches one KPI in one kind of window: the total, or every segment of the dimension `by`. Times in us."""

    name: str
    kpi: str
    window: str
    conditions: Conditions
    by: str | None = None
    for_us: int = 0  # fires when the breach has lasted this long
    keep_firing_for_us: int = 0  # resolves when it has been clear this long
    on: On = On.PROVISIONAL
    no_data: NoData | None = None
    every_us: int = 0  # a window ends so often
    labels: Mapping[str, str] = field(default_factory=dict)
    annotations: Mapping[str, Annotation] = field(default_factory=dict)

    @cached_property
    def dimension(self) -> str:
        """Dimension of the values it looks at."""
        return self.by or TOTAL

    @cached_property
    def kpis(self) -> frozenset[str]:
        """Others beside its own of which it needs the value in the same window."""
        return frozenset(one.kpi for one in self.conditions.references if one.versus is None and one.kpi is not None)

    @cached_property
    def pasts(self) -> frozenset[Reference]:
        """What it compares with that was seen long ago."""
        return frozenset(one for one in self.conditions.references if one.versus is not None)

    def sees(self, status: Status) -> bool:
        """Whether it looks at values of this status."""
        return self.on is On.PROVISIONAL or status is not Status.PROVISIONAL

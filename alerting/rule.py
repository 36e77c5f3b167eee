"""A rule: which values somebody must know about, and how sure we have to be."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from alerting.annotation import Annotation
from alerting.condition import Conditions
from models.kpi_value import Status

TOTAL = "all"  # dimension and segment of the total


class On(StrEnum):
    """Which values a rule looks at."""

    PROVISIONAL = "provisional"  # those of the open window too
    FINAL = "final"  # closed windows only


@dataclass(frozen=True, slots=True)
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
    labels: Mapping[str, str] = field(default_factory=dict)
    annotations: Mapping[str, Annotation] = field(default_factory=dict)

    @property
    def dimension(self) -> str:
        """Dimension of the values it looks at."""
        return self.by or TOTAL

    def sees(self, status: Status) -> bool:
        """Whether it looks at values of this status."""
        return self.on is On.PROVISIONAL or status is not Status.PROVISIONAL

"""What dashboards are made from."""

from dataclasses import dataclass
from functools import cached_property

from alerting.rule import Rule
from models.goal import with_goals
from models.kpi import Catalogue, Kpi
from streams.dashboards.thresholds import watched_by
from streams.dashboards.units import by_unit, unit_of

PREFERRED = ("5m", "1h", "1d")
"""Windows a reader chooses from, as far as they are defined. A KPI that lacks one of them has one of its own."""

ROLLING, MONTH = "30d", "1M"
"""The first can be compared with last week's; a month so far is another length then."""


@dataclass(frozen=True)
class Defined:
    """`currency`: that of reports, ISO 4217."""

    catalogue: Catalogue
    rules: tuple[Rule, ...]
    currency: str

    @property
    def kpis(self) -> tuple[Kpi, ...]:
        """Those of the file, without what targets make of them."""
        return tuple(self.catalogue.kpis.values())

    @cached_property
    def windows(self) -> tuple[str, ...]:
        """Those a reader chooses from, the shortest first."""
        defined = self.all_windows
        return tuple(window for window in PREFERRED if window in defined) or defined

    @cached_property
    def all_windows(self) -> tuple[str, ...]:
        """Those of some KPI."""
        return tuple(dict.fromkeys(window for kpi in self.kpis for window in kpi.windows))

    @property
    def dimensions(self) -> tuple[str, ...]:
        """Those of some KPI, without the total."""
        return self.catalogue.dimensions[1:]

    def fixed_window(self, kpi: Kpi) -> str | None:
        """Of a KPI that does not have all windows to choose from, the one it is shown in; None: the reader's."""
        if set(self.windows) <= set(kpi.windows):
            return None
        return ROLLING if ROLLING in kpi.windows else kpi.windows[-1]

    def unit(self, kpi: Kpi) -> str:
        """Grafana's."""
        return unit_of(kpi, self.currency)

    def about(self, kpi: Kpi) -> str:
        """What a panel says of a KPI: its definition, and who watches it."""
        month = " Last week it is the month as it stood then." if self.fixed_window(kpi) == MONTH else ""
        return f"{kpi.help}. {kpi.name} = {kpi.formula}.{watched_by(kpi, self.rules)}{month}"

    @cached_property
    def unit_patterns(self) -> dict[str, str]:
        """Grafana's units by a pattern of fields that begin with the name of a KPI, for panels of a KPI to choose."""
        found = by_unit(with_goals(self.catalogue.kpis).values(), self.currency)
        return {f"/^({'|'.join(kpi.name for kpi in kpis)})( |$)/": unit for unit, kpis in found.items()}

    @cached_property
    def metrics_by_unit(self) -> dict[str, str]:
        """By Grafana's units, the pattern of the metrics of the KPIs that have dimensions."""
        found = by_unit((kpi for kpi in self.kpis if kpi.by), self.currency)
        return {unit: "|".join(kpi.metric for kpi in kpis) for unit, kpis in found.items()}

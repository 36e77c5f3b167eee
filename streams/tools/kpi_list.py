"""`kpi kpis list`: what is defined in kpis.yaml, as it is published."""

from collections.abc import Iterable, Iterator

import msgspec
from rich.table import Table

from models.goal import GoalKpi, with_goals
from models.kpi import Catalogue, Kpi
from models.target import EVEN, LEARNT, Target
from streams.tools.terminal import console, write_lines


class KpiLine(msgspec.Struct, frozen=True):
    """A KPI as `--json` shows it. `definition`: the hash that its values carry; `target` by window, in major units."""

    kpi: str
    formula: str
    unit: str
    windows: tuple[str, ...]
    by: tuple[str, ...]
    interval: bool
    definition: str
    metric: str
    help: str
    target: dict[str, str] | None
    pace: str | None
    goal_of: str | None


def show_kpis(catalogue: Catalogue, *, as_json: bool = False) -> None:
    """Print all KPIs in the order of the file, each followed by what its target makes."""
    lines = list(kpi_lines(catalogue))
    if as_json:
        write_lines(map(msgspec.json.encode, lines))
    else:
        console().print(kpi_table(lines))


def kpi_lines(catalogue: Catalogue) -> Iterator[KpiLine]:
    """Of everything that is published."""
    return (_line(kpi) for kpi in with_goals(catalogue.kpis).values())


def kpi_table(lines: Iterable[KpiLine]) -> Table:
    """A row a KPI."""
    table = Table()
    for name in ("kpi", "formula", "unit", "windows", "by", "target", "definition", "metric"):
        table.add_column(name, overflow="fold")
    for line in lines:
        target = ", ".join(f"{value} in {window}" for window, value in (line.target or {}).items())
        unit = f"{line.unit}, 95 %" if line.interval else line.unit
        windows, by = " ".join(line.windows), " ".join(line.by)
        table.add_row(line.kpi, line.formula, unit, windows, by, target, line.definition, line.metric)
    return table


def _line(kpi: Kpi) -> KpiLine:
    target = kpi.target
    return KpiLine(
        kpi=kpi.name,
        formula=kpi.formula,
        unit=kpi.unit,
        windows=kpi.windows,
        by=kpi.by,
        interval=kpi.proportion,
        definition=kpi.definition,
        metric=kpi.metric,
        help=kpi.help,
        target={window: f"{value:f}" for window, value in target.values} if target else None,
        pace=_pace(target) if target and kpi.denominator is None else None,
        goal_of=kpi.kpi.name if isinstance(kpi, GoalKpi) else None,
    )


def _pace(target: Target) -> str:
    if target.curve is None:
        return LEARNT
    return "even" if target.curve == EVEN else "given"

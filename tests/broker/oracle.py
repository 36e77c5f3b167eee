"""What a data set's KPIs are: DuckDB over its file, by the contract's definitions, with no code of the product.

An oracle makes tables of a file, then families: rows in windows and slices, added up. Days and months are UTC.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from sys import intern
from typing import Any, NamedTuple, Self

import duckdb
import yaml

SPANS = {
    "1m": (60, 60), "5m": (300, 60), "1h": (3_600, 300),
    "1d": (86_400, 86_400), "7d": (7 * 86_400, 86_400), "30d": (30 * 86_400, 86_400),
}  # fmt: skip
"""Length and hop of the windows that are not months, seconds, aligned to 1970 UTC."""

MONTH = "1M"
MONTH_US = "epoch_us(date_trunc('month', make_timestamp(at_us)))"

_LENGTHS = " ".join(f"when '{name}' then start_us + {span * 10**6}" for name, (span, _) in SPANS.items())
END_US = f"case window_name {_LENGTHS} else epoch_us(make_timestamp(start_us) + interval 1 month) end"


class CellKey(NamedTuple):
    """A window of a series; `start`: RFC 3339 UTC."""

    kpi: str
    window: str
    start: str
    dimension: str
    segment: str

    @classmethod
    def of(cls, *parts: str) -> Self:
        """With texts that are kept once: there may be millions of keys."""
        return cls(*map(intern, parts))


Figure = tuple[int, int | None]
"""Numerator (money in minor units, times in microseconds) and denominator; None for a sum."""

Figures = dict[CellKey, Figure]


class Places(NamedTuple):
    """Where a KPI is published: its windows, its dimensions beside the total."""

    windows: tuple[str, ...]
    by: tuple[str, ...]


Catalogue = Mapping[str, Places]


class Formula(NamedTuple):
    """A KPI of the measures of its family, as SQL."""

    numerator: str
    denominator: str = "null"


@dataclass(frozen=True)
class Family:
    """KPIs over the same rows. `rows`: a query with window_name, start_us and `dimensions`; measures add over them."""

    rows: str
    dimensions: tuple[str, ...]
    measures: Mapping[str, str]
    kpis: Mapping[str, Formula]

    def figures(self, database: duckdb.DuckDBPyConnection, catalogue: Catalogue, until_us: int) -> Figures:
        """What is not 0 in the windows that end by `until_us`, event time."""
        asked = {name: catalogue[name] for name in self.kpis if name in catalogue}
        if not asked:
            return {}
        windows = tuple(sorted({window for places in asked.values() for window in places.windows}))
        by = {dimension for places in asked.values() for dimension in places.by}
        slices = ["{dimension: 'all', segment: 'all'}"]
        slices += [f"{{dimension: '{d}', segment: {d}}}" for d in self.dimensions if d in by]
        measures = ", ".join(f"{sql} as {name}" for name, sql in self.measures.items())
        database.execute(
            f"""create or replace table cell as
                with used as (select * from ({self.rows.replace("{windows}", in_windows(windows))})),
                sliced as (select *, unnest([{", ".join(slices)}]) as slice from used)
                select window_name, start_us, slice.dimension as dimension,
                       coalesce(slice.segment, '(not set)') as segment, {measures}
                from sliced group by all"""  # noqa: S608  all of it is ours
        )
        found: Figures = {}
        for name, places in asked.items():
            found |= _figures(database, name, places, self.kpis[name], until_us)
        return found


def _figures(
    database: duckdb.DuckDBPyConnection, name: str, places: Places, formula: Formula, until_us: int
) -> Figures:
    rows: list[tuple[Any, ...]] = database.execute(
        f"""select window_name, strftime(make_timestamp(start_us), '%Y-%m-%dT%H:%M:%SZ'), dimension, segment,
                   {formula.numerator}, {formula.denominator} from cell
            where window_name in {(*places.windows, "")} and dimension in {("all", *places.by)}
              and {END_US} <= {until_us}"""  # noqa: S608  ours
    ).fetchall()
    return {CellKey.of(name, *place): (int(n), d) for *place, n, d in rows if n or d}


def catalogue_of(kpis_yaml: str) -> Catalogue:
    """What a `kpis.yaml` publishes where."""
    kpis = yaml.safe_load(kpis_yaml)["kpis"]
    return {name: Places(tuple(kpi["windows"]), tuple(kpi.get("by", ()))) for name, kpi in kpis.items()}


def in_windows(names: tuple[str, ...]) -> str:
    """SQL of the rows of the table `event`, each once for every window that holds its `at_us`."""
    spans = ", ".join(f"('{n}', {span * 10**6}, {hop * 10**6})" for n, (span, hop) in SPANS.items() if n in names)
    parts = [
        f"""select span.n as window_name, (at_us // hop - unnest(range(0, length // hop))) * hop as start_us, event.*
            from event cross join (values {spans}) as span (n, length, hop)"""  # noqa: S608  ours
    ] * bool(spans)
    parts += [f"select '{MONTH}' as window_name, {MONTH_US} as start_us, event.* from event"] * (MONTH in names)  # noqa: S608
    return f"({' union all by name '.join(parts)})"

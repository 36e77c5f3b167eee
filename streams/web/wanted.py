"""Values by what is asked for: their records as they were published."""

from collections.abc import Iterator
from dataclasses import dataclass

import msgspec

from streams.web.answers import ValuesAnswer
from streams.web.row import Row
from streams.web.store import Kind, Store


@dataclass(frozen=True, slots=True)
class Wanted:
    """None: all. `latest`: only the newest window of each series."""

    kpi: str | None = None
    window: str | None = None
    dimension: str | None = None
    segment: str | None = None
    limit: int = 1_000
    latest: bool = False


def wanted_values(store: Store, wanted: Wanted) -> ValuesAnswer:
    """Last revisions, newest windows first, then by KPI, window, dimension and segment."""
    found = sorted(
        (-start_s, kind, segment, raw)
        for kind in store.kinds()
        if _fits(kind, wanted)
        for segment, row in _rows(store, kind, wanted.segment)
        for start_s, raw in _kept(row, latest=wanted.latest)
    )
    values = [msgspec.Raw(raw) for *_, raw in found[: wanted.limit]]
    return ValuesAnswer(values, more=len(found) > wanted.limit)


def _fits(kind: Kind, wanted: Wanted) -> bool:
    asked = (wanted.kpi, wanted.window, wanted.dimension)
    return all(name is None or name == its for name, its in zip(asked, kind, strict=True))


def _rows(store: Store, kind: Kind, segment: str | None) -> Iterator[tuple[str, Row]]:
    return ((name, row) for name, row in store.rows(kind).items() if segment in {None, name})


def _kept(row: Row, *, latest: bool) -> list[tuple[int, bytes]]:
    kept = list(row.kept())
    return kept[-1:] if latest else kept

"""What was published, as far as a page shows it: the last windows of every series, in bounded memory. No I/O.

Of the total every window is kept as long as its kind says, of segments as many as a budget of points allows, shared
alike: the oldest of each go first. Records of windows that are too old are passed by their key alone.
"""

from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from functools import lru_cache
from math import isfinite
from sys import getsizeof
from typing import Annotated, Final, NamedTuple
from zlib import crc32

import msgspec
from msgspec import Meta

from streams.tools.revisions import WindowKey, window_key
from streams.web.row import Point, Row
from streams.web.spans import FINE_S

TOTAL: Final = "all"
BUDGET: Final = 500_000  # points of segments, 32 bytes each
MOST_SERIES: Final = 100_000  # of segments; about 800 bytes each, its record the most of it
KEPT_RECORDS: Final = 60  # of the total, as many as a tile's line has; of a segment one
_SLACK: Final = 5  # a fifth over a limit before everything is looked through
_SEPARATORS: Final = len(WindowKey._fields) - 1


class Kind(NamedTuple):
    """What series of one dimension have in common."""

    kpi: str
    window: str
    dimension: str


class Taken(StrEnum):
    """What became of a record."""

    TAKEN = "taken"
    OLD = "old"  # its window is further back than is kept
    OTHER = "other"  # of a KPI that is not defined here, or none of ours
    SUPERSEDED = "superseded"  # a higher revision is known
    DELETED = "deleted"
    MALFORMED = "malformed"


class Change(NamedTuple):
    """A window that changed. `raw`: its record."""

    kind: Kind
    segment: str
    start_s: int
    raw: bytes


class _Figures(msgspec.Struct, frozen=True, gc=False):
    """Of a record, what is used."""

    numerator: int | float | str
    denominator: int | None
    revision: Annotated[int, Meta(ge=0, lt=2**32)]
    definition: str


_decode = msgspec.json.Decoder(_Figures).decode


@dataclass(slots=True)
class Store:
    """`kpis`: names of those that are kept; `horizons_s` by window, how far behind its newest one.

    `least`: points that a segment has by window, whatever the budget.

    `newest_s`: start of the newest window by its kind; `counts`: records by what became of them.
    """

    kpis: Collection[str]
    horizons_s: Mapping[str, int]
    least: Mapping[str, int]
    budget: int = BUDGET
    most_series: int = MOST_SERIES
    newest_s: dict[str, int] = field(default_factory=dict)
    counts: dict[Taken, int] = field(default_factory=lambda: dict.fromkeys(Taken, 0))
    points: int = 0  # of segments
    series: int = 0  # of segments
    _kinds: dict[Kind, dict[str, Row]] = field(default_factory=dict)
    _names: dict[tuple[bytes, bytes, bytes], Kind | None] = field(default_factory=dict)

    def take(self, key: bytes | None, value: bytes | None) -> Change | None:
        """A record of `kpi-values`; None if nothing changed by it, or a window went. See `counts`."""
        found, change = self._take(key, value)
        self.counts[found] += 1
        return change

    def fill(self, key: bytes, value: bytes) -> None:
        """A record that was published before all that were taken: of a window that is not known."""
        if key.count(b"|") >= _SEPARATORS:
            parts = window_key(key)
            kind, start_s = self._kind(parts), _start_s(parts.start)
            row = self._kinds.get(kind, {}).get(parts.segment.decode(errors="replace")) if kind else None
            if row is None or start_s is None or row.at(start_s) is None:
                self.take(key, value)

    def row(self, kpi: str, window: str, dimension: str = TOTAL, segment: str = TOTAL) -> Row | None:
        """Of a series."""
        return self._kinds.get(Kind(kpi, window, dimension), {}).get(segment)

    def rows(self, kind: Kind) -> Mapping[str, Row]:
        """By segment."""
        return self._kinds.get(kind, {})

    def kinds(self) -> Iterator[Kind]:
        """Those that have series."""
        return iter(self._kinds)

    def memory_bytes(self) -> int:
        """Of all rows and their records."""
        every = [row for rows in self._kinds.values() for row in rows.values()]
        held = sum(getsizeof(row.packed) + getsizeof(row.raws) + sum(map(getsizeof, row.raws)) for row in every)
        names = sum(getsizeof(segment) for rows in self._kinds.values() for segment in rows)
        return held + names + sum(map(getsizeof, self._kinds.values())) + len(every) * getsizeof(Row())

    def _take(self, key: bytes | None, value: bytes | None) -> tuple[Taken, Change | None]:
        if key is None or key.count(b"|") < _SEPARATORS:
            return Taken.OTHER, None
        parts = window_key(key)
        kind, start_s = self._kind(parts), _start_s(parts.start)
        if kind is None:
            return Taken.OTHER, None
        if start_s is None:
            return Taken.MALFORMED, None
        newest_s = max(start_s, self.newest_s.get(kind.window, start_s))
        if start_s < newest_s - self.horizons_s.get(kind.window, FINE_S):
            return Taken.OLD, None
        try:
            segment = parts.segment.decode()
            if value is None:
                return self._delete(kind, segment, start_s), None
            point = _point(start_s, value)
        except (msgspec.DecodeError, ValueError, OverflowError):
            return Taken.MALFORMED, None
        self.newest_s[kind.window] = newest_s
        if not self._put(kind, segment, point, value):
            return Taken.SUPERSEDED, None
        return Taken.TAKEN, Change(kind, segment, start_s, value)

    def _kind(self, parts: WindowKey) -> Kind | None:
        name = parts[:3]
        if name not in self._names:
            kpi, window, dimension = (part.decode(errors="replace") for part in name)
            known = kpi in self.kpis and window in self.horizons_s
            self._names[name] = Kind(kpi, window, dimension) if known else None
        return self._names[name]

    def _put(self, kind: Kind, segment: str, point: Point, raw: bytes) -> bool:
        rows = self._kinds.setdefault(kind, {})
        row = rows.get(segment)
        if row is None:
            row = rows[segment] = Row()
            self.series += kind.dimension != TOTAL
        before, total = len(row), kind.dimension == TOTAL
        if not row.put(point, raw, KEPT_RECORDS if total else 1):
            return False
        row.trim_before(self.newest_s[kind.window] - self.horizons_s[kind.window])
        if not total:
            row.trim(self._share(kind.window))
            self.points += len(row) - before
            if self.points * _SLACK > self.budget * (_SLACK + 1) or self.series > self.most_series:
                self._shrink()
        return True

    def _share(self, window: str) -> int:
        """Points that each segment may have."""
        return max(self.least[window], self.budget // max(1, self.series))

    def _shrink(self) -> None:
        """Segments that were heard of last long ago go; the others keep their share."""
        segments = [
            (row.last_s or 0, kind, segment)
            for kind, rows in self._kinds.items()
            if kind.dimension != TOTAL
            for segment, row in rows.items()
        ]
        if len(segments) > self.most_series:
            segments.sort(key=lambda one: one[0])
            for _, kind, segment in segments[: len(segments) - self.most_series * _SLACK // (_SLACK + 1)]:
                self._drop(kind, segment)
        for kind, rows in self._kinds.items():
            if kind.dimension != TOTAL:
                for row in rows.values():
                    self.points -= row.trim(self._share(kind.window))

    def _delete(self, kind: Kind, segment: str, start_s: int) -> Taken:
        row = self._kinds.get(kind, {}).get(segment)
        if row is not None and row.delete(start_s):
            self.points -= kind.dimension != TOTAL
            if not len(row):
                self._drop(kind, segment)
        return Taken.DELETED

    def _drop(self, kind: Kind, segment: str) -> None:
        row = self._kinds[kind].pop(segment)
        if kind.dimension != TOTAL:
            self.points -= len(row)
            self.series -= 1


def _point(start_s: int, value: bytes) -> Point:
    """Raises DecodeError, ValueError and OverflowError."""
    figures = _decode(value)
    numerator = float(figures.numerator)
    if not isfinite(numerator):
        raise ValueError(numerator)
    denominator = None if figures.denominator is None else float(figures.denominator)
    return Point(start_s, numerator, denominator, figures.revision, crc32(figures.definition.encode()))


@lru_cache(maxsize=50_000)
def _start_s(text: bytes) -> int | None:
    """Of RFC 3339; None: it is not."""
    try:
        return int(datetime.fromisoformat(text.decode()).timestamp())
    except (ValueError, OverflowError):
        return None

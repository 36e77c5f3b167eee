"""Lines over time, from the windows that are known."""

from collections.abc import Iterable
from dataclasses import dataclass

import msgspec

from models.goal import GoalKind
from models.kpi import Kpi
from streams.web.answers import GoalLines, Line, Pairs, SeriesAnswer, Value
from streams.web.row import Point, Row
from streams.web.spans import Spans
from streams.web.store import TOTAL, Store


def line(kpi: Kpi, points: Iterable[Point]) -> Line:
    """With the interval of a proportion, which is reckoned again: it takes numerator and denominator alone."""
    return [(point.start_s, point.value, *_interval(kpi, point)) for point in points]


def last(row: Row | None) -> Value | None:
    """The record of the newest window."""
    return None if row is None or row.last_raw is None else msgspec.Raw(row.last_raw)


def _interval(kpi: Kpi, point: Point) -> tuple[float | None, float | None]:
    """None where there is none: of another definition, say, that was no proportion yet."""
    if point.denominator is None or not 0 <= point.numerator <= point.denominator:
        return None, None
    return kpi.interval(round(point.numerator), round(point.denominator)) or (None, None)


@dataclass(frozen=True, slots=True)
class Lines:
    """Of all that is stored."""

    store: Store
    spans: Spans

    def week_ago(self, row: Row | None) -> float | None:
        """Of the window a week before the newest one."""
        if row is None or row.last_s is None:
            return None
        point = row.at(self.spans.week_before_s(row.last_s))
        return None if point is None else point.value

    def series(self, kpi: Kpi, window: str, dimension: str, segment: str) -> SeriesAnswer:
        """Empty lines where nothing is known."""
        row = self.store.row(kpi.name, window, dimension, segment)
        points = [] if row is None else list(row.points())
        values = {point.start_s: point.value for point in points}
        before = ((point.start_s, self.spans.week_before_s(point.start_s)) for point in points)
        total = (dimension, segment) == (TOTAL, TOTAL)
        return SeriesAnswer(
            kpi.name,
            window,
            dimension,
            segment,
            line=line(kpi, points),
            week_ago=[(start_s, values[ago_s]) for start_s, ago_s in before if ago_s in values],
            goal=self._goal(kpi, window) if total else None,
            last=last(row),
        )

    def _goal(self, kpi: Kpi, window: str) -> GoalLines | None:
        if kpi.target is None or window not in kpi.target.windows:
            return None
        return GoalLines(
            target=self._pairs(f"{kpi.name}_{GoalKind.TARGET}", window),
            expected=self._pairs(f"{kpi.name}_{GoalKind.EXPECTED}", window),
        )

    def _pairs(self, name: str, window: str) -> Pairs:
        row = self.store.row(name, window)
        return [] if row is None else [(point.start_s, point.value) for point in row.points()]

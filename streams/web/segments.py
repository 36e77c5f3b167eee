"""The segments of a KPI: what each is now, what it was, and what it contributed to the change of the total."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from fractions import Fraction
from typing import Final

from alerting.contribution import REST, Counts, Part, parts
from alerting.explanation import Slices
from models.kpi import Kpi
from streams.web.answers import SegmentAnswer, SegmentsAnswer, Total
from streams.web.lines import last, line
from streams.web.row import Point, Row
from streams.web.spans import Spans
from streams.web.store import Kind, Store

LINE: Final = 30


class Against(StrEnum):
    """What the newest window is compared with."""

    BEFORE = "before"
    WEEK = "week"


_WORDS: Final = {Against.BEFORE: "the window before", Against.WEEK: "a week before"}


@dataclass(frozen=True, slots=True)
class Segments:
    """Of all that is stored."""

    store: Store
    spans: Spans

    def answer(self, kpi: Kpi, window: str, dimension: str, against: Against) -> SegmentsAnswer:
        """The newest window that both the total and some segment has; no segment where there is none."""
        total, rows = self.store.row(kpi.name, window), self.store.rows(Kind(kpi.name, window, dimension))
        start_s = _newest_of_both(total, rows)
        if total is None or start_s is None:
            return SegmentsAnswer(_WORDS[against], None, None, Total(None, None, None), [])
        week = against is Against.WEEK
        before_s = self.spans.week_before_s(start_s) if week else self.spans.before_s(window, start_s)
        return SegmentsAnswer(
            _WORDS[against],
            start_s,
            before_s,
            _total(total.at(before_s), total.at(start_s)),
            _segments(kpi, rows, total, before_s, start_s),
        )


def counts(point: Point) -> Counts:
    """Exact: the shortest decimal of a double is what was published."""
    denominator = None if point.denominator is None else Fraction(round(point.denominator))
    return Counts(Fraction(repr(point.numerator)), denominator)


def counts_at(rows: Mapping[str, Row], start_s: int) -> dict[str, Counts]:
    """Of the segments that have the window."""
    found = ((segment, row.at(start_s)) for segment, row in rows.items())
    return {segment: counts(point) for segment, point in found if point is not None}


def _newest_of_both(total: Row | None, rows: Mapping[str, Row]) -> int | None:
    """Total and segments are published by tasks of their own: one may be a window ahead."""
    ends = [row.last_s for row in rows.values() if row.last_s is not None]
    if total is None or total.last_s is None or not ends:
        return None
    start_s = min(total.last_s, max(ends))
    return start_s if total.at(start_s) is not None else None


def _total(before: Point | None, after: Point | None) -> Total:
    first = None if before is None else before.value
    then = None if after is None else after.value
    return Total(first, then, None if first is None or then is None else then - first)


def _segments(kpi: Kpi, rows: Mapping[str, Row], total: Row, before_s: int, start_s: int) -> list[SegmentAnswer]:
    first, then = total.at(before_s), total.at(start_s)
    before, after = counts_at(rows, before_s), counts_at(rows, start_s)
    found = () if first is None or then is None else parts(counts(first), counts(then), before, after)
    if found:
        return [_segment(kpi, rows.get(part.segment), part) for part in found]
    return [_alone(kpi, segment, rows[segment], before.get(segment), after[segment]) for segment in sorted(after)]


def _segment(kpi: Kpi, row: Row | None, part: Part) -> SegmentAnswer:
    rate, mix = (None if one is None else float(one) for one in (part.rate, part.mix))
    rest = part.segment == REST
    before, after = (None if rest else _value(one) for one in (part.before, part.after))
    its = [] if row is None else line(kpi, row.points(LINE))
    return SegmentAnswer(part.segment, last(row), before, after, float(part.change), rate, mix, its)


def _alone(kpi: Kpi, segment: str, row: Row, before: Counts | None, after: Counts) -> SegmentAnswer:
    """Where the total has no change, nothing is contributed to it."""
    first = None if before is None else _value(before)
    return SegmentAnswer(segment, last(row), first, _value(after), None, None, None, line(kpi, row.points(LINE)))


def _value(of: Counts) -> float | None:
    value = of.value
    return None if value is None else float(value)


def slices(store: Store, kpi: str, window: str, start_s: int) -> Slices:
    """Everything known of one window of a KPI, by dimension and segment, the total under `all`."""
    found = {
        kind.dimension: counts_at(store.rows(kind), start_s)
        for kind in store.kinds()
        if (kind.kpi, kind.window) == (kpi, window)
    }
    return {dimension: its for dimension, its in found.items() if its}

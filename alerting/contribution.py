"""Which segments changed a KPI between two windows, and how: by their own rate, or by their weight in the mix.

A ratio R = n/d over segments s with weights w = d_s/d and rates r = n_s/d_s changes by the sum over s of

    rate   (r1 - r0) (w1 + w0) / 2                       the segment itself got better or worse
    mix    (w1 - w0) ((r1 + r0) / 2 - (R1 + R0) / 2)     it became more or less of a whole that is better or worse

Source: E. M. Kitagawa, Components of a Difference Between Two Rates, JASA 50 (1955) 1168-1194, with the mix seen from
the mean rate, which changes no sum as the weights add up to 1. Of a segment with a denominator of 0 in one of the
windows no rate is known there: all of its change is mix. A sum changes by what its segments change. All is reckoned in
fractions: the parts add up to the total change exactly.
"""

from collections.abc import Iterable, Mapping
from fractions import Fraction
from typing import Final, NamedTuple

REST: Final = "(rest)"
"""What the segments leave of the total: those that are not known."""

HALF = Fraction(1, 2)


class Counts(NamedTuple):
    """Of a window; `denominator` None: of a sum. In the KPI's unit: major units for money."""

    numerator: Fraction
    denominator: Fraction | None = None

    @property
    def value(self) -> Fraction | None:
        """None over 0."""
        if self.denominator is None:
            return self.numerator
        return self.numerator / self.denominator if self.denominator else None


class Part(NamedTuple):
    """What a segment contributes to the change. `rate` and `mix` add up to `change`; None of a sum."""

    segment: str
    change: Fraction
    rate: Fraction | None
    mix: Fraction | None
    before: Counts
    after: Counts


Segments = Mapping[str, Counts]


def parts(before: Counts, after: Counts, segments_before: Segments, segments_after: Segments) -> tuple[Part, ...]:
    """The segments by their contribution, the greatest first; they add up to the change of the total.

    What the segments leave of the total is REST. Nothing where a total has no value: there is no change.
    """
    if before.value is None or after.value is None:
        return ()
    names = sorted(segments_before.keys() | segments_after.keys())
    none = Counts(Fraction(0), None if after.denominator is None else Fraction(0))
    pairs = {name: (segments_before.get(name, none), segments_after.get(name, none)) for name in names}
    rest = (_left(before, segments_before.values()), _left(after, segments_after.values()))
    if any(count for counts in rest for count in counts):
        pairs[REST] = rest
    found = (_part(name, first, then, before, after) for name, (first, then) in pairs.items())
    return tuple(sorted(found, key=lambda part: -abs(part.change)))


def _left(total: Counts, segments: Iterable[Counts]) -> Counts:
    its = list(segments)
    numerator = total.numerator - sum(one.numerator for one in its)
    if total.denominator is None:
        return Counts(numerator)
    return Counts(numerator, total.denominator - sum(one.denominator or 0 for one in its))


def _part(segment: str, first: Counts, then: Counts, before: Counts, after: Counts) -> Part:
    if before.denominator is None or after.denominator is None:
        return Part(segment, then.numerator - first.numerator, None, None, first, then)
    weight_before = (first.denominator or 0) / before.denominator
    weight_after = (then.denominator or 0) / after.denominator
    mean = (before.numerator / before.denominator + after.numerator / after.denominator) * HALF
    change = then.numerator / after.denominator - first.numerator / before.denominator
    change -= mean * (weight_after - weight_before)
    rate = Fraction(0)
    if first.value is not None and then.value is not None:
        rate = (then.value - first.value) * (weight_after + weight_before) * HALF
    return Part(segment, change, rate, change - rate, first, then)

"""Why an alert fires: how its KPI changed since the window it is compared with, in which segments, at which step.

Made by `explain` from the figures of two windows, for a page, a program and `kpi alerts --why` alike.
"""

from collections.abc import Iterator, Mapping
from fractions import Fraction
from typing import Final

import msgspec

from alerting.contribution import Counts, Part, Segments, parts
from models.kpi_value import Unit

TOTAL = "all"
TOP: Final = 3
"""Parts that are told in words."""

SHOWN: Final = 5
"""Parts of a dimension that are listed; those after them are one, OTHERS, so that all still add up."""

OTHERS: Final = "(others)"
NOT_READ: Final = "not explained: its values were not read in time"
FAULT: Final = "not explained: a fault, see the log of kpi notify"
NOTHING_BEFORE: Final = "not explained: nothing is known of the window before"

Slices = Mapping[str, Segments]
"""Figures of one window: by dimension and segment, the total under `all`."""


class Contribution(msgspec.Struct, frozen=True):
    """A part of a change. In the KPI's unit (0.01: one percentage point), with numerator and denominator."""

    dimension: str
    segment: str
    change: float
    rate: float | None
    mix: float | None
    before: tuple[float, float | None]
    after: tuple[float, float | None]


class Explanation(msgspec.Struct, frozen=True):
    """`contributions` by dimension, each adds up to the change of the total; `summary`: the same in words."""

    before: float
    after: float
    change: float
    compared_with: str
    """What `before` is of, in words."""
    step: str | None
    """The step of the funnel that fails."""
    contributions: dict[str, tuple[Contribution, ...]]
    summary: tuple[str, ...]
    """The change, the failing step, then at most three segments."""


class Question(msgspec.Struct, frozen=True):
    """What is to be explained. `step`: of the funnel, if one is known to fail."""

    kpi: str
    dimension: str
    segment: str
    unit: Unit
    compared_with: str = "the window before"
    step: str | None = None


def explain(question: Question, before: Slices, after: Slices) -> Explanation | None:
    """None where a window has no value. That of a segment is explained by its dimension, that of the total by all."""
    own = [slices.get(question.dimension, {}).get(question.segment) for slices in (before, after)]
    total = [slices.get(TOTAL, {}).get(TOTAL) for slices in (before, after)]
    first, then = (None if one is None else one.value for one in own)
    if own[0] is None or own[1] is None or first is None or then is None:
        return None
    found: dict[str, tuple[Part, ...]] = {}
    if total[0] is not None and total[1] is not None:
        for dimension in sorted({question.dimension} - {TOTAL} or _known_in_both(before, after)):
            found[dimension] = parts(total[0], total[1], before.get(dimension, {}), after.get(dimension, {}))
    told = sorted(_surprising(found), key=lambda one: -one[0])
    percent = question.unit is Unit.RATIO and max(abs(first), abs(then)) <= 1
    lines = [_change(question, own[0], own[1], percent=percent)]
    lines += [f"failing step: {question.step}"] if question.step else []
    lines += [_line(dimension, part, percent=percent) for _, dimension, part in told[:TOP]]
    return Explanation(
        before=float(first),
        after=float(then),
        change=float(then - first),
        compared_with=question.compared_with,
        step=question.step,
        contributions={name: tuple(_listed(name, its)) for name, its in found.items()},
        summary=tuple(lines),
    )


def _known_in_both(before: Slices, after: Slices) -> set[str]:
    """Dimensions but the total; none has segments in a window in which nothing was.

    One that is known of one window only has not been read yet, or is gone: it would say that every segment went.
    """
    empty = [not any(slices[TOTAL][TOTAL]) for slices in (before, after)]
    known = before.keys() | after.keys() if any(empty) else before.keys() & after.keys()
    return known - {TOTAL}


def failing_step(steps: Mapping[str, str], before: Mapping[str, Counts], after: Mapping[str, Counts]) -> str | None:
    """Of shares of going on, by KPI, the step whose own fell the most against what it was; None: none has fallen."""
    falls: list[tuple[Fraction, str]] = []
    for kpi in sorted(steps.keys() & before.keys() & after.keys()):
        first, then = before[kpi].value, after[kpi].value
        if first and then is not None and then < first:
            falls.append((then / first, steps[kpi]))
    return min(falls)[1] if falls else None


def _surprising(found: Mapping[str, tuple[Part, ...]]) -> Iterator[tuple[Fraction, str, Part]]:
    """By how much a part is not what its weight alone would have brought: the biggest segment is always in it."""
    for dimension, its in found.items():
        change = sum((part.change for part in its), Fraction(0))
        whole = sum((_weight(part) for part in its), Fraction(0))
        for part in its:
            usual = change * _weight(part) / whole if whole else Fraction(0)
            if part.change:
                yield abs(part.change - usual) if len(its) > 1 else Fraction(0), dimension, part


def _weight(part: Part) -> Fraction:
    counts = part.before
    return counts.numerator if counts.denominator is None else counts.denominator


def _listed(dimension: str, its: tuple[Part, ...]) -> Iterator[Contribution]:
    shown, others = its[:SHOWN], its[SHOWN:]
    for part in shown:
        yield _contribution(dimension, part)
    if others:
        yield _contribution(dimension, _merged(others))


def _merged(its: tuple[Part, ...]) -> Part:
    ratio = its[0].rate is not None
    nothing = Fraction(0)
    counts = (
        Counts(
            sum((one.numerator for one in side), nothing),
            sum((one.denominator or nothing for one in side), nothing) if ratio else None,
        )
        for side in ([part.before for part in its], [part.after for part in its])
    )
    rate = sum((part.rate or nothing for part in its), nothing) if ratio else None
    mix = sum((part.mix or nothing for part in its), nothing) if ratio else None
    return Part(OTHERS, sum((part.change for part in its), nothing), rate, mix, *counts)


def _contribution(dimension: str, part: Part) -> Contribution:
    return Contribution(
        dimension,
        part.segment,
        float(part.change),
        None if part.rate is None else float(part.rate),
        None if part.mix is None else float(part.mix),
        _plain(part.before),
        _plain(part.after),
    )


def _plain(counts: Counts) -> tuple[float, float | None]:
    return float(counts.numerator), None if counts.denominator is None else float(counts.denominator)


def _change(question: Question, before: Counts, after: Counts, *, percent: bool) -> str:
    where = "" if question.dimension == TOTAL else f" of {question.dimension}={question.segment}"
    then, first = _said(after, percent=percent), _said(before, percent=percent)
    return f"{question.kpi}{where} {then}, {question.compared_with} {first}"


def _said(counts: Counts, *, percent: bool) -> str:
    """`55.6 % (25 of 45)`."""
    value = counts.value
    assert value is not None
    text = f"{float(value):.1%}".replace("%", " %") if percent else _short(value)
    of = counts.denominator
    return text if of is None else f"{text} ({_short(counts.numerator)} of {_short(of)})"


def _line(dimension: str, part: Part, *, percent: bool) -> str:
    """`device=mobile -10.2 points (rate -9.8, mix -0.4)`."""

    def signed(value: Fraction) -> str:
        return f"{100 * float(value):+.1f}" if percent else f"{float(value):+,.6g}"

    unit = " points" if percent else ""
    split = "" if part.rate is None or part.mix is None else f" (rate {signed(part.rate)}, mix {signed(part.mix)})"
    return f"{dimension}={part.segment} {signed(part.change)}{unit}{split}"


def _short(value: Fraction) -> str:
    return f"{value.numerator:,}" if value.denominator == 1 else f"{float(value):,.2f}"

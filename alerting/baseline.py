"""What was usual: the median of the values in the same hour of the week over the last weeks, and how far they spread.

Both are robust: one day on which the shop was down among four moves neither. The median absolute deviation is scaled to
be a standard deviation where values are normal (P. J. Rousseeuw, C. Croux, JASA 88 (1993) 1273-1283).
"""

from collections.abc import Iterable, Sequence
from statistics import median
from typing import Final, NamedTuple

SCALE: Final = 1.4826
"""1 / the 75 % quantile of the normal distribution."""


class Band(NamedTuple):
    """The middle of what was usual, and its scaled median absolute deviation; in the unit of the values."""

    median: float
    deviation: float


def band(weeks: Iterable[Sequence[float]], min_weeks: int) -> Band | None:
    """Of the values of some weeks; None while fewer than `min_weeks` of them have any."""
    known = [values for values in weeks if values]
    if len(known) < min_weeks:
        return None
    values = [value for week in known for value in week]
    middle = median(values)
    return Band(middle, SCALE * median(abs(value - middle) for value in values))

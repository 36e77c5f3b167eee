"""PromQL of what each segment contributes to the change of a KPI since last week: alerting.contribution, as a query.

With the mean R of the total then and now, weights w = d_s / d and rates r, the contribution w1 (r1 - R) - w0 (r0 - R)
is the sum of rate (r1 - r0) (w1 + w0) / 2 and mix, what is left of it. A segment without a rate in one of the weeks has
a weight of 0 there: all is mix. A sum changes by what its segments change.
"""

from streams.dashboards.queries import ANY_KPI, CHOSEN, NOW, SEGMENTS, TOTAL, WEEK

_OF_KPI = 'kpi="$kpi"'


def rate() -> str:
    """By their own rate; nothing of a sum."""
    return f"({_rate(NOW)} - {_rate(WEEK)}) * ({_weight(NOW)} + {_weight(WEEK)}) / 2"


def change() -> str:
    """All of it, in the unit of the KPI."""
    share = f"({_either(_excess(NOW), _excess(WEEK))} - {_either(_excess(WEEK), _excess(NOW))})"
    total = f"({_either(_rate(NOW), _rate(WEEK))} - {_either(_rate(WEEK), _rate(NOW))})"
    is_ratio = f"max by (kpi) (kpi_denominator{{{_OF_KPI},{CHOSEN},{TOTAL}}})"
    return f"{share} or ({total} unless on () {is_ratio})"


def mix() -> str:
    """By their weight; nothing of a sum."""
    share = f"({_either(_excess(NOW), _excess(WEEK))} - {_either(_excess(WEEK), _excess(NOW))})"
    return f"{share} - ({rate()} or {share} * 0)"


def _rate(when: str) -> str:
    return f"max by (segment) ({{{ANY_KPI},{CHOSEN},{SEGMENTS}}}{when})"


def _weight(when: str) -> str:
    own = f"max by (segment) (kpi_denominator{{{_OF_KPI},{CHOSEN},{SEGMENTS}}}{when})"
    return f"({own} / scalar(max(kpi_denominator{{{_OF_KPI},{CHOSEN},{TOTAL}}}{when})))"


def _excess(when: str) -> str:
    """The weight of a segment x what its rate is above the mean of the total."""
    return f"({_weight(when)} * ({_rate(when)} - {_mean()}))"


def _mean() -> str:
    now, before = (f"scalar(max({{{ANY_KPI},{CHOSEN},{TOTAL}}}{when}))" for when in (NOW, WEEK))
    return f"({now} + {before}) / 2"


def _either(first: str, second: str) -> str:
    """A segment that has none counts as 0, if it has one at the other time."""
    return f"({first} or {second} * 0)"

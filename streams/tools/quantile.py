"""Quantiles of a Prometheus histogram, interpolated as histogram_quantile does."""

import math
from collections.abc import Mapping

Buckets = Mapping[float, float]
"""Cumulative counts by upper bound; the last bound is infinite."""


def since(now: Buckets, before: Buckets) -> Buckets:
    """What was observed after `before`; all of it when the counting began anew in between."""
    if any(count < before.get(bound, 0.0) for bound, count in now.items()):
        return now
    return {bound: count - before.get(bound, 0.0) for bound, count in now.items()}


def quantile(q: float, buckets: Buckets) -> float | None:
    """The value below which a share `q` lies; None without observations.

    Evenly spread within a bucket, from 0; beyond the last finite bound it is that bound.
    """
    total = max(buckets.values(), default=0.0)
    if total <= 0:
        return None
    wanted, low, below = q * total, 0.0, 0.0
    for bound, count in sorted(buckets.items()):
        if count >= wanted and count > below:
            return low if math.isinf(bound) else low + (bound - low) * (wanted - below) / (count - below)
        low, below = bound, count
    return low

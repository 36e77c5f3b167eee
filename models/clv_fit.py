"""Maximum-likelihood fit of the two CLV models; needs the extra `clv` (scipy). Formulas: see bg_nbd and gamma_gamma."""

from collections.abc import Callable, Iterable, Sequence
from math import exp, log
from typing import Any

from models.bg_nbd import BgNbd
from models.clv import ClvParameters, NoFit, NoFitReason, Rfm
from models.gamma_gamma import GammaGamma

MIN_CUSTOMERS, MIN_REPEATERS, MIN_AGE_WEEKS = 200, 100, 4.0
"""Below these no fit is tried. In random parts of the CDNOW sample the mean prediction had a standard deviation of 28 %
with 40 repeaters, 16 % with 80 to 160, 8 % with 320; with 20, three of four fits found no maximum.
"""

_LEAST, _MOST, _LEAST_ALPHA_WEEKS = 1e-3, 1e3, 0.1
"""Of a parameter. Beyond them the likelihood rises for ever, as where all customers are alike."""

_NOT_CONVERGED = NoFit(NoFitReason.NOT_CONVERGED, "the likelihood has no maximum: customers are too much alike")
_TOLERANCE = {"xatol": 1e-8, "fatol": 1e-12, "maxiter": 10_000, "maxfev": 10_000}

Array = Any  # numpy's, which the core must not need
Loss = Callable[[Array], float]


def fit(customers: Iterable[Rfm]) -> ClvParameters | NoFit:
    """Both models, or why there are none. Gamma-Gamma is fitted on those with repeats of a value above 0."""
    rows = list(customers)
    repeaters = [row for row in rows if row.frequency > 0 and row.value > 0]
    if few := _too_little(rows, repeaters):
        return few
    transactions, values = fit_transactions(rows), fit_values(repeaters)
    if isinstance(transactions, NoFit):
        return transactions
    return values if isinstance(values, NoFit) else ClvParameters(transactions, values, len(rows))


def fit_transactions(rows: Sequence[Rfm]) -> BgNbd | NoFit:
    """BG/NBD alone; times in weeks."""
    import numpy as np  # noqa: PLC0415  an extra

    x = np.array([row.frequency for row in rows], dtype=float)
    recency = np.array([row.recency_weeks for row in rows])
    age = np.array([row.age_weeks for row in rows])
    found = _minimum(lambda logs: -bg_nbd_log_likelihood(np.exp(logs), x, recency, age) / len(x), parameters=4)
    if isinstance(found, NoFit):
        return found
    model = BgNbd(*found)
    return model if model.alpha > _LEAST_ALPHA_WEEKS else _NOT_CONVERGED


def fit_values(repeaters: Sequence[Rfm]) -> GammaGamma | NoFit:
    """Gamma-Gamma alone; every row has a frequency and a value above 0, in any unit."""
    import numpy as np  # noqa: PLC0415  an extra

    x = np.array([row.frequency for row in repeaters], dtype=float)
    mean = float(np.mean([row.value for row in repeaters]))
    m = np.array([row.value for row in repeaters]) / mean
    found = _minimum(lambda logs: -gamma_gamma_log_likelihood(np.exp(logs), x, m) / len(x), parameters=3)
    if isinstance(found, NoFit):
        return found
    p, q, v = found
    if q <= 1:
        return NoFit(NoFitReason.NO_FINITE_MEAN, f"q is {q:.3f}: values spread too far to have a mean")
    return GammaGamma(p, q, v * mean)


def bg_nbd_log_likelihood(parameters: Array, x: Array, recency: Array, age: Array) -> float:
    """Sum over customers of equation 6 of Fader, Hardie and Lee (2005), in logarithms throughout."""
    import numpy as np  # noqa: PLC0415  an extra
    from scipy.special import gammaln  # noqa: PLC0415  an extra

    r, alpha, a, b = parameters
    both = gammaln(r + x) - gammaln(r) + r * np.log(alpha) + gammaln(a + b) - gammaln(b) - gammaln(a + b + x)
    active = gammaln(b + x) - (r + x) * np.log(alpha + age)
    repeated = x > 0
    left = np.log(a) + gammaln(b + np.where(repeated, x - 1, 0)) - (r + x) * np.log(alpha + recency)
    return float(np.sum(both + np.where(repeated, np.logaddexp(active, left), active)))


def gamma_gamma_log_likelihood(parameters: Array, x: Array, m: Array) -> float:
    """Sum over customers of equation 1a of Fader and Hardie (2013)."""
    import numpy as np  # noqa: PLC0415  an extra
    from scipy.special import gammaln  # noqa: PLC0415  an extra

    p, q, v = parameters
    shape = gammaln(p * x + q) - gammaln(p * x) - gammaln(q)
    scale = q * np.log(v) + (p * x - 1) * np.log(m) + p * x * np.log(x) - (p * x + q) * np.log(x * m + v)
    return float(np.sum(shape + scale))


def _minimum(loss: Loss, parameters: int) -> tuple[float, ...] | NoFit:
    """Where a loss over the logarithms of the parameters is least, begun at 1 for each."""
    from scipy.optimize import minimize  # noqa: PLC0415  an extra

    found = minimize(loss, [log(1.0)] * parameters, method="Nelder-Mead", options=_TOLERANCE)
    if not found.success or not all(log(_LEAST) < one < log(_MOST) for one in found.x):
        return _NOT_CONVERGED
    return tuple(exp(one) for one in found.x)


def _too_little(rows: Sequence[Rfm], repeaters: Sequence[Rfm]) -> NoFit | None:
    if len(rows) < MIN_CUSTOMERS:
        return NoFit(NoFitReason.FEW_CUSTOMERS, f"{len(rows)} customers, {MIN_CUSTOMERS} are needed")
    if len(repeaters) < MIN_REPEATERS:
        return NoFit(NoFitReason.FEW_REPEATERS, f"{len(repeaters)} bought again, {MIN_REPEATERS} are needed")
    oldest = max(row.age_weeks for row in rows)
    if oldest < MIN_AGE_WEEKS:
        return NoFit(NoFitReason.SHORT_HISTORY, f"{oldest:.1f} weeks of history, {MIN_AGE_WEEKS} are needed")
    return None

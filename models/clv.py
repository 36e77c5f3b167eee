"""Customer lifetime value: expected transactions (BG/NBD) times their expected value (Gamma-Gamma). No discounting."""

from dataclasses import dataclass
from enum import StrEnum

import msgspec

from models import bg_nbd, gamma_gamma
from models.bg_nbd import BgNbd
from models.gamma_gamma import GammaGamma

HORIZON_WEEKS = 52.0


class Rfm(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """What the models know of a customer.

    `frequency`: repeats, the first purchase is none; `recency_weeks`: from the first purchase to the last one;
    `age_weeks`: from the first one to now; `value`: mean of the repeats, 0 without.
    """

    frequency: int
    recency_weeks: float
    age_weeks: float
    value: float


class ClvParameters(msgspec.Struct, array_like=True, frozen=True):
    """A fit: `customers` it was made from. Money in the unit of the values it was fitted on."""

    transactions: BgNbd
    values: GammaGamma
    customers: int


class NoFitReason(StrEnum):
    """Why there is no model, and so no value."""

    FEW_CUSTOMERS = "few_customers"
    """Under 200 have bought."""
    FEW_REPEATERS = "few_repeaters"
    """Under 100 have bought on a second day."""
    SHORT_HISTORY = "short_history"
    """The first order is less than 4 weeks ago."""
    NOT_CONVERGED = "not_converged"
    """The likelihood has no maximum: customers are too much alike."""
    NO_FINITE_MEAN = "no_finite_mean"
    """Values of orders spread too far to have a mean."""


@dataclass(frozen=True, slots=True)
class NoFit:
    """The customers say too little; `detail` tells a human what would be enough."""

    reason: NoFitReason
    detail: str


def predicted_minor(rfm: Rfm, parameters: ClvParameters, horizon_weeks: float = HORIZON_WEEKS) -> int:
    """What a customer will bring in the coming `horizon_weeks`, in minor units; the values must be in them too."""
    count = bg_nbd.expected_transactions(
        parameters.transactions, rfm.frequency, rfm.recency_weeks, rfm.age_weeks, horizon_weeks
    )
    return round(count * gamma_gamma.expected_value(parameters.values, rfm.frequency, rfm.value))

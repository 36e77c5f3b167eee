"""Records of `kpi-clv-parameters`: the last fit of the CLV models, or why there is none."""

from datetime import date
from typing import Annotated

import msgspec
from msgspec import Meta

from models import money
from models.bg_nbd import BgNbd
from models.clv import ClvParameters, NoFit, NoFitReason
from models.event import Timestamp, check_key, decode_with
from models.gamma_gamma import GammaGamma, expected_value
from models.outcome import Invalid, Reason

TOPIC = "kpi-clv-parameters"
Found = ClvParameters | NoFit
Parameter = Annotated[float, Meta(ge=1e-3, le=1e3)]
"""As far as the fit looks; from here on every customer has a finite prediction."""


class TransactionParameters(msgspec.Struct, frozen=True):
    """Of BG/NBD, times in weeks."""

    r: Parameter
    alpha: Annotated[float, Meta(ge=0.1, le=1e3)]
    a: Parameter
    b: Parameter


class ValueParameters(msgspec.Struct, frozen=True):
    """Of Gamma-Gamma; `v` in minor units of the currency."""

    p: Parameter
    q: Annotated[float, Meta(gt=1, le=1e3)]
    v: Annotated[float, Meta(gt=0, le=1e17)]


class ClvRecord(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """Keyed by `currency`. Made from the `customers` as of the end of business day `through`.

    Either `transactions` and `values`, or the `reason` why there is no model, with a `detail` for a human.
    """

    fitted_at: Timestamp
    through: date
    currency: str
    customers: Annotated[int, Meta(ge=0)]
    transactions: TransactionParameters | None = None
    values: ValueParameters | None = None
    reason: NoFitReason | None = None
    detail: str | None = None

    @property
    def found(self) -> Found | None:
        """What it says; None: neither a model nor a reason, or both."""
        if self.reason is not None:
            return None if self.transactions or self.values else NoFit(self.reason, self.detail or "")
        if self.transactions is None or self.values is None:
            return None
        transactions = BgNbd(**msgspec.structs.asdict(self.transactions))
        return ClvParameters(transactions, GammaGamma(**msgspec.structs.asdict(self.values)), self.customers)


_TOO_MUCH = f"a transaction would bring more than {money.MAX_MINOR} minor units"
encode_clv = msgspec.json.Encoder().encode
_decode = msgspec.json.Decoder(ClvRecord).decode


def clv_record(fitted_at: Timestamp, through: date, currency: str, customers: int, found: Found) -> ClvRecord:
    """The record of a fit on so many customers; a model that predicts more than an order may be worth is none."""
    if not isinstance(found, NoFit) and _too_much(found):
        found = NoFit(NoFitReason.NO_FINITE_MEAN, _TOO_MUCH)
    told: dict[str, object] = {"fitted_at": fitted_at, "through": through, "currency": currency, "customers": customers}
    if isinstance(found, NoFit):
        told |= {"reason": found.reason, "detail": found.detail}
    else:
        told["transactions"] = msgspec.structs.asdict(found.transactions)
        told["values"] = msgspec.structs.asdict(found.values)
    return msgspec.convert(told, ClvRecord)


def decode_clv(key: bytes | None, raw: bytes | None) -> ClvRecord | Invalid:
    """A record, or why it is none: it must make sense, and predict no more than an order may be worth."""
    record = decode_with(_decode, raw)
    if isinstance(record, Invalid):
        return record
    found = record.found
    if found is None:
        return Invalid(Reason.MISSING_FIELD, "either transactions and values, or a reason")
    if not isinstance(found, NoFit) and _too_much(found):
        return Invalid(Reason.ILL_TYPED_FIELD, _TOO_MUCH)
    return check_key(key, record.currency, "currency") or record


def _too_much(found: ClvParameters) -> bool:
    return expected_value(found.values, 0, 0.0) > money.MAX_MINOR

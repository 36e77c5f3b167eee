"""The records of `kpi-clv-parameters`, as every worker reads them: the last one is in force."""

from collections import Counter

import structlog

from models.clv import ClvParameters, NoFit
from models.clv_record import ClvRecord, decode_clv
from models.outcome import Invalid, Outcome, Reason
from models.stage import Incoming

log = structlog.get_logger("clv")

MAX_LOGGED = 100
"""Bad records that are logged: all are read again at every start."""

FITTED, NOT_FITTED = "fitted", "not_fitted"
"""What `reason` says beside the reasons of NoFit."""


class ClvFeed:
    """`last`: the record in force; `counts` of records since the start, by whether they were taken."""

    def __init__(self, currency: str) -> None:
        """`currency`: the reporting currency; values of another one are in other units."""
        self.last: ClvRecord | None = None
        self.counts: Counter[Outcome] = Counter({Outcome.COUNTED: 0, Outcome.INVALID: 0})
        self._currency = currency

    def parameters(self) -> ClvParameters | None:
        """The model to predict with; None: there is none, and no prediction."""
        found = None if self.last is None else self.last.found
        return None if isinstance(found, NoFit) else found

    @property
    def reason(self) -> str:
        """Why customer lifetime value has a value or none, in one word."""
        return reason_of(self.last)

    def take(self, record: Incoming) -> None:
        """A record; one that makes no sense changes nothing: the last good one stays in force."""
        found = decode_clv(record.key, record.value)
        if not isinstance(found, Invalid) and found.currency != self._currency:
            found = Invalid(Reason.CURRENCY_MISMATCH, f"fitted in {found.currency}, not in {self._currency}")
        if not isinstance(found, Invalid):
            self.last = found
            self.counts[Outcome.COUNTED] += 1
            return
        self.counts[Outcome.INVALID] += 1
        if self.counts[Outcome.INVALID] <= MAX_LOGGED:
            log.warning("no fit", offset=record.offset, reason=found.reason.value, detail=found.detail)


def reason_of(last: ClvRecord | None) -> str:
    """`fitted`, `not_fitted` as long as nothing was published, or why there is no model."""
    if last is None:
        return NOT_FITTED
    return FITTED if last.reason is None else last.reason.value

"""The records of `fx-rates`, as every worker reads them: into the rates, or counted and logged."""

from collections import Counter
from decimal import Decimal

import structlog

from models.fx import Rates, decode_rate
from models.outcome import Invalid, Outcome
from models.stage import Incoming

log = structlog.get_logger("fx-rates")

MAX_LOGGED = 100
"""Bad records that are logged: all are read again at every start."""


class FxFeed:
    """`rates` grow as records are taken; `counts` of records since the start, by whether they were a rate."""

    def __init__(self, reporting: str) -> None:
        """`reporting`: the reporting currency."""
        self.rates = Rates(reporting)
        self.counts: Counter[Outcome] = Counter({Outcome.COUNTED: 0, Outcome.INVALID: 0})

    def take(self, record: Incoming) -> None:
        """A record; one that is no rate changes nothing: a shop is better off with its last rate than stopped."""
        found = decode_rate(record.key, record.value)
        if not isinstance(found, Invalid):
            self.rates.add(found.currency, found.at_us, Decimal(found.rate))
            self.counts[Outcome.COUNTED] += 1
            return
        self.counts[Outcome.INVALID] += 1
        if self.counts[Outcome.INVALID] <= MAX_LOGGED:
            log.warning("no rate", offset=record.offset, reason=found.reason.value, detail=found.detail)

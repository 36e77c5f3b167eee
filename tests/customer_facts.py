"""Order facts for tests, and the sums that additions make of them."""

from collections import Counter
from datetime import datetime
from functools import cache
from pathlib import Path
from zoneinfo import ZoneInfo

from models.bg_nbd import BgNbd
from models.clv import ClvParameters
from models.gamma_gamma import GammaGamma
from models.kpi import Catalogue
from models.kpis_file import load_kpis
from models.order_fact import FactKind, OrderFact
from models.window import MINUTE_US
from streams.measuring.additions import Additions
from streams.measuring.customers import CustomerBooking

WARSAW = ZoneInfo("Europe/Warsaw")
DAY_US = 86_400_000_000
CDNOW = ClvParameters(BgNbd(0.24259, 4.41360, 0.79292, 2.42591), GammaGamma(6.2496, 3.7442, 1_544.35), 2_357)
"""The published fit of the CDNOW sample, in cents."""

Sums = Counter[tuple[str, int, str, str]]
"""By measure, minute, dimension and segment."""


@cache
def catalogue() -> Catalogue:
    return load_kpis((Path(__file__).parents[1] / "deploy" / "kpis.yaml").read_text(), "kpis.yaml")


def booking(reach_us: int = 14 * DAY_US) -> CustomerBooking:
    return CustomerBooking(catalogue(), WARSAW, reach_us)


def at(local: str) -> int:
    """`2026-03-29 12:00` in Warsaw, us since 1970 UTC."""
    return round(datetime.fromisoformat(local).replace(tzinfo=WARSAW).timestamp() * 1e6)


def fact(
    local: str | int,
    minor: int,
    order_id: str,
    kind: FactKind = FactKind.PLACED,
    count: int = 1,
    customer: str = "c",
    channel: str | None = "Direct",
    campaign: str | None = None,
) -> OrderFact:
    return OrderFact(
        kind=kind,
        order_id=order_id,
        at_us=at(local) if isinstance(local, str) else local,
        count=count,
        minor=minor * count,
        customer_id=customer,
        visitor_id=None,
        session_id=None,
        segments=(channel, "PL", campaign),
    )


def sums(additions: Additions) -> Sums:
    """What was added, by slice; what adds up to nothing is left out."""
    found: Sums = Counter()
    for slices, added in additions.by_slices.items():
        for (name, minute, before, after), n in added.items():
            assert (before, after) == (None, None), "no sightings among the customers"
            for dimension, segment in slices.pairs:
                found[name, minute, dimension, segment] += n
    return Counter({key: n for key, n in found.items() if n})


def of(found: Sums, name: str, dimension: str = "all", segment: str = "all") -> dict[str, int]:
    """By local time of the minute."""
    return {
        f"{datetime.fromtimestamp(minute * MINUTE_US / 1e6, WARSAW):%Y-%m-%d %H:%M}": n
        for (measure, minute, its, one), n in sorted(found.items())
        if (measure, its, one) == (name, dimension, segment)
    }

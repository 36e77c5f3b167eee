"""A synthetic shop: clicks, orders and social events in the order they reach their topics, deterministic by seed."""

import random
from collections.abc import Iterator

from streams.tools import market
from streams.tools.delivery import Delivery
from streams.tools.instant import DAY_US, HOUR_US, SECOND_US
from streams.tools.record import Record
from streams.tools.social_feed import SocialFeed
from streams.tools.visits import CLICKS_PER_VISIT, NO_OUTAGE, Outage, Visits

TOPICS = ("clickstream", "orders", "social")
_SOCIAL_SHARE = 0.14  # of events
_VISIT_EVENTS = CLICKS_PER_VISIT + 0.047  # with the orders that come of them
_HOURS = len(market.HOUR_WEIGHTS)


class Shop:
    """Iterating never ends: records in order of delivery, whose event times are at most 4 s out of order.

    `rate`: events a second of event time at the hour of the start, reached after a minute, for the shop opens empty;
    from there it follows the hours of the day. The same arguments make the same bytes. Money is GBP.
    During `outage` payments fail and purchases fall to a fifth.
    """

    def __init__(self, seed: int, start_us: int, rate: float, outage: Outage = NO_OUTAGE) -> None:
        chance = random.Random(seed)
        run = f"{seed}-{start_us // SECOND_US:x}"
        self._chance = chance
        self._start_us = start_us
        self._rate = rate / season(start_us)
        self._delivery = Delivery(chance)
        self._visits = Visits(chance, self._delivery, run, outage)
        self._social = SocialFeed(chance, self._delivery, run)

    def __iter__(self) -> Iterator[Record]:
        for at_us, visit in self._arrivals():
            while record := self._delivery.next_due(at_us):
                yield record
            if visit:
                self._visits.begin(at_us)
            else:
                self._social.event(at_us)

    def _arrivals(self) -> Iterator[tuple[int, bool]]:
        """Poisson arrivals, to the millisecond: (event time, whether a visit begins or something social happens)."""
        visits_a_s = self._rate * (1 - _SOCIAL_SHARE) / _VISIT_EVENTS
        social_a_s = self._rate * _SOCIAL_SHARE
        arrivals_a_s = visits_a_s + social_a_s
        visit_share = visits_a_s / arrivals_a_s
        at = float(self._start_us)
        while True:
            at += self._chance.expovariate(arrivals_a_s * season(int(at))) * SECOND_US
            yield int(at) // 1000 * 1000, self._chance.random() < visit_share


def season(at_us: int) -> float:
    """How busy it is at a time of the day (UTC), 1 on average; between two full hours it changes evenly."""
    hour, rest_us = divmod(at_us % DAY_US, HOUR_US)
    here, there = market.HOUR_WEIGHTS[hour], market.HOUR_WEIGHTS[(hour + 1) % _HOURS]
    return here + (there - here) * rest_us / HOUR_US

"""Visits to the synthetic shop: the clicks of a session, and the order and refund that may come of it."""

import random
from dataclasses import dataclass
from itertools import accumulate

from streams.tools import instant, market
from streams.tools.delivery import Delivery
from streams.tools.instant import MINUTE_US, SECOND_US
from streams.tools.record import Record

CLICKS_PER_VISIT = 5.25  # mean, as made by the shares below; a test holds it there
BOT_SHARE = 0.02  # of visits
_RETURNING = 25_000  # known visitors
_RETURNING_SHARE = 0.45
_GUEST_SHARE = 0.2  # of orders
_REFUND_SHARE = 0.05  # of orders
_WHOLE_SHARE = 0.6  # of refunds; the others give half of it back
_ONE_MORE = 0.72  # page: 2.6 after the first
_BY_SEARCH = 0.14  # of a draw below _ONE_MORE: a fifth of them
_ONE_MORE_ITEM = 0.5  # item looked at: 1 after the first
_GAP_S = 7.0  # mean between two clicks of a visit
_GAP_FLOOR_S = 0.4

# From the step before to this one. Together 4.3 % of visits buy, with the eagerness of origin and device.
_ITEM, _CART, _CHECKOUT, _PAYMENT = 0.66, 0.26, 0.44, 0.72
_PAID = 0.86
_PAID_IN_INCIDENT = 0.16

_AMOUNT_LOG_MEAN = 3.63  # of pounds: e^(3.63 + 0.6^2 / 2) = 45.1, the average order value
_AMOUNT_LOG_DEVIATION = 0.6

_ORIGIN_WEIGHTS = tuple(accumulate(origin.weight for origin in market.ORIGINS))
_DEVICE_WEIGHTS = tuple(accumulate(device.weight for device in market.DEVICES))
_COUNTRIES = tuple(market.COUNTRIES)
_COUNTRY_WEIGHTS = tuple(accumulate(market.COUNTRIES.values()))


@dataclass(frozen=True, slots=True)
class Outage:
    """Event times between which payments fail: from `start_us` to before `end_us`."""

    start_us: int
    end_us: int

    def holds(self, at_us: int) -> bool:
        """Whether a payment at this time meets it."""
        return self.start_us <= at_us < self.end_us


NO_OUTAGE = Outage(0, 0)


class Visits:
    """Makes visits and delivers their events; `run` keeps the ids of two runs apart."""

    def __init__(self, chance: random.Random, delivery: Delivery, run: str, outage: Outage) -> None:
        self._chance = chance
        self._delivery = delivery
        self._run = run
        self._outage = outage
        self._visits = 0

    def begin(self, at_us: int) -> None:
        """A visit begins; all its events are made now and delivered in their time."""
        self._visits += 1
        if self._chance.random() < BOT_SHARE:
            self._crawl(at_us)
        else:
            self._shop(at_us)

    def _crawl(self, at_us: int) -> None:
        crawler = self._chance.choice(market.CRAWLERS)
        visit = _Visit(self, f"b{self._visits % 7}", f',"device":"other","user_agent":"{crawler}"', at_us)
        for _ in range(self._chance.randrange(3, 9)):
            visit.click("page_view", _page(self._chance, "c"))

    def _shop(self, at_us: int) -> None:
        chance = self._chance
        origin = chance.choices(market.ORIGINS, cum_weights=_ORIGIN_WEIGHTS)[0]
        device = chance.choices(market.DEVICES, cum_weights=_DEVICE_WEIGHTS)[0]
        country = chance.choices(_COUNTRIES, cum_weights=_COUNTRY_WEIGHTS)[0]
        tail = f',"country":"{country}","device":"{device.name}","user_agent":"{device.user_agent}"{origin.fields}'
        visit = _Visit(self, self._visitor(), tail, at_us)
        visit.click("page_view", "/", origin.referrer)
        self._browse(visit)
        if self._funnel(visit, origin.eagerness * device.eagerness):
            self._buy(visit, origin, country)

    def _visitor(self) -> str:
        if self._chance.random() < _RETURNING_SHARE:
            return f"v{int(self._chance.random() * _RETURNING)}"
        return f"v{self._run}-{self._visits}"

    def _browse(self, visit: "_Visit") -> None:
        while (lot := self._chance.random()) < _ONE_MORE:
            if lot < _BY_SEARCH:
                visit.click("search", "/search")
            else:
                visit.click("page_view", _page(self._chance, "c"))

    def _funnel(self, visit: "_Visit", eagerness: float) -> bool:
        chance = self._chance.random
        if chance() > _ITEM:
            return False
        visit.click("view_item", _page(self._chance, "p"))
        while chance() < _ONE_MORE_ITEM:
            visit.click("view_item", _page(self._chance, "p"))
        if chance() > _CART * eagerness:
            return False
        visit.click("add_to_cart", "/cart")
        if chance() > _CHECKOUT:
            return False
        visit.click("begin_checkout", "/checkout")
        if chance() > _PAYMENT:
            return False
        visit.click("add_payment_info", "/checkout/payment")
        return chance() < (_PAID_IN_INCIDENT if self._outage.holds(visit.at_us) else _PAID)

    def _buy(self, visit: "_Visit", origin: market.Origin, country: str) -> None:
        chance = self._chance
        order = f"o{self._run}-{self._visits}"
        visit.click("purchase", "/thanks", f',"order_id":"{order}"')
        pence = max(199, round(100 * chance.lognormvariate(_AMOUNT_LOG_MEAN, _AMOUNT_LOG_DEVIATION)))
        customer = None if chance.random() < _GUEST_SHARE else f"c{visit.visitor[1:]}"
        tail = f',"visitor_id":"{visit.visitor}","session_id":"{visit.session}","channel":"{origin.channel}"'
        tail += f',"country":"{country}"' + (f',"campaign":"{origin.campaign}"' if origin.campaign else "")
        paid = _Payment(order, customer, tail)
        placed_us = visit.at_us + SECOND_US // 2
        self._delivery.at_once(paid.record("order_placed", pence, placed_us), placed_us)
        if chance.random() < _REFUND_SHARE:
            back = pence if chance.random() < _WHOLE_SHARE else max(1, pence // 2)
            later_us = placed_us + MINUTE_US + int(chance.expovariate(1 / 20) * MINUTE_US)
            self._delivery.at_once(paid.record("order_refunded", back, later_us), later_us)

    def publish(self, visit: "_Visit", value: str, at_us: int) -> None:
        """Deliver a click of a visit."""
        record = Record("clickstream", visit.visitor.encode(), value.encode(), at_us)
        self._delivery.unreliably(record, at_us)

    def session(self) -> str:
        """The id of the visit made last."""
        return f"s{self._run}-{self._visits}"

    def gap_us(self) -> int:
        """Until the next click of a visit."""
        return int((_GAP_FLOOR_S + self._chance.expovariate(1 / _GAP_S)) * SECOND_US) // 1000 * 1000


class _Visit:
    """One visit, click after click: `at_us` is the time of the last one."""

    __slots__ = ("_clicks", "_tail", "_visits", "at_us", "session", "visitor")

    def __init__(self, visits: Visits, visitor: str, tail: str, at_us: int) -> None:
        self._visits = visits
        self._tail = tail
        self._clicks = 0
        self.visitor = visitor
        self.session = visits.session()
        self.at_us = at_us

    def click(self, event_type: str, page: str, more: str = "") -> None:
        if self._clicks:
            self.at_us += self._visits.gap_us()
        self._clicks += 1
        value = (
            f'{{"event_id":"{self.session}-{self._clicks}","event_type":"{event_type}"'
            f',"timestamp":"{instant.render(self.at_us)}","visitor_id":"{self.visitor}"'
            f',"session_id":"{self.session}","page_url":"https://shop.example{page}"{more}{self._tail}}}'
        )
        self._visits.publish(self, value, self.at_us)


@dataclass(frozen=True, slots=True)
class _Payment:
    """An order's own fields: what its refund has in common with it."""

    order: str
    customer: str | None
    tail: str

    def record(self, event_type: str, pence: int, at_us: int) -> Record:
        customer = f',"customer_id":"{self.customer}"' if self.customer else ""
        value = (
            f'{{"event_id":"{self.order}-{event_type}","event_type":"{event_type}"'
            f',"timestamp":"{instant.render(at_us)}","order_id":"{self.order}"'
            f',"amount":"{pence // 100}.{pence % 100:02d}","currency":"GBP"{customer}{self.tail}}}'
        )
        return Record("orders", (self.customer or self.order).encode(), value.encode(), at_us)


def _page(chance: random.Random, kind: str) -> str:
    return f"/{kind}/{int(chance.random() * 400)}"

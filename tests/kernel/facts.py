"""Facts of orders as the visitors' stage reads them: placed, paid back, erased, and how far the orders are."""

from flow import Sent
from kernel.chance import Chance
from kernel.clicks import GAPS_US, HOUR, MINUTE, Clicks, S
from models import order
from models.delta import Mark
from models.order_fact import BY_VISITOR, VERSION, FactKind, FactRecord, OrderFact, encode_facts, erased

BEFORE_US = (0, 0, 3 * S, 59 * S, 5 * MINUTE, 29 * MINUTE, 31 * MINUTE, 3 * HOUR, 30 * HOUR)
BEHIND_US = (0, S, 5 * S, MINUTE, 40 * MINUTE)
CUSTOMERS = (None, "c1", "c2", "klient-ż")


class Facts:
    """Orders of the visitors of `clicks`. Their watermark never goes back."""

    def __init__(self, chance: Chance, clicks: Clicks) -> None:
        self._chance = chance
        self._clicks = clicks
        self._orders: list[OrderFact] = []
        self._behind_us = chance.choice(BEHIND_US)
        self._at_us: int | None = None

    def next(self) -> Sent:
        """What one commit of the orders' stage sends."""
        chance, now_us = self._chance, self._clicks.now_us
        facts = [self._fact() for _ in range(chance.choice((0, 1, 1, 2, 5)))]
        marks = {order.TOPIC: self._mark(now_us)} if chance.random() < 0.7 else {}
        arrivals = [(now_us // 10_000 * 10, len(facts))] if facts else []
        value = encode_facts(FactRecord(VERSION, 0, facts, marks, arrivals))
        return Sent(BY_VISITOR, None, value, timestamp=now_us // 1_000)

    def _mark(self, now_us: int) -> Mark:
        at_us = self._clicks.at_us - self._behind_us
        if not self._chance.does("orders wait"):
            self._at_us = max(self._at_us or 0, at_us)
        return Mark(self._at_us, now_us if self._chance.does("orders are idle") else None, now_us, now_us)

    def _fact(self) -> OrderFact:
        chance = self._chance
        if chance.does("erased customer"):
            return erased(chance.choice(CUSTOMERS[1:]) or "")
        if self._orders and chance.does("refund"):
            placed, minor = chance.choice(self._orders), -chance.randint(0, 900)
            return self._like(placed, FactKind.REFUNDED, self._time_us(), minor)
        fact = self._placed()
        if chance.does("unmatched refund"):
            return self._like(fact, FactKind.UNMATCHED, fact.at_us, -fact.minor)
        self._orders.append(fact)
        return fact

    def _placed(self) -> OrderFact:
        chance, segments = self._chance, ("Email", None, "PL", "Kanał ż")
        return OrderFact(
            kind=FactKind.PLACED,
            order_id=f"o{len(self._orders)}",
            at_us=self._time_us(),
            count=1,
            minor=chance.randint(0, 9_000),
            customer_id=chance.choice(CUSTOMERS),
            visitor_id=chance.one((chance.choice(self._clicks.visitors), None, "stranger"), "no visitor"),
            session_id=self._clicks.session(),
            segments=(chance.choice(segments), None, None) if chance.random() < 0.5 else (None, None, None),
        )

    def _time_us(self) -> int:
        return self._clicks.at_us - self._chance.choice(BEFORE_US) + self._chance.choice(GAPS_US)

    @staticmethod
    def _like(fact: OrderFact, kind: FactKind, at_us: int, minor: int) -> OrderFact:
        """Money back; it is taken back itself, where a refund finds its order late."""
        return OrderFact(
            kind=kind,
            order_id=fact.order_id,
            at_us=at_us,
            count=1,
            minor=minor,
            customer_id=fact.customer_id,
            visitor_id=fact.visitor_id,
            session_id=fact.session_id,
            segments=fact.segments,
        )

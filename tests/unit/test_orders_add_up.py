"""The facts of orders always add up to what the events say, in whatever order they come."""

from collections import defaultdict
from dataclasses import dataclass, field
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from models.order_fact import FactKind
from order_desk import Desk, net

RATES = {"USD": ("0.7913", "0.80055"), "JPY": ("0.0052", "0.005149"), "KWD": ("2.57", "2.6"), "GBP": ("1", "1")}
"""From 00:00 and from 12:00."""

Said = tuple[str, str, int, str, str]
"""Kind, order id, hour, amount and currency."""

EVENTS = st.lists(
    st.tuples(
        st.sampled_from(["placed", "refunded", "refunded", "cancelled"]),
        st.sampled_from(["a", "b"]),
        st.integers(0, 23),
        st.decimals(0, 30, places=3).map(str),
        st.sampled_from(sorted(RATES)),
    ),
    max_size=12,
)


@dataclass
class Oracle:
    """The contract in fractions, an order at a time."""

    placed: dict[str, tuple[str, Fraction, Fraction]] = field(default_factory=dict)  # currency, amount, rate
    refunds: dict[str, list[tuple[Fraction, bool]]] = field(default_factory=lambda: defaultdict(list))
    early: dict[str, list[tuple[str, Fraction, Fraction]]] = field(default_factory=lambda: defaultdict(list))

    def hear(self, said: Said) -> None:
        kind, name, hour, amount, currency = said
        known, value = self.placed.get(name), Fraction(amount)
        rate = Fraction(RATES[currency][hour >= 12])
        if kind == "placed" and known is None:
            self.placed[name] = currency, value, rate
            waiting, self.early[name] = self.early[name], []
            for one in waiting:
                if one[0] == currency and one[1] <= self.left(name):
                    self.refunds[name].append((one[1], False))
                else:
                    self.early[name].append(one)
        elif kind == "refunded" and known is None:
            self.early[name].append((currency, value, rate))
        elif kind == "refunded" and known and known[0] == currency and value <= self.left(name):
            self.refunds[name].append((value, False))
        elif kind == "cancelled" and known:
            self.refunds[name].append((self.left(name), True))

    def left(self, name: str) -> Fraction:
        return self.placed[name][1] - sum(amount for amount, _ in self.refunds[name])

    def net(self) -> dict[tuple[FactKind, str], tuple[int, int]]:
        found: dict[tuple[FactKind, str], tuple[int, int]] = {}
        for name, (_, amount, rate) in self.placed.items():
            booked = round(amount * rate * 100)  # a Fraction rounds half to even
            found[FactKind.PLACED, name] = 1, booked
            if its := self.refunds[name]:
                whole = sum(one for one, _ in its) == amount
                parts = min(booked, sum(round(one * rate * 100) for one, _ in its))
                found[FactKind.REFUNDED, name] = len(its), booked if whole else parts
        for name, refunds in self.early.items():
            if refunds:
                found[FactKind.UNMATCHED, name] = len(refunds), sum(round(a * r * 100) for _, a, r in refunds)
        return found


@given(EVENTS)
def test_whatever_the_order_of_events_the_facts_add_up_to_what_they_say(events: list[Said]) -> None:
    desk, oracle = Desk(), Oracle()
    for currency, (first, second) in RATES.items():
        desk.rate(currency, "00:00:00", first)
        desk.rate(currency, "12:00:00", second)
    for said in events:
        kind, name, hour, amount, currency = said
        desk.took(kind, name, f"{hour}:00:00", **({} if kind == "cancelled" else {"amount": f"{amount} {currency}"}))
        oracle.hear(said)
        assert net(desk.facts.facts) == oracle.net()

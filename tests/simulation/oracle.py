"""What must come out of what was sent: plain sums and sets, written from the contract of events and KPIs.

Each input partition is gone through in the order of its log, as the contract demands: first match of invalid, late,
duplicate, counted.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from aiokafka import TopicPartition

from simulation.formulas import FORMULAS
from simulation.shop import OUT_OF_ORDERNESS_S, S, Sending

MINUTE = 60 * S
DAY = 86_400 * S
Slice = tuple[str, str]
Place = tuple[str, int, Slice]
"""Window name, start (event time, us) and slice."""
Published = dict[tuple[str, str, int, str, str], tuple[int, int | None]]
"""KPI, window, start, dimension, segment -> numerator (money in minor units), denominator."""


@dataclass
class Account:
    """Of one input partition."""

    received: int = 0
    counted: int = 0
    duplicate: int = 0
    late: int = 0
    invalid: int = 0


@dataclass
class Oracle:
    """`letters`: (topic, partition, offset) of every record that is a dead letter.

    `clicks`: by visitor and session, when its events were, and its channel.
    """

    horizon_s: float
    sums: defaultdict[Place, defaultdict[str, int]] = field(
        default_factory=lambda: defaultdict(lambda: defaultdict(int))
    )
    sets: defaultdict[tuple[Place, str], set[tuple[str, str]]] = field(default_factory=lambda: defaultdict(set))
    clicks: dict[str, dict[str, tuple[list[int], Slice]]] = field(default_factory=dict)
    accounts: dict[TopicPartition, Account] = field(default_factory=dict)
    letters: dict[tuple[str, int, int], Sending] = field(default_factory=dict)

    def read(self, source: TopicPartition, sendings: Sequence[Sending]) -> None:
        """All that was sent to a partition; a record's place is its offset. Clicks go before orders."""
        account = self.accounts[source] = Account()
        reading = _Reading(self, self.horizon_s)
        for offset, sending in enumerate(sendings):
            if sending.beat_us is not None:
                reading.highest_us = max(reading.highest_us or 0, sending.beat_us + round(OUT_OF_ORDERNESS_S * S))
                continue
            if sending.erases is not None:
                reading.erase(sending.erases)
                continue
            account.received += 1
            outcome = reading.outcome(sending)
            setattr(account, outcome, getattr(account, outcome) + 1)
            if outcome == "invalid":
                self.letters[(*source, offset)] = sending
        for customer in list(reading.firsts):
            reading.erase(customer)

    def finals(self) -> Published:
        """The last values of all windows; those that are 0 over 0 are left out."""
        for (place, name), members in self.sets.items():
            self.sums[place][name] = len(members)
        found: Published = {}
        for (window, start_us, (dimension, segment)), cell in self.sums.items():
            for kpi, formula in FORMULAS.items():
                if window in formula.windows and dimension in {"all", formula.dimension}:
                    below = formula.denominator(cell) if formula.denominator else None
                    found[kpi, window, start_us, dimension, segment] = (formula.numerator(cell), below)
        return without_zeros(found)

    def add(self, at_us: int, slices: Iterable[Slice], name: str, n: int) -> None:
        for place in _places(at_us, slices):
            self.sums[place][name] += n

    def session_of(self, event: Mapping[str, Any]) -> tuple[str, Slice] | None:
        """Of an order: the one it names if it had begun, else the visitor's latest one of the half hour before."""
        at_us, sessions = event["at_us"], self.clicks.get(event.get("visitor_id", ""), {})
        begun = {name: (max(t for t in times if t <= at_us), channel)
                 for name, (times, channel) in sessions.items() if min(times) <= at_us}  # fmt: skip
        named = event.get("session_id")
        if named in begun:
            return named, begun[named][1]
        latest_us, latest = max(((seen_us, name) for name, (seen_us, _) in begun.items()), default=(0, ""))
        return (latest, begun[latest][1]) if latest_us >= at_us - 30 * MINUTE else None

    def see(self, at_us: int, slices: Iterable[Slice], name: str, member: tuple[str, str]) -> None:
        for place in _places(at_us, slices):
            self.sets[place, name].add(member)


def without_zeros(values: Published) -> Published:
    """A window that nothing is left of may be published or not."""
    return {key: value for key, value in values.items() if value[0] or value[1]}


def _places(at_us: int, slices: Iterable[Slice]) -> list[Place]:
    minute = at_us // MINUTE * MINUTE
    starts = [("1m", minute), ("1d", at_us // DAY * DAY), *(("5m", minute - n * MINUTE) for n in range(5))]
    return [(window, start, one) for one in slices for window, start in starts]


@dataclass
class _Reading:
    """State of one partition."""

    oracle: Oracle
    horizon_s: float
    highest_us: int | None = None
    seen: set[str] = field(default_factory=set)
    left: dict[str, tuple[Decimal, list[Slice]]] = field(default_factory=dict)
    unmatched: dict[str, list[tuple[Decimal, int, list[Slice]]]] = field(default_factory=lambda: defaultdict(list))
    firsts: dict[str, tuple[int, str, list[Slice]]] = field(default_factory=dict)  # orders of customers, by customer

    def erase(self, customer: str) -> None:
        """One that ordered has been a new one; refunds of orders that never came are not matched any more."""
        if customer in self.firsts:
            at_us, _, slices = self.firsts.pop(customer)
            self.oracle.add(at_us, slices, "new_customers", 1)
        for name in [name for name in self.unmatched if name.startswith(f"{customer}-")]:
            del self.unmatched[name]

    def outcome(self, sending: Sending) -> str:
        event = sending.fields
        if event is None or event.get("currency") == "USD":
            return "invalid"
        kind, at_us = event["event_type"], event["at_us"]
        if kind == "order_cancelled" and event["order_id"] not in self.left:
            return "invalid"
        reach_us = round((OUT_OF_ORDERNESS_S + self.horizon_s) * S)
        if self.highest_us is not None and at_us < self.highest_us - reach_us:
            return "late"
        if event["event_id"] in self.seen:
            return "duplicate"
        if refused := self._book(sending.topic, kind, at_us, event):
            return refused
        self.seen.add(event["event_id"])
        self.highest_us = max(at_us, self.highest_us or 0)
        return "counted"

    def _book(self, topic: str, kind: str, at_us: int, event: Mapping[str, Any]) -> str | None:
        by = "platform" if topic == "social" else "channel"
        slices = [("all", "all"), (by, event[by] or ("Direct" if topic == "clickstream" else "(not set)"))]
        if topic == "orders":
            return self._book_order(kind, at_us, event, slices)
        add = self.oracle.add
        if topic == "social" and kind != "impression":
            add(at_us, slices, "interactions", (event["count"] or 1) * (-1 if kind == "unlike" else 1))
        if kind == "page_view":
            add(at_us, slices, "page_views", 1)
        if topic == "clickstream":  # all events of a visitor without a session are of one: they are minutes apart
            session = (event["visitor_id"], event["session_id"] or "")
            self.oracle.see(at_us, slices, "sessions", session)
            times, _ = self.oracle.clicks.setdefault(session[0], {}).setdefault(session[1], ([], slices[1]))
            times.append(at_us)
            if kind == "purchase":
                self.oracle.see(at_us, slices, "converting", session)
        return None

    def _book_order(self, kind: str, at_us: int, event: Mapping[str, Any], slices: list[Slice]) -> str | None:
        name, add, known = event["order_id"], self.oracle.add, self.left.get(event["order_id"])
        amount = Decimal(event["amount"]) if "amount" in event else known[0] if known else Decimal(0)
        if kind == "order_placed":
            if known:
                return "duplicate"
            slices = self._attributed(at_us, event, slices)
            self.left[name] = (amount, slices)
            customer, order = event["customer_id"], (at_us, name, slices)
            self.firsts[customer] = min(order, self.firsts.get(customer, order))
            add(at_us, slices, "orders", 1)
            add(at_us, slices, "revenue", int(amount * 100))
            for early in self.unmatched.pop(name, ()):
                self._match(name, *early)
            return None
        if known is None:
            self.unmatched[name].append((amount, at_us, slices))
            add(at_us, slices, "unmatched", 1)
        else:
            left, slices = known
            if amount > left:
                return "invalid"
            self.left[name] = (left - amount, slices)
        add(at_us, slices, "refunds", int(amount * 100))
        return None

    def _attributed(self, at_us: int, event: Mapping[str, Any], slices: list[Slice]) -> list[Slice]:
        """Join an order to its session; where it counts then."""
        found = self.oracle.session_of(event)
        if found is None:
            return slices
        session, channel = found
        for name in ("sessions", "converting"):
            self.oracle.see(at_us, [slices[0], channel], name, (event["visitor_id"], session))
        return slices if event["channel"] else [slices[0], channel]

    def _match(self, name: str, amount: Decimal, at_us: int, slices: list[Slice]) -> None:
        """The order of a refund has come after it."""
        (left, its_slices), minor, add = self.left[name], int(amount * 100), self.oracle.add
        if amount <= left:
            self.left[name] = (left - amount, its_slices)
            add(at_us, slices, "unmatched", -1)
            add(at_us, slices, "refunds", -minor)
            add(at_us, its_slices, "refunds", minor)

"""A customer: what is kept of one, and what follows from it.

The facts of the last days are kept one by one (`recent`), because an earlier order may still come and a fact may still
be taken back; those before are summed up (`settled`). All that is measured follows from the `Profile`: the first order
decides about channel, campaign and cohort, so a new first order moves everything the customer ever added.
"""

from bisect import insort
from dataclasses import dataclass
from typing import Self

import msgspec

from models.clv import Rfm

DIMENSIONS = ("channel", "campaign", "cohort")
"""Channel and campaign of the first order, and its month."""

DAYS_A_WEEK = 7


class Entry(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """An order, or money that went back (`placed` false, `minor` below 0); in minor units of the reporting currency.

    `at_us`: event time, us since 1970 UTC; `day` and `month`: numbers of its business day and month, the months as in
    `Profile.months`.
    """

    at_us: int
    order_id: str
    minor: int
    placed: bool
    channel: str | None
    campaign: str | None
    day: int
    month: int


class Settled(msgspec.Struct, array_like=True):
    """The sum of entries that nothing changes any more.

    `days`: business days with an order, `last_day` the last of them; `repeat_minor`: the part of `net_minor` that came
    on days after the first order's; `months`: the mask of `Profile.months` as little-endian bytes.
    """

    orders: int = 0
    net_minor: int = 0
    repeat_minor: int = 0
    first: Entry | None = None
    second_us: int | None = None
    days: int = 0
    last_day: int = 0
    months: bytes = b""

    def add(self, entry: Entry) -> None:
        """Take over an entry; exact if none of those before was later."""
        self.net_minor += entry.minor
        if entry.placed:
            self._add_order(entry)
        if self.first is not None and entry.day > self.first.day:
            self.repeat_minor += entry.minor

    def _add_order(self, entry: Entry) -> None:
        self.orders += 1
        if self.first is None or in_order(entry) < in_order(self.first):
            self.second_us = None if self.first is None else self.first.at_us
            self.first = entry
        elif self.second_us is None or entry.at_us < self.second_us:
            self.second_us = entry.at_us
        if self.days == 0 or entry.day > self.last_day:
            self.days, self.last_day = self.days + 1, entry.day
        mask = int.from_bytes(self.months, "little") | 1 << entry.month
        self.months = mask.to_bytes(mask.bit_length() // 8 + 1, "little")


@dataclass(frozen=True, slots=True)
class Acquisition:
    """The first order: when (us since 1970 UTC), through what, and its month."""

    at_us: int
    channel: str | None
    campaign: str | None
    month: int


@dataclass(frozen=True, slots=True)
class Profile:
    """What the measures follow from. `months`: bit i is set where there is an order in month i of the business."""

    first: Acquisition
    second_us: int | None
    months: int

    @property
    def months_ordered(self) -> list[int]:
        """Their numbers, in order."""
        return [i for i in range(self.first.month, self.months.bit_length()) if self.months >> i & 1]


class Customer(msgspec.Struct, array_like=True):
    """`recent`: by time, then order id."""

    recent: list[Entry] = msgspec.field(default_factory=list)
    settled: Settled | None = None

    @property
    def profile(self) -> Profile | None:
        """None without an order."""
        settled = self.settled or Settled()
        orders = [entry for entry in self.recent if entry.placed]
        firsts = sorted((*((settled.first,) if settled.first else ()), *orders[:2]), key=in_order)
        if not firsts:
            return None
        seconds = [entry.at_us for entry in firsts[1:2]]
        if settled.second_us is not None:
            seconds.append(settled.second_us)
        months = int.from_bytes(settled.months, "little")
        for order in orders:
            months |= 1 << order.month
        first = firsts[0]
        acquired = Acquisition(first.at_us, first.channel, first.campaign, first.month)
        return Profile(acquired, min(seconds, default=None), months)

    @property
    def known(self) -> bool:
        """Whether there is anything to keep."""
        return bool(self.recent or self.settled)

    @property
    def orders(self) -> int:
        """Number of orders, cancelled ones included."""
        return (self.settled.orders if self.settled else 0) + sum(entry.placed for entry in self.recent)

    @property
    def net_minor(self) -> int:
        """Net revenue, in minor units of the reporting currency."""
        return (self.settled.net_minor if self.settled else 0) + sum(entry.minor for entry in self.recent)

    def add(self, entry: Entry) -> None:
        """Take up a fact."""
        insort(self.recent, entry, key=in_order)

    def take_back(self, entry: Entry) -> None:
        """Undo the fact that this entry is the exact negative of; only its money where it has been settled."""
        known = msgspec.structs.replace(entry, minor=-entry.minor)
        if known in self.recent:
            self.recent.remove(known)
        else:
            self.add(msgspec.structs.replace(entry, placed=False))

    def settle(self, before_us: int, most: int) -> None:
        """Sum up the entries before a moment, and the earliest ones beyond `most`."""
        n = max(0, len(self.recent) - most)
        while n < len(self.recent) and self.recent[n].at_us < before_us:
            n += 1
        if n:
            self.settled = self.settled or Settled()
            for entry in self.recent[:n]:
                self.settled.add(entry)
            del self.recent[:n]

    def rfm(self, end_us: int, today: int) -> Rfm | None:
        """Recency, frequency and value as of the end of business day `today`; None: no order by then.

        A transaction is a day with orders, as in the CDNOW study; its value is net of what went back, whenever that
        was after the first day.
        """
        if self.settled is not None and self.settled.first is not None and self.settled.first.at_us >= end_us:
            return None
        found = _Days.of(self.settled)
        for entry in self.recent:
            if entry.at_us < end_us:
                found.add(entry)
        if found.first_day is None:
            return None
        repeats = found.days - 1
        return Rfm(
            frequency=repeats,
            recency_weeks=(found.last_day - found.first_day) / DAYS_A_WEEK,
            age_weeks=max(0, today - found.first_day) / DAYS_A_WEEK,
            value=max(0.0, found.repeat_minor / repeats) if repeats else 0.0,
        )


@dataclass(slots=True)
class _Days:
    """Days with orders, counted in the order of time."""

    first_day: int | None = None
    last_day: int = 0
    days: int = 0
    repeat_minor: int = 0

    @classmethod
    def of(cls, settled: Settled | None) -> Self:
        if settled is None or settled.first is None:
            return cls()
        return cls(settled.first.day, settled.last_day, settled.days, settled.repeat_minor)

    def add(self, entry: Entry) -> None:
        if entry.placed:
            if self.first_day is None:
                self.first_day = entry.day
            if self.days == 0 or entry.day > self.last_day:
                self.days, self.last_day = self.days + 1, entry.day
        if self.first_day is not None and entry.day > self.first_day:
            self.repeat_minor += entry.minor


def in_order(entry: Entry) -> tuple[int, str]:
    """Orders of one moment go by their ids, so that the first one does not depend on arrival."""
    return entry.at_us, entry.order_id

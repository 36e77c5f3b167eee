"""What an order fact adds to the measures over customers: first orders, repeats, months, cohorts, net revenue.

A fact changes what is known of its customer, and what the customer adds follows from that (models.customer.Profile).
So the difference is booked between what followed before and after, and facts may come in any order or be taken back.
Money counts for the channel of the first order from that order on; what went back before it, for none.
"""

from collections.abc import Iterable
from datetime import datetime, tzinfo
from itertools import chain

from models import customer, measure
from models.customer import Acquisition, Customer, Entry, Profile
from models.event import ANCIENT_US
from models.kpi import Catalogue
from models.order_fact import FactKind, OrderFact
from models.slices import Slices, Slicing
from models.table import Table, packed_codec
from models.window import MINUTE_US, DayGrid, MonthGrid
from streams.measuring.additions import Additions

MAX_RECENT = 250
"""Facts of a customer kept one by one: the row is written whole with every fact."""

ALL_PASSED_US = 2**62
"""All facts come by one way, in the order of their events."""

Customers = Table[str, Customer]
Figure = tuple[Slices, str, int]
"""Slices, measure and minute in which a customer adds one."""


def customers_table() -> Customers:
    """As the stage `customers` keeps it."""
    return Table("customers", packed_codec(Customer, str))


class CustomerBooking:
    """How facts of orders are booked on customers."""

    def __init__(self, catalogue: Catalogue, zone: tzinfo, reach_us: int) -> None:
        """`zone` of business days and months. No event is `reach_us` before its customer's last one."""
        self._reach_us = reach_us
        self._zone = zone
        self._days, self._months = DayGrid(zone), MonthGrid(zone)
        self._month_0 = self._months.pane(ANCIENT_US)
        self._slicing = Slicing(customer.DIMENSIONS, catalogue.dimensions_of_feed(measure.CUSTOMER_FEED))
        self._nobody = self._slicing.of((None, None, None))

    def table(self) -> Customers:
        """Customers by id, kept until they are erased."""
        return customers_table()

    def book(self, rows: Customers, fact: OrderFact, additions: Additions, passed_us: int = ALL_PASSED_US) -> None:
        """Add a fact of a known customer, or take one back.

        `passed_us`: watermark of the orders. Those after it come by several ways, of which one may be a year behind
        another in a replay: until it has passed them they are kept one by one.
        """
        key = fact.customer_id
        assert key is not None, "a guest is no customer"
        row = rows.rows.get(key) or Customer()
        self.add(row, fact, additions, passed_us)
        if row.known:
            rows.put(key, row)
        elif key in rows.rows:
            rows.delete(key)

    def add(self, row: Customer, fact: OrderFact, additions: Additions, passed_us: int = ALL_PASSED_US) -> None:
        """As `book`, on a row that the caller keeps."""
        entry, before, entries = self._entry(fact), row.profile, row.recent.copy()
        if fact.count > 0:
            row.add(entry)
        else:
            row.take_back(entry)
        after = row.profile
        if before != after:
            self._book_figures(before, after, additions)
        if _acquired(before) == _acquired(after):
            self._book_money([entry], after, 1, additions)
        else:
            self._book_money(entries, before, -1, additions)
            self._book_money(row.recent, after, 1, additions)
        if row.recent:
            row.settle(min(row.recent[-1].at_us, passed_us) - self._reach_us, MAX_RECENT)

    def erase(self, rows: Customers, customer_id: str) -> None:
        """Forget a customer, if known; the sums stay. A later order is a first one."""
        if customer_id in rows.rows:
            rows.delete(customer_id)

    def slices(self, first: Acquisition) -> Slices:
        """Where a customer counts: `cohort` is the month of the first order, as `2026-03`."""
        moment = datetime.fromtimestamp(self._month_start_us(first.month) / 1e6, self._zone)
        return self._slicing.of((first.channel, first.campaign, f"{moment:%Y-%m}"))

    def _entry(self, fact: OrderFact) -> Entry:
        placed, at_us = fact.kind is FactKind.PLACED, fact.at_us
        return Entry(
            at_us=at_us,
            order_id=fact.order_id,
            minor=fact.minor if placed else -fact.minor,
            placed=placed,
            channel=fact.segments[0],
            campaign=fact.segments[2],
            day=self._days.pane(at_us),
            month=self._months.pane(at_us) - self._month_0,
        )

    def _book_figures(self, before: Profile | None, after: Profile | None, additions: Additions) -> None:
        old, new = dict.fromkeys(self._figures(before)), dict.fromkeys(self._figures(after))
        for slices, name, minute in old:
            if (slices, name, minute) not in new:
                additions.add(slices, name, minute, -1)
        for slices, name, minute in new:
            if (slices, name, minute) not in old:
                additions.add(slices, name, minute, 1)

    def _figures(self, profile: Profile | None) -> Iterable[Figure]:
        if profile is None:
            return ()
        slices, first = self.slices(profile.first), profile.first
        orders = [(measure.NEW_CUSTOMERS, first.at_us), (measure.CUSTOMERS, first.at_us)]
        if profile.second_us is not None:
            orders.append((measure.REPEAT_CUSTOMERS, profile.second_us))
        return ((slices, name, at_us // MINUTE_US) for name, at_us in chain(orders, self._monthly(profile)))

    def _monthly(self, profile: Profile) -> Iterable[tuple[str, int]]:
        """Measures that make sense in whole months are booked where their month starts, whatever the order's time."""
        months, start_us, first = profile.months_ordered, self._month_start_us, profile.first.month
        yield measure.COHORT_SIZE, start_us(first + 1)
        for month in months:
            yield measure.PREVIOUS_MONTH_CUSTOMERS, start_us(month + 1)
            if month > first:
                yield measure.COHORT_ACTIVE, start_us(month)
            if profile.months >> (month - 1) & 1:
                yield measure.RETURNING_CUSTOMERS, start_us(month)

    def _book_money(self, entries: Iterable[Entry], profile: Profile | None, sign: int, additions: Additions) -> None:
        acquired = None if profile is None else self.slices(profile.first)
        for entry in entries:
            known = profile is not None and entry.at_us >= profile.first.at_us
            slices = acquired if acquired is not None and known else self._nobody
            additions.add(slices, measure.CUSTOMER_NET_REVENUE, entry.at_us // MINUTE_US, sign * entry.minor)

    def _month_start_us(self, month: int) -> int:
        return self._months.start_us(month + self._month_0)


def _acquired(profile: Profile | None) -> Acquisition | None:
    return None if profile is None else profile.first

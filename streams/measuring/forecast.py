"""The predictions of a day: what all customers of its end will bring, booked into it when it has ended.

A pass looks at every customer, some a step. Its sums wait in memory for the last one, and are booked with the day in
one step: a pass that a restart cuts off begins anew, and none is ever booked by halves or twice. Until then the
watermark may not close the day (`holds_us`). Facts that come later change the next day's predictions, not this one's.
"""

import msgspec

from models import measure
from models.clv import HORIZON_WEEKS, ClvParameters, predicted_minor
from models.slices import Slices
from models.table import Single
from models.window import MINUTE_US, DayGrid
from streams.measuring.additions import Additions
from streams.measuring.customers import CustomerBooking, Customers


class ForecastDay(msgspec.Struct, array_like=True):
    """`done`: the last day (number of the DayGrid) that has its predictions, or had no need of any."""

    done: int | None = None


def forecast_day() -> Single[ForecastDay]:
    """As a task keeps it."""
    return Single("forecast", ForecastDay())


class Forecast:
    """The passes of one task."""

    def __init__(self, booking: CustomerBooking, days: DayGrid, allowed_lateness_us: int) -> None:
        """`allowed_lateness_us`: so long after its end a day is open, and its customers still change."""
        self.state = forecast_day()
        self._booking = booking
        self._days = days
        self._lateness_us = allowed_lateness_us
        self._parameters: ClvParameters | None = None
        self._left: list[str] = []
        self._sums: dict[Slices, tuple[int, int]] | None = None  # value and customers; None: no pass is under way

    @property
    def holds_us(self) -> int | None:
        """The highest watermark to announce before the next step (event time, us); None: any."""
        done = self.state.row.done
        return None if done is None else self._due_us(done + 1) - 1

    def step(
        self,
        customers: Customers,
        parameters: ClvParameters | None,
        watermark_us: int,
        looks: int,
        additions: Additions,
    ) -> bool:
        """Go on, looking at no more than `looks` customers; whether there is more to do.

        `watermark_us`: the task's own, not the one it announced. The `parameters` of a pass are those it began with;
        without any a day has no predictions.
        """
        if self.state.row.done is None:
            self._finish(self._days.pane(watermark_us - self._lateness_us) - 1)
        day = (self.state.row.done or 0) + 1
        if watermark_us < self._due_us(day):
            return False
        if parameters is None and self._sums is None:  # a replay of years has no need to stop at each day
            self._finish(self._days.pane(watermark_us - self._lateness_us) - 1)
            return False
        if self._sums is None:
            self._begin(customers, parameters)
        if self._parameters is not None:
            self._look(customers, self._parameters, day, looks)
        if self._left:
            return True
        self._book(day, additions)
        self._finish(day)
        return watermark_us >= self._due_us(day + 1)

    def _due_us(self, day: int) -> int:
        return self._days.start_us(day + 1) + self._lateness_us

    def _begin(self, customers: Customers, parameters: ClvParameters | None) -> None:
        self._parameters, self._sums = parameters, {}
        self._left = [] if parameters is None else list(customers.rows)

    def _look(self, customers: Customers, parameters: ClvParameters, day: int, looks: int) -> None:
        assert self._sums is not None, "a pass is under way"
        end_us = self._days.start_us(day + 1)
        for key in self._left[-looks:]:
            row = customers.rows.get(key)
            rfm = None if row is None else row.rfm(end_us, day)
            profile = None if row is None else row.profile
            if rfm is None or profile is None:
                continue
            slices = self._booking.slices(profile.first)
            value, count = self._sums.get(slices, (0, 0))
            self._sums[slices] = value + predicted_minor(rfm, parameters, HORIZON_WEEKS), count + 1
        del self._left[-looks:]

    def _book(self, day: int, additions: Additions) -> None:
        minute = self._days.start_us(day + 1) // MINUTE_US - 1
        for slices, (value, count) in (self._sums or {}).items():
            additions.add(slices, measure.PREDICTED_VALUE, minute, value)
            additions.add(slices, measure.PREDICTED_CUSTOMERS, minute, count)

    def _finish(self, day: int) -> None:
        self.state.row.done, self._sums = day, None
        self.state.touch()

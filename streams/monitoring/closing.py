"""What a move of the watermark does to the windows of a group of KPIs.

              closed before              earliest open
    ----------------|----------------------|------------->  window numbers of one kind
     final; changed:   ended, within          open; only the earliest is
     corrected         allowed lateness       published, provisionally
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from models.kpi_value import Status
from models.window import Window
from streams.monitoring.windows import WindowedTable

Touched = dict[tuple[str, int], dict[tuple[str, str], set[str]]]
"""Measures that changed since they were last published, by window name and number, and by slice."""


@dataclass(frozen=True, slots=True)
class Due:
    """A window to publish: all of its slices, or only what was touched."""

    window: Window
    number: int
    status: Status


@dataclass(frozen=True, slots=True)
class Closing:
    """The rule of one window kind."""

    window: Window
    allowed_lateness_us: int

    def closed_before(self, watermark_us: int | None) -> int | None:
        """Windows below this number are final; None: no watermark, none is."""
        return None if watermark_us is None else self.window.earliest_open(watermark_us - self.allowed_lateness_us)

    def corrected(self, touched: Touched, was_us: int | None) -> Iterator[Due]:
        """Windows that were final before and changed."""
        before = self.closed_before(was_us)
        if before is not None:
            for name, number in sorted(touched):
                if name == self.window.name and number < before:
                    yield Due(self.window, number, Status.CORRECTED)

    def final(self, table: WindowedTable, topics: Iterable[str], was_us: int | None, is_us: int) -> Iterator[Due]:
        """Windows that the watermark closed on its way from `was_us` to `is_us`."""
        first, before = self.closed_before(was_us), self.closed_before(is_us)
        if before is None or first == before:
            return
        existing = {number for topic in topics for number in table.rows.get((topic, self.window.name), ())}
        for number in sorted(existing):
            if number < before and (first is None or number >= first):
                yield Due(self.window, number, Status.FINAL)

    def first_kept(self, watermark_us: int | None, horizon_us: int) -> int | None:
        """Windows below this number are let go: no event within `horizon_us` can reach them."""
        if watermark_us is None:
            return None
        kept_us = min(horizon_us, self.window.corrected_for_us or horizon_us)
        return self.window.earliest_open(watermark_us - self.allowed_lateness_us - kept_us)

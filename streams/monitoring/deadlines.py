"""When silence means something next, by alert: looked at when its time has come, not in every step.

An entry is of when it was made; what has come since moves the deadline on, which is seen when the entry is due. So
values make no entries, only what brings a deadline nearer does, as the end of an alert.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from heapq import heappop, heappush

from alerting.rule import On
from streams.monitoring.rule_book import Clock

AlertKey = tuple[str, str]
"""Rule and segment."""


@dataclass(slots=True)
class Deadlines:
    """Of one task. Not stored: they follow from the states."""

    _heaps: dict[Clock, list[tuple[int, AlertKey]]] = field(default_factory=dict)
    _watched: dict[AlertKey, int] = field(default_factory=dict)  # when it is looked at next

    def watch(self, clock: Clock, key: AlertKey, at_us: int | None) -> None:
        """The alert has a deadline, None: it has none. One that is looked at before need not be watched again."""
        if at_us is not None and at_us < self._watched.get(key, at_us + 1):
            self._watched[key] = at_us
            heappush(self._heaps.setdefault(clock, []), (at_us, key))

    def due(
        self, times_us: Mapping[str, int], lateness_us: int, skip: On | None = None
    ) -> Iterator[tuple[AlertKey, int]]:
        """Alerts to look at, with the time of their clock; they are watched no more.

        Time is that up to which all windows of a clock's groups are closed: `lateness_us` behind their watermark.
        `skip`: the `on` of rules that are not looked at now.
        """
        for clock, heap in self._heaps.items():
            groups, on = clock
            known = [times_us[group] for group in groups if group in times_us]
            if on is skip or not known or len(known) < len(groups):
                continue
            now_us = min(known) - lateness_us
            while heap and heap[0][0] <= now_us:
                at_us, key = heappop(heap)
                if self._watched.get(key) == at_us:  # else an earlier one has taken its place
                    del self._watched[key]
                    yield key, now_us

"""What one Alertmanager has to be told: alerts that fire, and for a while those that are over. No I/O, no clock.

A level change ends one alert of Alertmanager and begins another. Times: wall clock, us since 1970 UTC.
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Generic, TypeVar

from alerting.notification import Alert

SECOND_US = 1_000_000
RESEND_US = 60 * SECOND_US
EXPIRE_US = 240 * SECOND_US  # not told again for so long, it is over: survives three resends that fail
RESOLVED_FOR_US = 900 * SECOND_US  # as Prometheus: longer than Alertmanager groups, so one that was restarted learns

Key = tuple[str, str, str, str]
Origin = TypeVar("Origin")


@dataclass(slots=True, eq=False)
class Entry(Generic[Origin]):
    """An alert of Alertmanager. A change makes a new entry: what is under way meanwhile marks the old one."""

    alert: Alert
    origin: Origin  # its record, for the dead letter
    changed_us: int
    starts_us: int
    ended_us: int | None = None
    tried_us: int = 0
    sent_us: int | None = None
    told_us: int | None = None  # first time it was sent as it is
    refused: bool = False

    def due_us(self) -> int:
        """When it is told next: at once until it is."""
        return 0 if self.sent_us is None else self.sent_us + RESEND_US

    def ends_us(self, now_us: int) -> int:
        """What Alertmanager is told: one that fires ends later, unless it is told again."""
        return now_us + EXPIRE_US if self.ended_us is None else self.ended_us


class Roster(Generic[Origin]):
    """By alert, as Alertmanager knows it. Fed with `kpi-alerts` from its beginning."""

    def __init__(self) -> None:
        self._entries: dict[Key, Entry[Origin]] = {}
        self._keys: dict[str, set[Key]] = {}  # by fingerprint

    def take(self, alert: Alert, origin: Origin, at_us: int, now_us: int) -> None:
        """A transition whose record was written at `at_us`."""
        key = (alert.fingerprint, alert.level, alert.kpi, alert.window)
        keys = self._keys.setdefault(alert.fingerprint, set())
        for other in keys - {key}:
            self._end(other, None, origin, at_us)
        keys.add(key)
        before = self._entries.get(key)
        if not alert.firing:
            self._entries.setdefault(key, Entry(alert, origin, at_us, at_us))
            self._end(key, alert, origin, at_us)
        elif before is None or before.ended_us is not None:
            self._entries[key] = Entry(alert, origin, at_us, at_us)
        else:
            self._entries[key] = Entry(alert, origin, at_us, before.starts_us)
        self._drop_past(alert.fingerprint, now_us)

    def forget(self, fingerprint: str, origin: Origin, at_us: int, now_us: int) -> None:
        """Its key was deleted: it is over."""
        for key in self._keys.get(fingerprint, ()):
            self._end(key, None, origin, at_us)
        self._drop_past(fingerprint, now_us)

    def due(self, now_us: int, limit: int) -> list[Entry[Origin]]:
        """At most `limit` to be told now, those not tried for longest first: no batch starves the others."""
        waiting = [entry for entry in self._open() if entry.due_us() <= now_us]
        return sorted(waiting, key=lambda entry: (entry.tried_us, entry.changed_us))[:limit]

    @staticmethod
    def tried(entries: Iterable[Entry[Origin]], now_us: int) -> None:
        """They are being sent."""
        for entry in entries:
            entry.tried_us = now_us

    @staticmethod
    def told(entries: Iterable[Entry[Origin]], now_us: int) -> int:
        """They were taken; answers how many of them were news."""
        news = 0
        for entry in entries:
            news += entry.told_us is None
            entry.sent_us = now_us
            entry.told_us = now_us if entry.told_us is None else entry.told_us
        return news

    def tidy(self, now_us: int) -> None:
        """Forgets what is over and was told for long enough."""
        for fingerprint in list(self._keys):
            self._drop_past(fingerprint, now_us)

    def next_due_us(self) -> int | None:
        """When something is to be told next."""
        return min((entry.due_us() for entry in self._open()), default=None)

    def waiting_since_us(self) -> int | None:
        """Since when the oldest change is there that was not told."""
        return min((entry.changed_us for entry in self._open() if entry.told_us is None), default=None)

    def firing(self) -> int:
        """How many that fire it has been told of."""
        return sum(entry.ended_us is None and entry.told_us is not None for entry in self._entries.values())

    def _open(self) -> Iterator[Entry[Origin]]:
        return (entry for entry in self._entries.values() if not entry.refused)

    def _end(self, key: Key, alert: Alert | None, origin: Origin, at_us: int) -> None:
        """Told as over from `at_us` on, with the figures of `alert` (None: as they were)."""
        entry = self._entries[key]
        if entry.ended_us is None:
            ended_us = max(at_us, entry.starts_us)  # clocks of two workers differ
            self._entries[key] = Entry(
                alert or entry.alert, origin, at_us, entry.starts_us, ended_us, refused=entry.refused
            )

    def _drop_past(self, fingerprint: str, now_us: int) -> None:
        keys = self._keys.get(fingerprint, set())
        for key in list(keys):
            if _is_past(self._entries[key], now_us - RESOLVED_FOR_US):
                del self._entries[key]
                keys.remove(key)
        if not keys:
            self._keys.pop(fingerprint, None)


def _is_past(entry: Entry[Origin], before_us: int) -> bool:
    """Over, and told for long enough, or so long ago that nobody waits for it; never while a receiver is down."""
    if entry.ended_us is None:
        return False
    if entry.told_us is not None:
        return entry.told_us <= before_us
    return entry.refused or (not entry.tried_us and entry.changed_us <= before_us)
